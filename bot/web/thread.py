"""Runs the web server in a thread of its own, so that it responds while the bot's event loop is blocked.

Handlers run on the thread's loop. They may query the database, but must run everything that belongs to the
bot's own loop there.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from jobs.clock import Clock

A = TypeVar("A")
T = TypeVar("T")

#: Seconds between two heartbeats.
HEARTBEAT_INTERVAL = 1.0


class Heartbeat:
    """Measures how long the event loop has been blocked: updated by the loop, read by the web thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_beat = clock.monotonic()

    async def beat(self) -> None:
        """Update the heartbeat every second until cancelled."""
        while True:
            self._last_beat = self._clock.monotonic()
            await self._clock.sleep(HEARTBEAT_INTERVAL)

    def seconds_since_beat(self) -> float:
        return self._clock.monotonic() - self._last_beat


class WebThread:
    """An event loop in a daemon thread."""

    def __init__(self) -> None:
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run_loop, name="newswire-web", daemon=True)
        self._thread.start()
        self._started.wait()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` on the thread's loop and return its result."""
        return await run_on_loop(self._loop, work)

    async def stop(self) -> None:
        """Stop the loop, and cancel what still runs on it."""
        self._loop.call_soon_threadsafe(self._stop.set)
        await asyncio.to_thread(self._thread.join)

    def _run_loop(self) -> None:
        asyncio.run(self._wait_until_stopped())

    async def _wait_until_stopped(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._stop.wait()


async def run_on_loop(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on another thread's `loop` and return its result."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


def bind_to_loop(
    loop: asyncio.AbstractEventLoop, work: Callable[[A], Coroutine[Any, Any, T]]
) -> Callable[[A], Awaitable[T]]:
    """Wrap `work` so that it can be called from another thread, and runs on `loop`."""
    return lambda given: run_on_loop(loop, work(given))
