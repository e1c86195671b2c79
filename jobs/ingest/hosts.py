"""How is a host treated kindly: few requests at once, and none while it wants to be left alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from jobs.clock import Clock

#: Requests under way to one host; more wait their turn.
AT_ONCE = 8
#: Seconds: a host that asks for more is asked again after a day all the same.
LONGEST_REST = 24 * 3600.0
#: Seconds of rest for a host that says "too many requests" and not for how long.
USUAL_REST = 600.0


class Hosts:
    """What we know of hosts while we run. A host is `name:port`, in lower case."""

    def __init__(self, clock: Clock, at_once: int = AT_ONCE) -> None:
        self._clock = clock
        self._at_once = at_once
        self._rests: dict[str, float] = {}
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._callers: dict[str, int] = {}

    def let_rest(self, host: str, seconds: float) -> None:
        """Ask this host nothing for `seconds`, a day at most."""
        until = self._clock.monotonic() + min(seconds, LONGEST_REST)
        self._rests = {name: end for name, end in self._rests.items() if end > self._clock.monotonic()}
        self._rests[host] = max(until, self._rests.get(host, until))

    def rest_left(self, host: str) -> float:
        """Seconds for which this host wants to be left alone; 0 where it does not."""
        return max(0.0, self._rests.get(host, 0.0) - self._clock.monotonic())

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until this host has few enough requests under way."""
        gate = self._gates.setdefault(host, asyncio.Semaphore(self._at_once))
        self._callers[host] = self._callers.get(host, 0) + 1
        try:
            async with gate:
                yield
        finally:
            self._callers[host] -= 1
            if not self._callers[host]:
                del self._callers[host], self._gates[host]
