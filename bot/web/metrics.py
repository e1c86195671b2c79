"""What Prometheus reads: counted from the database when asked, so that nothing is lost by a restart."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from storage.records import Lane
from storage.reports import Statistics


def render_metrics(figures: Statistics, now: datetime) -> bytes:
    """The figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_FiguresCollector(figures, now))
    return generate_latest(registry)


class _FiguresCollector(Collector):
    def __init__(self, figures: Statistics, now: datetime) -> None:
        self.figures, self.now = figures, now

    def collect(self) -> Iterable[Metric]:
        figures = self.figures
        yield GaugeMetricFamily("newswire_articles", "Articles kept.", figures.articles)
        yield self._labelled_gauge("newswire_feeds", "Feeds by state.", ("state",), figures.feeds)
        yield GaugeMetricFamily(
            "newswire_feeds_failing", "Feeds whose last look failed.", figures.failing_feeds
        )
        yield self._labelled_gauge(
            "newswire_chats", "Chats by kind and state.", ("kind", "state"), figures.chats
        )
        owed = {lane: figures.owed.get(lane, 0) for lane in Lane}
        yield self._labelled_gauge(
            "newswire_deliveries_due", "Deliveries due and not sent, by lane.", ("lane",), owed
        )
        yield GaugeMetricFamily(
            "newswire_deliveries_unclear", "Sends of which it is unclear what became.", figures.unclear
        )
        yield self._age_gauge(
            "newswire_oldest_due_seconds", "Age of the oldest delivery due.", figures.oldest_due_at
        )
        yield self._age_gauge(
            "newswire_last_good_look_seconds",
            "Since a look at a feed went well.",
            figures.last_good_update_at,
        )
        yield self._age_gauge(
            "newswire_newest_article_seconds", "Since an article was seen.", figures.newest_seen_at
        )

    def _labelled_gauge(
        self, name: str, meaning: str, labels: tuple[str, ...], counts: Mapping[Any, int]
    ) -> GaugeMetricFamily:
        family = GaugeMetricFamily(name, meaning, labels=labels)
        for key, count in counts.items():
            family.add_metric([str(word) for word in (key if isinstance(key, tuple) else (key,))], count)
        return family

    def _age_gauge(self, name: str, meaning: str, since: datetime | None) -> GaugeMetricFamily:
        family = GaugeMetricFamily(name, meaning)
        if since is not None:
            family.add_metric([], (self.now - since).total_seconds())
        return family
