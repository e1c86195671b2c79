"""Plans posts of new articles, raises those of changed ones, and fans posts out to followers."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from jobs.clock import Notifier
from jobs.config import PublishPolicy, Withdrawals
from jobs.publish.context import PublishContext
from jobs.publish.rules import make_plan
from jobs.publish.settlement import MAX_ERROR_LENGTH
from jobs.publish.story_assignment import assign_arrivals, update_index, update_story
from storage import articles, chats, identities
from storage.database import Connection, SQLAlchemyError
from storage.delivery import planning, surges, turns
from storage.delivery.fanout import fan_out_slice
from storage.delivery.planning import ArticleForPlanning, add_notice
from storage.delivery.surges import FeedSurge
from storage.index import Index
from storage.records import ArticleState, Chat, Decision, Verdict

#: New or changed articles in one transaction.
BATCH_SIZE = 20
#: Articles whose turns are computed at once, since that reads all articles that wait.
QUEUE_SIZE = 10 * BATCH_SIZE
#: A feed update with more new articles than this is a surge.
SURGE_THRESHOLD = 30

log = structlog.get_logger(__name__)


async def plan_batch(publish: PublishContext, queue: list[int]) -> int:
    """Plan a few of the articles that have no plan yet; how many.

    `queue` holds the ids of those whose turn is next, and is filled when it is empty.
    """
    await update_index(publish)
    now = publish.clock.now()
    try:
        return await publish.db.run(_plan_batch, publish.policy, now, BATCH_SIZE, publish.index, queue)
    except SQLAlchemyError:
        raise
    except Exception:  # a mistake of ours, met by one article; the others go on
        log.exception("planning failed, planning each article alone")
        return await _plan_alone(publish, now)


async def _plan_alone(publish: PublishContext, now: datetime) -> int:
    """Plan the next article by itself; if that fails, too, it is not posted, and `newswire why` says so."""
    try:
        return await publish.db.run(_plan_batch, publish.policy, now, 1)
    except SQLAlchemyError:
        raise
    except Exception as surprise:
        return await publish.db.run(_refuse_article, repr(surprise), now)


async def propagate_changes(publish: PublishContext, queue: list[int]) -> int:
    """Raise the posts of a few corrected or withdrawn articles; how many. `queue` as in `plan_batch`."""
    return await publish.db.run(_propagate_changes, publish.policy, publish.clock.now(), queue)


class Planner:
    """Plans when `publish.planning_due` is notified, and notifies `deliveries_due` in turn."""

    def __init__(self, publish: PublishContext, deliveries_due: Notifier) -> None:
        self._publish, self._deliveries_due = publish, deliveries_due
        self._new_queue: list[int] = []
        self._changed_queue: list[int] = []
        self.fanout_notifier = Notifier()
        self.story_notifier = Notifier()

    async def run(self, stop: asyncio.Event, idle: float) -> None:
        """Plan when notified, and after `idle` seconds, until `stop`."""
        while not stop.is_set():
            self._deliveries_due.notify()  # always: perhaps a chat can be written to again
            while await self._plan_and_propagate() and not stop.is_set():
                pass
            self.fanout_notifier.notify()  # perhaps an operator raised a post
            self.story_notifier.notify()
            await self._publish.planning_due.wait(self._publish.clock, idle)

    async def _plan_and_propagate(self) -> int:
        """Plan a few new articles, then a few changed ones, so that neither waits for the other's end."""
        planned = await plan_batch(self._publish, self._new_queue)
        if planned:
            self._deliveries_due.notify()
        changed = await propagate_changes(self._publish, self._changed_queue)
        if planned or changed:
            self.fanout_notifier.notify()
        return planned + changed

    async def fan_out_posts(self, stop: asyncio.Event, idle: float) -> None:
        """Fan posts out to followers, slice by slice, so that others write in between."""
        publish, edition, feed_id = self._publish, default_edition(self._publish.policy), 0
        while not stop.is_set():
            now = publish.clock.now()
            if post := await publish.db.run(fan_out_slice, now, edition, last_feed=feed_id):
                feed_id = post.feed_id
                self._deliveries_due.notify()
            else:
                await self.fanout_notifier.wait(publish.clock, idle)


def default_edition(policy: PublishPolicy) -> str:
    """The edition of readers who have not chosen one."""
    return next((edition.name for edition in policy.editions), "")


def _refuse_article(connection: Connection, why: str, now: datetime) -> int:
    failed = articles.get_many(connection, turns.next_unplanned(connection, 1))
    refused = [
        Decision(
            article_id=article.id,
            edition="",
            verdict=Verdict.NOT_INCLUDED,
            detail=f"cannot be planned: {why}"[:MAX_ERROR_LENGTH],
            decided_at=now,
        )
        for article in failed
    ]
    planning.save_plan(connection, refused, [], failed, now)
    return len(failed)


def _plan_batch(
    connection: Connection,
    policy: PublishPolicy,
    now: datetime,
    count: int,
    index: Index | None = None,
    queue: list[int] | None = None,
) -> int:
    """Stories come first: they decide which articles are repetitions and what a post replies to."""
    identities.lock_identities(connection)  # no feed adds an entry between the read and the plan
    numbers = _take_queued([] if queue is None else queue, turns.next_unplanned, connection, count)
    if index is not None:
        assign_arrivals(connection, index, numbers, policy.authority, now)
    rows = planning.articles_for_planning(connection, numbers)
    if not rows:
        return 0
    if index is not None:  # what the index does not know yet is next, unless that is all
        rows = [row for row in rows if index.has_article(row.article.id)] or rows
    channels = edition_channels(connection, policy, now)
    known = {chat.id for some in channels.values() for chat in some}
    last = planning.last_routine_at(connection, known) if policy.min_gap else {}
    made = make_plan(rows, policy, channels, last, now)
    planning.save_plan(connection, made.decisions, made.posts, made.articles, now)
    report_surges(connection, rows, policy.operators, now)
    return len(rows)


def _take_queued(
    queue: list[int], fill: Callable[[Connection, int], list[int]], connection: Connection, count: int
) -> list[int]:
    """Remove and return the first `count` of the queue."""
    if not queue:
        queue += fill(connection, QUEUE_SIZE)
    some = queue[:count]
    del queue[:count]
    return some


def edition_channels(connection: Connection, policy: PublishPolicy, now: datetime) -> dict[str, list[Chat]]:
    """Each edition's channels, by its name; new ones are stored."""
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


def report_surges(
    connection: Connection, rows: Sequence[ArticleForPlanning], operators: Sequence[int], now: datetime
) -> int:
    """Tell operators of the surges that begin among these articles; how many.

    An article is planned once, so each surge is reported once.
    """
    new = [row.article for row in rows if not row.decided]
    begun = [each for each in surges.find_surges(connection, new, SURGE_THRESHOLD) if is_surge_start(each)]
    for each in begun:
        log.warning("feed surge began", feed=each.url, new=each.new_count)
        add_notice(connection, operators, describe_surge(each), now)
    return len(begun)


def is_surge_start(surge: FeedSurge) -> bool:
    """Whether the feed update is a surge and the last one with new articles was none; pure."""
    return surge.new_count > SURGE_THRESHOLD >= surge.previous_count


def describe_surge(surge: FeedSurge) -> str:
    """The notice; pure."""
    return (
        f"⚠️ {surge.url} brought {surge.new_count} new articles at once. What your rules let through is "
        "posted, and the articles of other feeds go in between. While it goes on, you are not told again."
    )
