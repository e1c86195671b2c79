"""The web server in a thread of its own, which answers while the bot's event loop is held up.

Handlers run on the thread's loop. The database may be asked from there; what belongs to the bot's own loop is
handed over to it.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from jobs.clock import Clock

A = TypeVar("A")
T = TypeVar("T")

#: Seconds between two beats.
HEARTBEAT_INTERVAL = 1.0


class Heartbeat:
    """When the bot's loop turned last: written by the loop, read by the thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_beat = clock.monotonic()

    async def beat(self) -> None:
        """Beat until cancelled."""
        while True:
            self._last_beat = self._clock.monotonic()
            await self._clock.sleep(HEARTBEAT_INTERVAL)

    def seconds_since_beat(self) -> float:
        """Seconds since the last beat."""
        return self._clock.monotonic() - self._last_beat


class WebThread:
    """An event loop in a thread. It does not keep the process alive."""

    def __init__(self) -> None:
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run_loop, name="newswire-web", daemon=True)
        self._thread.start()
        self._started.wait()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns, run on the thread's loop."""
        return await run_on_loop(self._loop, work)

    async def stop(self) -> None:
        """End the loop, and what still runs on it."""
        self._loop.call_soon_threadsafe(self._stop.set)
        await asyncio.to_thread(self._thread.join)

    def _run_loop(self) -> None:
        asyncio.run(self._wait_until_stopped())

    async def _wait_until_stopped(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._stop.wait()


async def run_on_loop(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns, run on another thread's `loop`."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


def bind_to_loop(
    loop: asyncio.AbstractEventLoop, work: Callable[[A], Coroutine[Any, Any, T]]
) -> Callable[[A], Awaitable[T]]:
    """`work`, to be called from another thread than that of its `loop`."""
    return lambda given: run_on_loop(loop, work(given))
