"""Assigns articles to stories: new ones in the transaction that plans them, the rest in the background.

A story never delays a post: an article whose story cannot be found is planned without one.
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

#: Planned articles without a story that are assigned in one transaction.
BATCH_SIZE = 5
#: Older articles are not assigned, since nothing new could continue them.
MAX_ARTICLE_AGE = timedelta(days=2 * RULES.days)

log = structlog.get_logger(__name__)


async def update_index(publish: PublishContext) -> None:
    """Bring the index up to date; if that fails, articles are planned without it."""
    if publish.index is None:
        return
    try:
        await publish.db.read(publish.index.catch_up)
    except SQLAlchemyError:
        raise
    except Exception:  # a mistake of ours in the index must not stop posts
        log.exception("index update failed")


def assign_arrivals(
    connection: Connection, index: Index, numbers: Sequence[int], authority: Authority, now: datetime
) -> int:
    """Assign those of these unplanned articles that the index knows; how many."""
    known = [each for each in stories.list_unassigned(connection, numbers) if index.has_article(each.id)]
    return assign_stories(connection, index, known, authority, now)


def assign_left_over(connection: Connection, index: Index, authority: Authority, now: datetime) -> int:
    """Assign a few articles that were planned without a story, such as a new feed's backlog; how many."""
    some = stories.list_planned_unassigned(connection, now - MAX_ARTICLE_AGE, BATCH_SIZE)
    return assign_stories(
        connection, index, [each for each in some if index.has_article(each.id)], authority, now
    )


def assign_stories(
    connection: Connection, index: Index, some: Sequence[Article], authority: Authority, now: datetime
) -> int:
    """Assign each article to the story that it continues, or to a new one; how many."""
    for article in some:
        try:
            with connection.begin_nested():
                _assign_story(connection, index, article, authority, now)
        except SQLAlchemyError:
            raise
        except Exception:  # a mistake of ours, met by one article; the others go on
            log.exception("story assignment failed", article_id=article.id)
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
    """The articles that may keep this one from being posted: of its own feed, or of one with authority.

    No other feed can suppress an article by publishing a copy first.
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
    """Update the article's story and duplicates after a correction or withdrawal.

    True if a duplicate, which was not posted, has to be planned now.
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
    """Let a withdrawn article's first duplicate take its place; the others become duplicates of that one."""
    if not same:
        return False
    heir, *others = same
    stories.unmark_duplicate(connection, heir.id)
    for each in others:
        stories.mark_duplicate(connection, each.id, heir.id)
    return True


class StoryAssigner:
    """Assigns what was planned without a story, a few at a time, so that others write in between."""

    def __init__(self, publish: PublishContext, notifier: Notifier) -> None:
        self._publish, self._notifier = publish, notifier

    async def run(self, stop: asyncio.Event, idle: float) -> None:
        """Assign when notified, and after `idle` seconds, until `stop`."""
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
