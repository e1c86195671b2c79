"""The clock: the only source of time, passed in wherever time is needed."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Tells time and sleeps. Tests pass one that they advance by hand."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, for rates and deadlines."""
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
    """Wakes the next stage at once; a notification sent before anyone waits is not lost."""

    def __init__(self) -> None:
        self._notified = asyncio.Event()

    def notify(self) -> None:
        """Wake the waiter, or the next one to wait."""
        self._notified.set()

    async def wait(self, clock: Clock, timeout: float) -> bool:
        """True if notified within `timeout` seconds of the clock, else False."""
        with suppress(TimeoutError):
            await with_timeout(clock, timeout, self._notified.wait())
        notified = self._notified.is_set()
        self._notified.clear()
        return notified


async def with_timeout(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`, if it is done within `seconds` of the clock.

    Raises:
        TimeoutError: it was not; it has been cancelled and has ended.
    """
    task, expired = asyncio.current_task(), False
    assert task is not None
    cancelling = task.cancelling()

    async def cancel_on_timeout() -> None:
        nonlocal expired
        await clock.sleep(seconds)
        expired = True
        task.cancel()

    pause = asyncio.create_task(cancel_on_timeout())
    try:
        return await work
    except asyncio.CancelledError:
        if expired and task.uncancel() <= cancelling:
            raise TimeoutError from None
        raise
    finally:
        pause.cancel()


async def run_until_set(event: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return the result of `work`, or None if `event` is set first; `work` is then cancelled."""
    task, waiter = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        waiter.cancel()
        await asyncio.gather(task, waiter, return_exceptions=True)
