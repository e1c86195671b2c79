"""Time as a dependency: a clock that is passed in, and waiting that ends early or in time."""

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """A source of time. Tests pass one that they advance."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for rates and deadlines."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock's time."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Notifier:
    """Wakes the task that waits for it. A notification sent before anyone waits is not lost."""

    def __init__(self) -> None:
        self._notified = asyncio.Event()

    def notify(self) -> None:
        """Wake the waiting task, or the next one that waits."""
        self._notified.set()

    async def wait(self, clock: Clock, timeout: float) -> bool:
        """Wait at most `timeout` seconds of the clock. Return whether there was a notification."""
        notification = asyncio.ensure_future(self._notified.wait())
        timer = asyncio.ensure_future(clock.sleep(timeout))
        try:
            await asyncio.wait({notification, timer}, return_when=asyncio.FIRST_COMPLETED)
            notified = self._notified.is_set()
            self._notified.clear()
            return notified
        finally:  # neither task is awaited: this runs for every delivery
            notification.cancel()
            timer.cancel()


async def run_until_set(event: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` returns, or None if `event` is set first; `work` is then cancelled."""
    task, waiter = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        waiter.cancel()
        await asyncio.gather(task, waiter, return_exceptions=True)


async def with_timeout(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns within `seconds` of the clock.

    Raises:
        TimeoutError: it took longer; it has been cancelled and has ended.
    """
    task, expired = asyncio.current_task(), False
    assert task is not None
    cancelling = task.cancelling()

    async def cancel_on_timeout() -> None:
        nonlocal expired
        await clock.sleep(seconds)
        expired = True
        task.cancel()

    timer = asyncio.create_task(cancel_on_timeout())
    try:
        return await work
    except asyncio.CancelledError:
        if expired and task.uncancel() <= cancelling:
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
