"""From stored articles to owed posts: plan the new, tell the corrected and withdrawn, spread what is owed."""

import asyncio
from datetime import datetime

import structlog

from jobs.clock import Bell
from jobs.policy import Publishing, Withdrawals
from jobs.publish.parts import Publish
from jobs.publish.placing import heed, place_arrivals, read_arrivals
from jobs.publish.plan import plan
from jobs.publish.settling import WORDS
from storage import chats, decisions, identities
from storage.database import Connection, SQLAlchemyError
from storage.index import Index
from storage.records import ArticleState, Chat, Decision, Verdict
from storage.spreading import spread

#: Articles planned, or told of, in one transaction.
BATCH = 20

log = structlog.get_logger(__name__)


async def plan_new(publish: Publish) -> int:
    """Decide about every article that has no plan yet; how many there were."""
    planned = 0
    while True:
        await read_arrivals(publish)
        now = publish.clock.now()
        try:
            some = await publish.db.run(_plan_some, publish.policy, now, BATCH, publish.index)
        except SQLAlchemyError:
            raise
        except Exception:  # a mistake of ours, met by one article; the others go on
            log.exception("some articles cannot be planned together; each is planned alone")
            some = await _plan_alone(publish, now)
        if not some:
            return planned
        planned += some


async def _plan_alone(publish: Publish, now: datetime) -> int:
    """Plan the next article by itself; where that breaks, too, it is not posted, and `why` says so."""
    try:
        return await publish.db.run(_plan_some, publish.policy, now, 1)
    except SQLAlchemyError:
        raise
    except Exception as surprise:
        return await publish.db.run(_give_up, repr(surprise), now)


async def tell_changed(publish: Publish) -> int:
    """Let posts want what their corrected or withdrawn articles say now; how many articles there were."""
    told = 0
    while some := await publish.db.run(_tell_some, publish.policy, publish.clock.now()):
        told += some
    return told


async def spread_all(publish: Publish) -> int:
    """Every slice that is to be spread now; how many there were."""
    slices = 0
    while await publish.db.run(spread, publish.clock.now(), default_edition(publish.policy)):
        slices += 1
    return slices


class Planner:
    """Plans when `publish.bell` rings; rings `owed` when there is something to send."""

    def __init__(self, publish: Publish, owed: Bell) -> None:
        self._publish, self._owed = publish, owed
        self.spreading = Bell()
        self.placing = Bell()

    async def run(self, stop: asyncio.Event, idle: float) -> None:
        """Plan at every ring, and after `idle` seconds without one."""
        while not stop.is_set():
            await plan_new(self._publish)
            self._owed.ring()  # always: a ring may also mean that a chat can be written to again
            if await tell_changed(self._publish) and await plan_new(self._publish):
                self._owed.ring()  # what a withdrawn article had said before
            self.spreading.ring()
            self.placing.ring()
            await self._publish.bell.wait(self._publish.clock, idle)

    async def spread(self, stop: asyncio.Event, idle: float) -> None:
        """Spread, slice by slice, so that others write in between."""
        publish = self._publish
        while not stop.is_set():
            more = await publish.db.run(spread, publish.clock.now(), default_edition(publish.policy))
            if more:
                self._owed.ring()
            else:
                await self.spreading.wait(publish.clock, idle)


def default_edition(policy: Publishing) -> str:
    """The edition of readers who chose none."""
    return next((edition.name for edition in policy.editions), "")


def _give_up(connection: Connection, why: str, now: datetime) -> int:
    told = [row.article for row in decisions.unplanned(connection, 1)]
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
    decisions.plan(connection, refused, [], told, now)
    return len(told)


def _plan_some(
    connection: Connection, policy: Publishing, now: datetime, count: int, index: Index | None = None
) -> int:
    """Stories first: which articles say the same again, and what a post answers, hangs on them."""
    identities.one_at_a_time(connection)  # no feed brings it as news between the reading and the plan
    if index is not None:
        place_arrivals(connection, index, count, now)
    rows = decisions.unplanned(connection, count)
    if not rows:
        return 0
    if index is not None:  # what came since the index looked has its turn next, unless it is all there is
        rows = [row for row in rows if index.knows(row.article.id)] or rows
    channels = channels_of(connection, policy, now)
    known = {chat.id for some in channels.values() for chat in some}
    last = decisions.last_routine(connection, known) if policy.min_gap else {}
    made = plan(rows, policy, channels, last, now)
    decisions.plan(connection, made.decisions, made.posts, made.told, now)
    return len(rows)


def channels_of(connection: Connection, policy: Publishing, now: datetime) -> dict[str, list[Chat]]:
    """Each edition's channels; those named for the first time are kept."""
    return {
        edition.name: chats.channels(connection, edition.channels, now, edition.name)
        for edition in policy.editions
    }


def _tell_some(connection: Connection, policy: Publishing, now: datetime) -> int:
    changed = decisions.untold(connection, BATCH)
    for article in changed:
        stays = article.state is ArticleState.WITHDRAWN and policy.withdrawals is Withdrawals.OFF
        decisions.tell(connection, article, change_posts=not stays)
        heed(connection, article, now)
    return len(changed)
