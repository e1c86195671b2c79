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
from jobs.publish.chat_monitor import ChatMonitor
from jobs.publish.context import PublishContext
from jobs.publish.dispatcher import Dispatcher
from jobs.publish.planner import Planner
from jobs.publish.reconcile import Reconciler
from jobs.publish.result_writer import ResultWriter
from jobs.publish.settlement import Settlement
from jobs.publish.story_assignment import StoryAssigner
from storage import chats
from storage.database import SQLAlchemyError
from storage.delivery import deliveries
from storage.records import DeliveryState

#: Without a ring, the next look for something to plan or spread comes after so many seconds.
IDLE_DELAY = 30.0
#: After a surprise in one stage it begins again, so many seconds later.
RESTART_DELAY = 1.0

log = structlog.get_logger(__name__)


async def run(publish: PublishContext, stop: asyncio.Event) -> None:
    """Publish until `stop` is set; then claim no more, settle what is under way, and return."""
    await restore_state(publish)
    written = asyncio.Event()  # nothing more can come: the ledger may end

    def notify_stages(batch: Sequence[Settlement]) -> None:
        """A channel is free for its next post; something has become unclear."""
        if courier.is_idle or any(each.chat_id < 0 for each in batch):
            courier.notifier.notify()
        if any(each.settled.state is DeliveryState.UNCLEAR for each in batch):
            lookups.notifier.notify()

    result_writer = ResultWriter(
        publish.db, publish.clock, publish.policy.operators, notify_stages, publish.on_forgotten
    )
    courier, lookups = Dispatcher(publish, result_writer), Reconciler(publish, result_writer)
    planner, keeper = Planner(publish, courier.notifier), ChatMonitor(publish, courier.notifier)
    placer = StoryAssigner(publish, planner.story_notifier)

    def notify_all() -> None:
        for bell in (publish.planning_due, planner.fanout_notifier, planner.story_notifier, lookups.notifier):
            bell.notify()
        courier.wake_stages()

    works: dict[str, Callable[[], Awaitable[None]]] = {
        "plan": lambda: planner.run(stop, IDLE_DELAY),
        "spread": lambda: planner.fan_out_posts(stop, IDLE_DELAY),
        "place": lambda: placer.run(stop, IDLE_DELAY),
        "read": lambda: courier.read_due(stop),
        "claim": lambda: courier.claim_prepared(stop),
        "send": lambda: courier.send_claimed(stop),
        "look up": lambda: lookups.run(stop),
    }
    keeping = asyncio.create_task(_run_stage("keep", lambda: keeper.run(stop), stop, publish.clock))
    writing = asyncio.create_task(
        _run_stage("settle", lambda: result_writer.run(written), written, publish.clock)
    )
    wakened = asyncio.create_task(_call_when_set(stop, notify_all))
    try:
        await asyncio.gather(*(_run_stage(name, work, stop, publish.clock) for name, work in works.items()))
    finally:
        for task in (keeping, wakened):
            task.cancel()
        written.set()
        result_writer.wake_up()
        await asyncio.gather(keeping, wakened, writing, return_exceptions=True)


async def restore_state(publish: PublishContext) -> int:
    """After a start: what was under way is unclear; what the pace must know of the last minute.

    A group that the settings name by now needs no subscription of its own.
    """
    names = [name for edition in publish.policy.editions for name in edition.channels]
    await publish.db.run(chats.unsubscribe_named, names)
    now, at = publish.clock.now(), publish.clock.monotonic()
    wait = publish.policy.unclear_wait + timedelta(seconds=sending.CLAIM_TIMEOUT)
    unclear = await publish.db.run(deliveries.recover_interrupted, wait)
    longest = timedelta(seconds=max(publish.policy.rate_group.seconds, publish.policy.rate_chat.seconds))
    for chat_id, when in await publish.db.read(deliveries.requests_since, now - longest):
        publish.rate_limiter.record_sent(chat_id, at - max(0.0, (now - when).total_seconds()))
    for chat_id, until in await publish.db.read(chats.list_flooded, now):
        publish.rate_limiter.block_chat(chat_id, (until - now).total_seconds(), at)
    if unclear:
        log.warning("requests were under way when we last stopped; each is looked up", unclear=unclear)
    return unclear


async def _run_stage(
    name: str, work: Callable[[], Awaitable[None]], stop: asyncio.Event, clock: Clock
) -> None:
    """Do the stage's work until `stop`; a surprise is told, and the stage begins again."""
    while True:
        try:
            await work()
            return
        except SQLAlchemyError as error:
            log.error("the database cannot be used; trying again", stage=name, why=type(error).__name__)
        except Exception:
            log.exception("a stage broke and begins again", stage=name)
        await clock.sleep(RESTART_DELAY)
        if stop.is_set():
            return


async def _call_when_set(stop: asyncio.Event, then: Callable[[], None]) -> None:
    await stop.wait()
    then()


__all__ = ["PublishContext", "restore_state", "run"]
