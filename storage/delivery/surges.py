"""Surges: feed updates that brought many new articles at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from storage.delivery import turns
from storage.records import Article
from storage.schema import articles, entries, feeds


@dataclass(frozen=True, slots=True)
class FeedSurge:
    """A feed update that brought many new articles."""

    url: str  #: the feed's, as the operator wrote it
    new_count: int
    previous_count: int  #: of the last update before that brought any; 0 if that was the first


def find_surges(connection: Connection, some: Iterable[Article], more_than: int) -> list[FeedSurge]:
    """The feed updates with more than `more_than` new articles, the first of which is among these.

    A feed's first update is left out.
    """
    firsts: dict[tuple[int, datetime], int] = {}
    for article in some:
        look = (turns.feed_of_article(connection, article.id), article.seen_at)
        firsts[look] = min(article.id, firsts.get(look, article.id))
    found = (_find_surge(connection, *look, number, more_than) for look, number in firsts.items())
    return [each for each in found if each]


def _find_surge(
    connection: Connection, feed_id: int, seen_at: datetime, first: int, more_than: int
) -> FeedSurge | None:
    count = _count_new(connection, feed_id, seen_at, entries.c.article_id >= first)
    earlier = _select_new_entries(feed_id, entries.c.seen_at).where(entries.c.article_id < first)
    before = connection.execute(earlier.order_by(entries.c.article_id.desc()).limit(1)).scalar()
    if count <= more_than or before is None or before == seen_at:
        return None
    url = connection.execute(select(feeds.c.url).where(feeds.c.id == feed_id)).scalar_one()
    older = earlier.where(entries.c.seen_at < before).limit(1)
    was_first_look = connection.execute(older).first() is None
    return FeedSurge(url, count, 0 if was_first_look else _count_new(connection, feed_id, before))


def _count_new(connection: Connection, feed_id: int, seen_at: datetime, *further: Any) -> int:
    """How many new articles the feed's update at `seen_at` brought."""
    query = _select_new_entries(feed_id, func.count()).where(entries.c.seen_at == seen_at, *further)
    return int(connection.execute(query).scalar_one())


def _select_new_entries(feed_id: int, what: Any) -> Select[Any]:
    """Select from the feed's entries that brought an article first."""
    there = (articles.c.id == entries.c.article_id) & (articles.c.seen_at == entries.c.seen_at)
    return select(what).select_from(entries.join(articles, there)).where(entries.c.feed_id == feed_id)
