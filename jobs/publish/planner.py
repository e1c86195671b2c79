"""From stored articles to owed posts: plan the new, tell the corrected and withdrawn, spread what is owed."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from jobs.clock import Notifier
from jobs.config import PublishPolicy, Withdrawals
from jobs.publish import surge_alerts
from jobs.publish.context import PublishContext
from jobs.publish.rules import make_plan
from jobs.publish.settlement import MAX_ERROR_LENGTH
from jobs.publish.story_assignment import assign_arrivals, update_index, update_story
from storage import articles, chats, identities
from storage.database import Connection, SQLAlchemyError
from storage.delivery import planning, turns
from storage.delivery.fanout import fan_out_slice
from storage.index import Index
from storage.records import ArticleState, Chat, Decision, Verdict

#: Articles planned, or told of, in one transaction.
BATCH_SIZE = 20
#: Whose turn it is, is found out for so many articles at once: finding it out looks at all that wait.
QUEUE_SIZE = 10 * BATCH_SIZE

log = structlog.get_logger(__name__)


async def plan_batch(publish: PublishContext, queue: list[int]) -> int:
    """Decide about a few of the articles that have no plan yet; how many.

    `queue` holds those whose turn comes next; it is filled when it is empty.
    """
    await update_index(publish)
    now = publish.clock.now()
    try:
        return await publish.db.run(_plan_batch, publish.policy, now, BATCH_SIZE, publish.index, queue)
    except SQLAlchemyError:
        raise
    except Exception:  # a mistake of ours, met by one article; the others go on
        log.exception("some articles cannot be planned together; each is planned alone")
        return await _plan_alone(publish, now)


async def _plan_alone(publish: PublishContext, now: datetime) -> int:
    """Plan the next article by itself; where that breaks, too, it is not posted, and `why` says so."""
    try:
        return await publish.db.run(_plan_batch, publish.policy, now, 1)
    except SQLAlchemyError:
        raise
    except Exception as surprise:
        return await publish.db.run(_refuse_article, repr(surprise), now)


async def propagate_changes(publish: PublishContext, queue: list[int]) -> int:
    """Let posts want what a few corrected or withdrawn articles say now; how many. `queue` as above."""
    return await publish.db.run(_propagate_changes, publish.policy, publish.clock.now(), queue)


class Planner:
    """Plans when `publish.bell` rings; rings `owed` when there is something to send."""

    def __init__(self, publish: PublishContext, owed: Notifier) -> None:
        self._publish, self._deliveries_due = publish, owed
        self._new_queue: list[int] = []
        self._changed_queue: list[int] = []
        self.fanout_notifier = Notifier()
        self.story_notifier = Notifier()

    async def run(self, stop: asyncio.Event, idle: float) -> None:
        """Plan at every ring, and after `idle` seconds without one."""
        while not stop.is_set():
            self._deliveries_due.notify()  # always: a ring may also mean that a chat can be written to again
            while await self._plan_and_propagate() and not stop.is_set():
                pass
            self.fanout_notifier.notify()  # a post may have been raised by hand
            self.story_notifier.notify()
            await self._publish.planning_due.wait(self._publish.clock, idle)

    async def _plan_and_propagate(self) -> int:
        """A few new articles, then a few changed ones, so that neither kind waits until the other is done."""
        planned = await plan_batch(self._publish, self._new_queue)
        if planned:
            self._deliveries_due.notify()
        told = await propagate_changes(self._publish, self._changed_queue)
        if planned or told:
            self.fanout_notifier.notify()
        return planned + told

    async def fan_out_posts(self, stop: asyncio.Event, idle: float) -> None:
        """Spread, slice by slice, so that others write in between."""
        publish, edition, feed_id = self._publish, default_edition(self._publish.policy), 0
        while not stop.is_set():
            now = publish.clock.now()
            if post := await publish.db.run(fan_out_slice, now, edition, last_feed=feed_id):
                feed_id = post.feed_id
                self._deliveries_due.notify()
            else:
                await self.fanout_notifier.wait(publish.clock, idle)


def default_edition(policy: PublishPolicy) -> str:
    """The edition of readers who chose none."""
    return next((edition.name for edition in policy.editions), "")


def _refuse_article(connection: Connection, why: str, now: datetime) -> int:
    told = articles.get_many(connection, turns.next_unplanned(connection, 1))
    refused = [
        Decision(
            article_id=article.id,
            edition="",
            verdict=Verdict.NOT_INCLUDED,
            detail=f"cannot be planned: {why}"[:MAX_ERROR_LENGTH],
            decided_at=now,
        )
        for article in told
    ]
    planning.save_plan(connection, refused, [], told, now)
    return len(told)


def _plan_batch(
    connection: Connection,
    policy: PublishPolicy,
    now: datetime,
    count: int,
    index: Index | None = None,
    queue: list[int] | None = None,
) -> int:
    """Stories first: which articles say the same again, and what a post answers, hangs on them."""
    identities.lock_identities(connection)  # no feed brings it as news between the reading and the plan
    numbers = _take_queued([] if queue is None else queue, turns.next_unplanned, connection, count)
    if index is not None:
        assign_arrivals(connection, index, numbers, policy.authority, now)
    rows = planning.articles_for_planning(connection, numbers)
    if not rows:
        return 0
    if index is not None:  # what came since the index looked has its turn next, unless it is all there is
        rows = [row for row in rows if index.has_article(row.article.id)] or rows
    channels = edition_channels(connection, policy, now)
    known = {chat.id for some in channels.values() for chat in some}
    last = planning.last_routine_at(connection, known) if policy.min_gap else {}
    made = make_plan(rows, policy, channels, last, now)
    planning.save_plan(connection, made.decisions, made.posts, made.articles, now)
    surge_alerts.report_surges(connection, rows, policy.operators, now)
    return len(rows)


def _take_queued(
    queue: list[int], fill: Callable[[Connection, int], list[int]], connection: Connection, count: int
) -> list[int]:
    """The first `count` of the queue, taken out of it."""
    if not queue:
        queue += fill(connection, QUEUE_SIZE)
    some = queue[:count]
    del queue[:count]
    return some


def edition_channels(connection: Connection, policy: PublishPolicy, now: datetime) -> dict[str, list[Chat]]:
    """Each edition's channels; those named for the first time are kept."""
    return {
        edition.name: chats.resolve_channels(connection, edition.channels, now, edition.name)
        for edition in policy.editions
    }


def _propagate_changes(
    connection: Connection, policy: PublishPolicy, now: datetime, queue: list[int] | None = None
) -> int:
    numbers = _take_queued([] if queue is None else queue, turns.next_revised, connection, BATCH_SIZE)
    changed = articles.get_many(connection, numbers)
    for article in changed:
        stays = article.state is ArticleState.WITHDRAWN and policy.withdrawals is Withdrawals.OFF
        planning.update_posts(connection, article, change_posts=not stays)
        update_story(connection, article, now)
    return len(changed)
