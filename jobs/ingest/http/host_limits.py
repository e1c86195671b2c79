"""How is a host treated kindly: few requests at once, and none while it wants to be left alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from jobs.clock import Clock

#: Requests under way to one host; more wait their turn.
MAX_REQUESTS_PER_HOST = 8
#: Of those, what pages and pictures may take: whoever links to a host cannot keep us from its feeds.
MAX_LOW_PRIORITY = 4
#: Seconds: a host that asks for more is asked again after a day all the same.
MAX_PAUSE = 24 * 3600.0
#: Seconds of rest for a host that says "too many requests" and not for how long.
DEFAULT_PAUSE = 600.0


class HostLimiter:
    """What we know of hosts while we run. A host is `name:port`, in lower case."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paused_until: dict[str, float] = {}
        self._slots: dict[str, _HostSlots] = {}

    def pause_host(self, host: str, seconds: float) -> None:
        """Ask this host nothing for `seconds`, a day at most."""
        until = self._clock.monotonic() + min(seconds, MAX_PAUSE)
        self._paused_until = {
            name: end for name, end in self._paused_until.items() if end > self._clock.monotonic()
        }
        self._paused_until[host] = max(until, self._paused_until.get(host, until))

    def pause_left(self, host: str) -> float:
        """Seconds for which this host wants to be left alone; 0 where it does not."""
        return max(0.0, self._paused_until.get(host, 0.0) - self._clock.monotonic())

    @asynccontextmanager
    async def request_slot(self, host: str, *, low_priority: bool = False) -> AsyncIterator[None]:
        """Wait until this host has few enough requests under way; `aside` is what is no feed."""
        gate = self._slots.setdefault(host, _HostSlots())
        gate.callers += 1
        try:
            async with gate.low_priority if low_priority else nullcontext(), gate.all:
                yield
        finally:
            gate.callers -= 1
            if not gate.callers:
                del self._slots[host]


@dataclass(slots=True)
class _HostSlots:
    """Who asks a host, or waits to."""

    all: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_REQUESTS_PER_HOST))
    low_priority: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_LOW_PRIORITY))
    callers: int = 0
