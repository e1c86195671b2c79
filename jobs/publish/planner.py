"""From stored articles to owed posts: plan the new, tell the corrected and withdrawn, spread what is owed."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from jobs.clock import Bell
from jobs.config import Publishing, Withdrawals
from jobs.publish import surge_alerts
from jobs.publish.context import Publish
from jobs.publish.rules import plan
from jobs.publish.settlement import WORDS
from jobs.publish.story_assignment import heed, place_arrivals, read_arrivals
from storage import articles, chats, identities
from storage.database import Connection, SQLAlchemyError
from storage.delivery import planning, turns
from storage.delivery.fanout import spread
from storage.index import Index
from storage.records import ArticleState, Chat, Decision, Verdict

#: Articles planned, or told of, in one transaction.
BATCH = 20
#: Whose turn it is, is found out for so many articles at once: finding it out looks at all that wait.
QUEUE = 10 * BATCH

log = structlog.get_logger(__name__)


async def plan_some(publish: Publish, queue: list[int]) -> int:
    """Decide about a few of the articles that have no plan yet; how many.

    `queue` holds those whose turn comes next; it is filled when it is empty.
    """
    await read_arrivals(publish)
    now = publish.clock.now()
    try:
        return await publish.db.run(_plan_some, publish.policy, now, BATCH, publish.index, queue)
    except SQLAlchemyError:
        raise
    except Exception:  # a mistake of ours, met by one article; the others go on
        log.exception("some articles cannot be planned together; each is planned alone")
        return await _plan_alone(publish, now)


async def _plan_alone(publish: Publish, now: datetime) -> int:
    """Plan the next article by itself; where that breaks, too, it is not posted, and `why` says so."""
    try:
        return await publish.db.run(_plan_some, publish.policy, now, 1)
    except SQLAlchemyError:
        raise
    except Exception as surprise:
        return await publish.db.run(_give_up, repr(surprise), now)


async def tell_some(publish: Publish, queue: list[int]) -> int:
    """Let posts want what a few corrected or withdrawn articles say now; how many. `queue` as above."""
    return await publish.db.run(_tell_some, publish.policy, publish.clock.now(), queue)


class Planner:
    """Plans when `publish.bell` rings; rings `owed` when there is something to send."""

    def __init__(self, publish: Publish, owed: Bell) -> None:
        self._publish, self._owed = publish, owed
        self._new: list[int] = []
        self._changed: list[int] = []
        self.spreading = Bell()
        self.placing = Bell()

    async def run(self, stop: asyncio.Event, idle: float) -> None:
        """Plan at every ring, and after `idle` seconds without one."""
        while not stop.is_set():
            self._owed.ring()  # always: a ring may also mean that a chat can be written to again
            while await self._plan_and_tell() and not stop.is_set():
                pass
            self.spreading.ring()  # a post may have been raised by hand
            self.placing.ring()
            await self._publish.bell.wait(self._publish.clock, idle)

    async def _plan_and_tell(self) -> int:
        """A few new articles, then a few changed ones, so that neither kind waits until the other is done."""
        planned = await plan_some(self._publish, self._new)
        if planned:
            self._owed.ring()
        told = await tell_some(self._publish, self._changed)
        if planned or told:
            self.spreading.ring()
        return planned + told

    async def spread(self, stop: asyncio.Event, idle: float) -> None:
        """Spread, slice by slice, so that others write in between."""
        publish, edition, feed_id = self._publish, default_edition(self._publish.policy), 0
        while not stop.is_set():
            now = publish.clock.now()
            if post := await publish.db.run(spread, now, edition, last_feed=feed_id):
                feed_id = post.feed_id
                self._owed.ring()
            else:
                await self.spreading.wait(publish.clock, idle)


def default_edition(policy: Publishing) -> str:
    """The edition of readers who chose none."""
    return next((edition.name for edition in policy.editions), "")


def _give_up(connection: Connection, why: str, now: datetime) -> int:
    told = articles.many(connection, turns.unplanned(connection, 1))
    refused = [
        Decision(
            article_id=article.id,
            edition="",
            verdict=Verdict.NOT_INCLUDED,
            detail=f"cannot be planned: {why}"[:WORDS],
            decided_at=now,
        )
        for article in told
    ]
    planning.plan(connection, refused, [], told, now)
    return len(told)


def _plan_some(
    connection: Connection,
    policy: Publishing,
    now: datetime,
    count: int,
    index: Index | None = None,
    queue: list[int] | None = None,
) -> int:
    """Stories first: which articles say the same again, and what a post answers, hangs on them."""
    identities.one_at_a_time(connection)  # no feed brings it as news between the reading and the plan
    numbers = _taken([] if queue is None else queue, turns.unplanned, connection, count)
    if index is not None:
        place_arrivals(connection, index, numbers, policy.authority, now)
    rows = planning.unplanned(connection, numbers)
    if not rows:
        return 0
    if index is not None:  # what came since the index looked has its turn next, unless it is all there is
        rows = [row for row in rows if index.knows(row.article.id)] or rows
    channels = channels_of(connection, policy, now)
    known = {chat.id for some in channels.values() for chat in some}
    last = planning.last_routine(connection, known) if policy.min_gap else {}
    made = plan(rows, policy, channels, last, now)
    planning.plan(connection, made.decisions, made.posts, made.told, now)
    surge_alerts.tell(connection, rows, policy.operators, now)
    return len(rows)


def _taken(
    queue: list[int], fill: Callable[[Connection, int], list[int]], connection: Connection, count: int
) -> list[int]:
    """The first `count` of the queue, taken out of it."""
    if not queue:
        queue += fill(connection, QUEUE)
    some = queue[:count]
    del queue[:count]
    return some


def channels_of(connection: Connection, policy: Publishing, now: datetime) -> dict[str, list[Chat]]:
    """Each edition's channels; those named for the first time are kept."""
    return {
        edition.name: chats.channels(connection, edition.channels, now, edition.name)
        for edition in policy.editions
    }


def _tell_some(
    connection: Connection, policy: Publishing, now: datetime, queue: list[int] | None = None
) -> int:
    numbers = _taken([] if queue is None else queue, turns.untold, connection, BATCH)
    changed = articles.many(connection, numbers)
    for article in changed:
        stays = article.state is ArticleState.WITHDRAWN and policy.withdrawals is Withdrawals.OFF
        planning.tell(connection, article, change_posts=not stays)
        heed(connection, article, now)
    return len(changed)
