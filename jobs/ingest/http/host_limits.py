"""Limits per host: few requests at once, and none while it asked us to wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from jobs.clock import Clock

#: Concurrent requests to one host.
MAX_REQUESTS_PER_HOST = 8
#: Of those, the most for pages and images: links to a host must not block its feeds.
MAX_LOW_PRIORITY = 4
#: Seconds: a host that asks for a longer pause is contacted again after a day.
MAX_PAUSE = 24 * 3600.0
#: Seconds to pause after a 429 without Retry-After.
DEFAULT_PAUSE = 600.0


class HostLimiter:
    """Limits requests per host and pauses hosts. A host is `name` or `name:port`, in lower case."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paused_until: dict[str, float] = {}
        self._slots: dict[str, _HostSlots] = {}

    def pause_host(self, host: str, seconds: float) -> None:
        """Send no requests to this host for `seconds`, a day at most."""
        until = self._clock.monotonic() + min(seconds, MAX_PAUSE)
        self._paused_until = {
            name: end for name, end in self._paused_until.items() if end > self._clock.monotonic()
        }
        self._paused_until[host] = max(until, self._paused_until.get(host, until))

    def pause_left(self, host: str) -> float:
        """Seconds until this host may be contacted; 0 if it may now."""
        return max(0.0, self._paused_until.get(host, 0.0) - self._clock.monotonic())

    @asynccontextmanager
    async def request_slot(self, host: str, *, low_priority: bool = False) -> AsyncIterator[None]:
        """Wait for a request slot of this host; `low_priority` is for all but feeds."""
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
    """The requests to a host, in progress or waiting."""

    all: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_REQUESTS_PER_HOST))
    low_priority: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_LOW_PRIORITY))
    callers: int = 0
