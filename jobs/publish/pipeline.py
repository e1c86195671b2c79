"""Publishing, from stored articles to what chats show: plan | spread | claim | send | look up | settle.

Each stage hands over through rows in the database and rings a bell, so that the next begins at once; a crash
at any line leaves rows that say what is left to do. `docs/delivery.md` draws the states.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from jobs.clock import Clock
from jobs.publish import dispatcher as sending
from jobs.publish.chat_monitor import Keeper
from jobs.publish.context import Publish
from jobs.publish.dispatcher import Courier
from jobs.publish.planner import Planner
from jobs.publish.reconcile import Lookups
from jobs.publish.result_writer import Ledger
from jobs.publish.settlement import Aftermath
from jobs.publish.story_assignment import Placer
from storage import chats
from storage.database import SQLAlchemyError
from storage.delivery import deliveries
from storage.records import DeliveryState

#: Without a ring, the next look for something to plan or spread comes after so many seconds.
IDLE = 30.0
#: After a surprise in one stage it begins again, so many seconds later.
AGAIN = 1.0

log = structlog.get_logger(__name__)


async def run(publish: Publish, stop: asyncio.Event) -> None:
    """Publish until `stop` is set; then claim no more, settle what is under way, and return."""
    await remember(publish)
    written = asyncio.Event()  # nothing more can come: the ledger may end

    def heed(batch: Sequence[Aftermath]) -> None:
        """A channel is free for its next post; something has become unclear."""
        if courier.idle or any(each.chat_id < 0 for each in batch):
            courier.bell.ring()
        if any(each.settled.state is DeliveryState.UNCLEAR for each in batch):
            lookups.bell.ring()

    ledger = Ledger(publish.db, publish.clock, publish.policy.operators, heed, publish.forgotten)
    courier, lookups = Courier(publish, ledger), Lookups(publish, ledger)
    planner, keeper = Planner(publish, courier.bell), Keeper(publish, courier.bell)
    placer = Placer(publish, planner.placing)

    def ring_all() -> None:
        for bell in (publish.bell, planner.spreading, planner.placing, lookups.bell):
            bell.ring()
        courier.wake()

    works: dict[str, Callable[[], Awaitable[None]]] = {
        "plan": lambda: planner.run(stop, IDLE),
        "spread": lambda: planner.spread(stop, IDLE),
        "place": lambda: placer.run(stop, IDLE),
        "read": lambda: courier.read(stop),
        "claim": lambda: courier.claim(stop),
        "send": lambda: courier.dispatch(stop),
        "look up": lambda: lookups.run(stop),
    }
    keeping = asyncio.create_task(_stage("keep", lambda: keeper.run(stop), stop, publish.clock))
    writing = asyncio.create_task(_stage("settle", lambda: ledger.run(written), written, publish.clock))
    wakened = asyncio.create_task(_when(stop, ring_all))
    try:
        await asyncio.gather(*(_stage(name, work, stop, publish.clock) for name, work in works.items()))
    finally:
        for task in (keeping, wakened):
            task.cancel()
        written.set()
        ledger.wake()
        await asyncio.gather(keeping, wakened, writing, return_exceptions=True)


async def remember(publish: Publish) -> int:
    """After a start: what was under way is unclear; what the pace must know of the last minute.

    A group that the settings name by now needs no subscription of its own.
    """
    names = [name for edition in publish.policy.editions for name in edition.channels]
    await publish.db.run(chats.unsubscribe_named, names)
    now, at = publish.clock.now(), publish.clock.monotonic()
    wait = publish.policy.unclear_wait + timedelta(seconds=sending.PATIENCE)
    unclear = await publish.db.run(deliveries.recover, wait)
    longest = timedelta(seconds=max(publish.policy.rate_group.seconds, publish.policy.rate_chat.seconds))
    for chat_id, when in await publish.db.read(deliveries.sent_since, now - longest):
        publish.pace.said(chat_id, at - max(0.0, (now - when).total_seconds()))
    for chat_id, until in await publish.db.read(chats.flooded, now):
        publish.pace.hold(chat_id, (until - now).total_seconds(), at)
    if unclear:
        log.warning("requests were under way when we last stopped; each is looked up", unclear=unclear)
    return unclear


async def _stage(name: str, work: Callable[[], Awaitable[None]], stop: asyncio.Event, clock: Clock) -> None:
    """Do the stage's work until `stop`; a surprise is told, and the stage begins again."""
    while True:
        try:
            await work()
            return
        except SQLAlchemyError as error:
            log.error("the database cannot be used; trying again", stage=name, why=type(error).__name__)
        except Exception:
            log.exception("a stage broke and begins again", stage=name)
        await clock.sleep(AGAIN)
        if stop.is_set():
            return


async def _when(stop: asyncio.Event, then: Callable[[], None]) -> None:
    await stop.wait()
    then()


__all__ = ["Publish", "remember", "run"]
