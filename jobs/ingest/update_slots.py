"""How many looks go on at once, so that many slow ones leave room for a quick one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jobs.clock import Clock

#: Looks at once; each host's own turn is the fetcher's business.
AT_ONCE = 64
#: Looks that hang beside them. More wait for one of these to end, and keep nobody else waiting.
MOST_SLOW = 256
#: Seconds after which a look counts as slow.
SOON = 0.25


class Places:
    """A place for each look under way.

    A look that is slow makes room after `SOON`, and begins among the slow ones the next time: whoever
    hangs can take a place from the others once, for that long. Feeds are told apart by their ids.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quick = asyncio.Semaphore(AT_ONCE)
        self._slow = asyncio.Semaphore(MOST_SLOW)
        self._known_slow: set[int] = set()
        self._taken: dict[int, _Place] = {}  # quick ones, the oldest first
        self._moving: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def place(self, feed_id: int) -> AsyncIterator[None]:
        """Wait for a place, and have it."""
        gate = self._slow if feed_id in self._known_slow else self._quick
        await gate.acquire()
        place = _Place(gate, self._clock.monotonic())
        if gate is self._quick:
            self._taken[id(place)] = place
            if self._moving is None:
                self._moving = asyncio.create_task(self._make_room())
        try:
            yield
        finally:
            self._taken.pop(id(place), None)
            place.gate.release()
            took = self._clock.monotonic() - place.since
            (self._known_slow.add if took > SOON else self._known_slow.discard)(feed_id)

    async def _make_room(self) -> None:
        """Exchange quick places that are held for long for slow ones, as long as there are any."""
        try:
            while self._taken:
                await self._clock.sleep(SOON / 2)
                late = self._clock.monotonic() - SOON
                for place in [one for one in self._taken.values() if one.since <= late]:
                    if self._slow.locked():
                        break
                    await self._slow.acquire()  # at once
                    place.gate.release()
                    place.gate = self._slow
                    self._taken.pop(id(place))
        finally:
            self._moving = None


@dataclass(slots=True)
class _Place:
    gate: asyncio.Semaphore
    since: float
