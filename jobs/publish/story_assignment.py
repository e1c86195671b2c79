"""Puts arriving articles into stories, in the transaction that plans them; what is left over, beside it.

A story is a kindness to readers and never holds a post back: an article for which none can be found out is
planned without.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from jobs.clock import Notifier
from jobs.config import Authority, has_authority
from jobs.publish.context import PublishContext
from jobs.publish.story_clustering import RULES, choose_story, find_repeated, is_repetition
from storage import articles, feeds, stories
from storage.database import Connection, SQLAlchemyError
from storage.index import Index
from storage.records import Article, ArticleState

#: Articles that are in no story although they were planned, put into one in one transaction.
BATCH_SIZE = 5
#: Older ones than this are not looked at: nothing that arrives now could continue them.
MAX_ARTICLE_AGE = timedelta(days=2 * RULES.days)

log = structlog.get_logger(__name__)


async def update_index(publish: PublishContext) -> None:
    """Let the index know of every article stored until now; where it cannot, articles are planned without."""
    if publish.index is None:
        return
    try:
        await publish.db.read(publish.index.catch_up)
    except SQLAlchemyError:
        raise
    except Exception:  # a mistake of ours, in the index: no reason to post nothing
        log.exception("the index cannot read what was stored")


def assign_arrivals(
    connection: Connection, index: Index, numbers: Sequence[int], authority: Authority, now: datetime
) -> int:
    """Put these unplanned articles into stories, as far as the index knows them; how many."""
    known = [each for each in stories.list_unassigned(connection, numbers) if index.has_article(each.id)]
    return assign_stories(connection, index, known, authority, now)


def assign_left_over(connection: Connection, index: Index, authority: Authority, now: datetime) -> int:
    """The same for a few that were planned without: a new feed's backlog, what the index did not know."""
    some = stories.list_planned_unassigned(connection, now - MAX_ARTICLE_AGE, BATCH_SIZE)
    return assign_stories(
        connection, index, [each for each in some if index.has_article(each.id)], authority, now
    )


def assign_stories(
    connection: Connection, index: Index, some: Sequence[Article], authority: Authority, now: datetime
) -> int:
    """Put each article into the story that it continues, or one of its own; how many those were."""
    for article in some:
        try:
            with connection.begin_nested():
                _assign_story(connection, index, article, authority, now)
        except SQLAlchemyError:
            raise
        except Exception:  # a mistake of ours, met by one article; the others go on
            log.exception("an article's story cannot be found out", article=article.id)
            stories.create_story(connection, article, now)
    return len(some)


def _assign_story(
    connection: Connection, index: Index, article: Article, authority: Authority, now: datetime
) -> None:
    nearest = stories.find_candidates(connection, index, article.id)
    story_id = choose_story(article, nearest)
    before = [near.article_id for near in nearest if near.story_id and near.alike >= RULES.compared]
    if before and article.planned_at is None:
        firsts = [each for each in articles.get_many(connection, before) if each.duplicate_of is None]
        if original := find_repeated(article, _entitled_originals(connection, article, firsts, authority)):
            stories.mark_duplicate(connection, article.id, original.id)
            story_id = original.story_id
    if story_id is None:
        stories.create_story(connection, article, now)
    else:
        stories.add_to_story(connection, article.id, story_id, now)


def _entitled_originals(
    connection: Connection, article: Article, firsts: Sequence[Article], authority: Authority
) -> list[Article]:
    """Those whose feed may keep the article from being posted: its own feed, or one that may speak for it.

    No other feed holds an article back by copying its words.
    """
    others = {first.feed_id for first in firsts if first.feed_id is not None}
    addresses = feeds.get_addresses(connection, others) if others else {}
    same = article.feed_id
    return [
        first
        for first in firsts
        if first.feed_id in (None, same)
        or has_authority(addresses.get(first.feed_id or 0, ""), article.url, authority)
    ]


def update_story(connection: Connection, article: Article, now: datetime) -> bool:
    """What a correction or withdrawal means for the article's story and its duplicates.

    True where something is to be planned that was not posted before, because another said it.
    """
    same = stories.list_duplicates(connection, article.id)
    if article.state is ArticleState.WITHDRAWN:
        stories.leave_story(connection, article, now)
        return _promote_duplicate(connection, same)
    if article.story_id is not None:
        stories.refresh_story(connection, article.story_id, now)
    apart = [each for each in same if not is_repetition(each, article)]
    original = articles.get(connection, article.duplicate_of) if article.duplicate_of else None
    if article.duplicate_of and (original is None or not is_repetition(article, original)):
        apart.append(article)
    for each in apart:
        stories.unmark_duplicate(connection, each.id)
    return bool(apart)


def _promote_duplicate(connection: Connection, same: Sequence[Article]) -> bool:
    """A withdrawn article's first duplicate is posted in its place; the others repeat that one."""
    if not same:
        return False
    heir, *others = same
    stories.unmark_duplicate(connection, heir.id)
    for each in others:
        stories.mark_duplicate(connection, each.id, heir.id)
    return True


class StoryAssigner:
    """Puts what is left over into stories, a few at a time, so that others write in between."""

    def __init__(self, publish: PublishContext, bell: Notifier) -> None:
        self._publish, self._notifier = publish, bell

    async def run(self, stop: asyncio.Event, idle: float) -> None:
        """At every ring, and after `idle` seconds without one, until `stop`."""
        publish = self._publish
        while not stop.is_set():
            now = publish.clock.now()
            if publish.index is None or not await publish.db.run(
                assign_left_over, publish.index, publish.policy.authority, now
            ):
                await self._notifier.wait(publish.clock, idle)


__all__ = [
    "StoryAssigner",
    "assign_arrivals",
    "assign_left_over",
    "assign_stories",
    "update_index",
    "update_story",
]
