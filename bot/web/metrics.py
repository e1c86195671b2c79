"""Metrics for Prometheus, computed from the database on each request, so that a restart loses nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from storage.records import Lane
from storage.reports import Statistics


def render_metrics(statistics: Statistics, now: datetime) -> bytes:
    """Return the statistics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_StatisticsCollector(statistics, now))
    return generate_latest(registry)


class _StatisticsCollector(Collector):
    def __init__(self, statistics: Statistics, now: datetime) -> None:
        self.statistics, self.now = statistics, now

    def collect(self) -> Iterable[Metric]:
        statistics = self.statistics
        yield GaugeMetricFamily("newswire_articles", "Stored articles.", statistics.articles)
        yield self._labelled_gauge("newswire_feeds", "Feeds by state.", ("state",), statistics.feeds)
        yield GaugeMetricFamily(
            "newswire_feeds_failing", "Feeds whose last update failed.", statistics.failing_feeds
        )
        yield self._labelled_gauge(
            "newswire_chats", "Chats by kind and state.", ("kind", "state"), statistics.chats
        )
        owed = {lane: statistics.owed.get(lane, 0) for lane in Lane}
        yield self._labelled_gauge(
            "newswire_deliveries_due", "Deliveries that are due, by lane.", ("lane",), owed
        )
        yield GaugeMetricFamily(
            "newswire_deliveries_unclear", "Sends whose outcome is unclear.", statistics.unclear
        )
        yield self._age_gauge(
            "newswire_oldest_due_seconds", "Age of the oldest due delivery.", statistics.oldest_due_at
        )
        yield self._age_gauge(
            "newswire_last_good_look_seconds",
            "Time since the last successful feed update.",
            statistics.last_good_update_at,
        )
        yield self._age_gauge(
            "newswire_newest_article_seconds",
            "Time since the newest article was seen.",
            statistics.newest_seen_at,
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
