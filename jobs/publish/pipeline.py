"""The publishing pipeline, from stored articles to posts: plan | fan out | claim | send | settle | reconcile.

The stages hand over through rows in the database and wake each other with notifiers. A crash at any line
leaves rows that say what is left to do. `docs/delivery.md` draws the states.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from jobs.clock import Clock
from jobs.publish.chat_monitor import ChatMonitor
from jobs.publish.context import PublishContext
from jobs.publish.dispatcher import CLAIM_TIMEOUT, Dispatcher
from jobs.publish.planner import Planner
from jobs.publish.reconcile import Reconciler
from jobs.publish.result_writer import ResultWriter
from jobs.publish.settlement import Settlement
from jobs.publish.story_assignment import StoryAssigner
from storage import chats
from storage.database import SQLAlchemyError
from storage.delivery import deliveries
from storage.records import DeliveryState

#: Seconds after which planning and fan-out check for work if nobody notifies them.
IDLE_DELAY = 30.0
#: Seconds after which a stage that failed is restarted.
RESTART_DELAY = 1.0

log = structlog.get_logger(__name__)


async def run(publish: PublishContext, stop: asyncio.Event) -> None:
    """Publish until `stop` is set; then claim no more, settle what is under way, and return."""
    await restore_state(publish)
    written = asyncio.Event()  # nothing more can come: the result writer may end
    stages = _Loops(publish)
    monitoring, writing = (
        asyncio.create_task(_run_stage(name, work, until, publish.clock))
        for name, work, until in (
            ("monitor chats", lambda: stages.chat_monitor.run(stop), stop),
            ("settle", lambda: stages.result_writer.run(written), written),
        )
    )
    stopping = asyncio.create_task(_call_when_set(stop, stages.notify_all))
    try:
        await asyncio.gather(
            *(_run_stage(name, work, stop, publish.clock) for name, work in stages.list_work(stop).items())
        )
    finally:
        for task in (monitoring, stopping):
            task.cancel()
        written.set()
        stages.result_writer.wake_up()
        await asyncio.gather(monitoring, stopping, writing, return_exceptions=True)


class _Loops:
    """The stages, connected by their notifiers."""

    def __init__(self, publish: PublishContext) -> None:
        self.result_writer = ResultWriter(
            publish.db, publish.clock, publish.policy.operators, self._notify_written, publish.on_forgotten
        )
        self._dispatcher = Dispatcher(publish, self.result_writer)
        self._reconciler = Reconciler(publish, self.result_writer)
        self._planner = Planner(publish, self._dispatcher.notifier)
        self._story_assigner = StoryAssigner(publish, self._planner.story_notifier)
        self.chat_monitor = ChatMonitor(publish, self._dispatcher.notifier)
        self._planning_due = publish.planning_due

    def list_work(self, stop: asyncio.Event) -> dict[str, Callable[[], Awaitable[None]]]:
        """What each stage does until `stop`, by its name in the log."""
        return {
            "plan": lambda: self._planner.run(stop, IDLE_DELAY),
            "fan out": lambda: self._planner.fan_out_posts(stop, IDLE_DELAY),
            "assign stories": lambda: self._story_assigner.run(stop, IDLE_DELAY),
            "read": lambda: self._dispatcher.read_due(stop),
            "claim": lambda: self._dispatcher.claim_prepared(stop),
            "send": lambda: self._dispatcher.send_claimed(stop),
            "reconcile": lambda: self._reconciler.run(stop),
        }

    def notify_all(self) -> None:
        """Let every stage check whether to stop."""
        planner = self._planner
        for notifier in (self._planning_due, planner.fanout_notifier, planner.story_notifier):
            notifier.notify()
        self._reconciler.notifier.notify()
        self._dispatcher.wake_stages()

    def _notify_written(self, batch: Sequence[Settlement]) -> None:
        """A channel is free for its next post, or something has become unclear."""
        if self._dispatcher.is_idle or any(each.chat_id < 0 for each in batch):
            self._dispatcher.notifier.notify()
        if any(each.settled.state is DeliveryState.UNCLEAR for each in batch):
            self._reconciler.notifier.notify()


async def restore_state(publish: PublishContext) -> int:
    """Mark interrupted requests unclear, how many, and give the rate limiter the requests of the last minute.

    A group that CHANNELS now names loses its own subscription.
    """
    names = [name for edition in publish.policy.editions for name in edition.channels]
    await publish.db.run(chats.unsubscribe_named, names)
    now, at = publish.clock.now(), publish.clock.monotonic()
    wait = publish.policy.unclear_wait + timedelta(seconds=CLAIM_TIMEOUT)
    unclear = await publish.db.run(deliveries.recover_interrupted, wait)
    longest = timedelta(seconds=max(publish.policy.rate_group.seconds, publish.policy.rate_chat.seconds))
    for chat_id, when in await publish.db.read(deliveries.requests_since, now - longest):
        publish.rate_limiter.record_sent(chat_id, at - max(0.0, (now - when).total_seconds()))
    for chat_id, until in await publish.db.read(chats.list_flooded, now):
        publish.rate_limiter.block_chat(chat_id, (until - now).total_seconds(), at)
    if unclear:
        log.warning("interrupted requests found, reconciling", unclear=unclear)
    return unclear


async def _run_stage(
    name: str, work: Callable[[], Awaitable[None]], stop: asyncio.Event, clock: Clock
) -> None:
    """Run the stage until `stop`; if it raises, log that and restart it."""
    while True:
        try:
            await work()
            return
        except SQLAlchemyError as error:
            log.error("database failed, restarting stage", stage=name, error=type(error).__name__)
        except Exception:
            log.exception("stage failed, restarting", stage=name)
        await clock.sleep(RESTART_DELAY)
        if stop.is_set():
            return


async def _call_when_set(stop: asyncio.Event, then: Callable[[], None]) -> None:
    await stop.wait()
    then()


__all__ = ["PublishContext", "restore_state", "run"]
