"""How is a host treated kindly: few requests at once, and none while it wants to be left alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from jobs.clock import Clock

#: Requests under way to one host; more wait their turn.
AT_ONCE = 8
#: Of those, what pages and pictures may take: whoever links to a host cannot keep us from its feeds.
ASIDE = 4
#: Seconds: a host that asks for more is asked again after a day all the same.
LONGEST_REST = 24 * 3600.0
#: Seconds of rest for a host that says "too many requests" and not for how long.
USUAL_REST = 600.0


class Hosts:
    """What we know of hosts while we run. A host is `name:port`, in lower case."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rests: dict[str, float] = {}
        self._gates: dict[str, _Gate] = {}

    def let_rest(self, host: str, seconds: float) -> None:
        """Ask this host nothing for `seconds`, a day at most."""
        until = self._clock.monotonic() + min(seconds, LONGEST_REST)
        self._rests = {name: end for name, end in self._rests.items() if end > self._clock.monotonic()}
        self._rests[host] = max(until, self._rests.get(host, until))

    def rest_left(self, host: str) -> float:
        """Seconds for which this host wants to be left alone; 0 where it does not."""
        return max(0.0, self._rests.get(host, 0.0) - self._clock.monotonic())

    @asynccontextmanager
    async def turn(self, host: str, *, aside: bool = False) -> AsyncIterator[None]:
        """Wait until this host has few enough requests under way; `aside` is what is no feed."""
        gate = self._gates.setdefault(host, _Gate())
        gate.callers += 1
        try:
            async with gate.aside if aside else nullcontext(), gate.all:
                yield
        finally:
            gate.callers -= 1
            if not gate.callers:
                del self._gates[host]


@dataclass(slots=True)
class _Gate:
    """Who asks a host, or waits to."""

    all: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    aside: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ASIDE))
    callers: int = 0
