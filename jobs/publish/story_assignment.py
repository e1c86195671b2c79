"""Puts arriving articles into stories, in the transaction that plans them; what is left over, beside it.

A story is a kindness to readers and never holds a post back: an article for which none can be found out is
planned without.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from jobs.clock import Bell
from jobs.config import Authority, covers
from jobs.publish.context import Publish
from jobs.publish.story_clustering import RULES, choose, repeated, repeats
from storage import articles, feeds, stories
from storage.database import Connection, SQLAlchemyError
from storage.index import Index
from storage.records import Article, ArticleState

#: Articles that are in no story although they were planned, put into one in one transaction.
AT_ONCE = 5
#: Older ones than this are not looked at: nothing that arrives now could continue them.
LONG_AGO = timedelta(days=2 * RULES.days)

log = structlog.get_logger(__name__)


async def read_arrivals(publish: Publish) -> None:
    """Let the index know of every article stored until now; where it cannot, articles are planned without."""
    if publish.index is None:
        return
    try:
        await publish.db.read(publish.index.catch_up)
    except SQLAlchemyError:
        raise
    except Exception:  # a mistake of ours, in the index: no reason to post nothing
        log.exception("the index cannot read what was stored")


def place_arrivals(
    connection: Connection, index: Index, numbers: Sequence[int], authority: Authority, now: datetime
) -> int:
    """Put these unplanned articles into stories, as far as the index knows them; how many."""
    known = [each for each in stories.unplaced(connection, numbers) if index.knows(each.id)]
    return place(connection, index, known, authority, now)


def place_left_over(connection: Connection, index: Index, authority: Authority, now: datetime) -> int:
    """The same for a few that were planned without: a new feed's backlog, what the index did not know."""
    some = stories.left_over(connection, now - LONG_AGO, AT_ONCE)
    return place(connection, index, [each for each in some if index.knows(each.id)], authority, now)


def place(
    connection: Connection, index: Index, some: Sequence[Article], authority: Authority, now: datetime
) -> int:
    """Put each article into the story that it continues, or one of its own; how many those were."""
    for article in some:
        try:
            with connection.begin_nested():
                _place(connection, index, article, authority, now)
        except SQLAlchemyError:
            raise
        except Exception:  # a mistake of ours, met by one article; the others go on
            log.exception("an article's story cannot be found out", article=article.id)
            stories.start(connection, article, now)
    return len(some)


def _place(
    connection: Connection, index: Index, article: Article, authority: Authority, now: datetime
) -> None:
    nearest = stories.near(connection, index, article.id)
    story_id = choose(article, nearest)
    before = [near.article_id for near in nearest if near.story_id and near.alike >= RULES.compared]
    if before and article.planned_at is None:
        firsts = [each for each in articles.many(connection, before) if each.duplicate_of is None]
        if original := repeated(article, _entitled(connection, article, firsts, authority)):
            stories.repeat(connection, article.id, original.id)
            story_id = original.story_id
    if story_id is None:
        stories.start(connection, article, now)
    else:
        stories.join(connection, article.id, story_id, now)


def _entitled(
    connection: Connection, article: Article, firsts: Sequence[Article], authority: Authority
) -> list[Article]:
    """Those whose feed may keep the article from being posted: its own feed, or one that may speak for it.

    No other feed holds an article back by copying its words.
    """
    others = {first.feed_id for first in firsts if first.feed_id is not None}
    addresses = feeds.addresses(connection, others) if others else {}
    same = article.feed_id
    return [
        first
        for first in firsts
        if first.feed_id in (None, same)
        or covers(addresses.get(first.feed_id or 0, ""), article.url, authority)
    ]


def heed(connection: Connection, article: Article, now: datetime) -> bool:
    """What a correction or withdrawal means for the article's story and its duplicates.

    True where something is to be planned that was not posted before, because another said it.
    """
    same = stories.duplicates(connection, article.id)
    if article.state is ArticleState.WITHDRAWN:
        stories.leave(connection, article, now)
        return _take_its_place(connection, same)
    if article.story_id is not None:
        stories.tidy(connection, article.story_id, now)
    apart = [each for each in same if not repeats(each, article)]
    original = articles.get(connection, article.duplicate_of) if article.duplicate_of else None
    if article.duplicate_of and (original is None or not repeats(article, original)):
        apart.append(article)
    for each in apart:
        stories.stand_alone(connection, each.id)
    return bool(apart)


def _take_its_place(connection: Connection, same: Sequence[Article]) -> bool:
    """A withdrawn article's first duplicate is posted in its place; the others repeat that one."""
    if not same:
        return False
    heir, *others = same
    stories.stand_alone(connection, heir.id)
    for each in others:
        stories.repeat(connection, each.id, heir.id)
    return True


class Placer:
    """Puts what is left over into stories, a few at a time, so that others write in between."""

    def __init__(self, publish: Publish, bell: Bell) -> None:
        self._publish, self._bell = publish, bell

    async def run(self, stop: asyncio.Event, idle: float) -> None:
        """At every ring, and after `idle` seconds without one, until `stop`."""
        publish = self._publish
        while not stop.is_set():
            now = publish.clock.now()
            if publish.index is None or not await publish.db.run(
                place_left_over, publish.index, publish.policy.authority, now
            ):
                await self._bell.wait(publish.clock, idle)


__all__ = ["Placer", "heed", "place", "place_arrivals", "place_left_over", "read_arrivals"]
