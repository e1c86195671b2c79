"""How many looks go on at once, so that many slow ones leave room for a quick one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jobs.clock import Clock

#: Looks at once; each host's own turn is the fetcher's business.
MAX_CONCURRENT = 64
#: Looks that hang beside them. More wait for one of these to end, and keep nobody else waiting.
MAX_SLOW = 256
#: Seconds after which a look counts as slow.
SLOW_AFTER = 0.25


class UpdateSlots:
    """A place for each look under way.

    A look that is slow makes room after `SOON`, and begins among the slow ones the next time: whoever
    hangs can take a place from the others once, for that long. Feeds are told apart by their ids.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quick = asyncio.Semaphore(MAX_CONCURRENT)
        self._slow = asyncio.Semaphore(MAX_SLOW)
        self._known_slow: set[int] = set()
        self._quick_slots: dict[int, _Slot] = {}  # quick ones, the oldest first
        self._release_task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def hold_slot(self, feed_id: int) -> AsyncIterator[None]:
        """Wait for a place, and have it."""
        gate = self._slow if feed_id in self._known_slow else self._quick
        await gate.acquire()
        place = _Slot(gate, self._clock.monotonic())
        if gate is self._quick:
            self._quick_slots[id(place)] = place
            if self._release_task is None:
                self._release_task = asyncio.create_task(self._release_slow())
        try:
            yield
        finally:
            self._quick_slots.pop(id(place), None)
            place.semaphore.release()
            took = self._clock.monotonic() - place.started_at
            (self._known_slow.add if took > SLOW_AFTER else self._known_slow.discard)(feed_id)

    async def _release_slow(self) -> None:
        """Exchange quick places that are held for long for slow ones, as long as there are any."""
        try:
            while self._quick_slots:
                await self._clock.sleep(SLOW_AFTER / 2)
                late = self._clock.monotonic() - SLOW_AFTER
                for place in [one for one in self._quick_slots.values() if one.started_at <= late]:
                    if self._slow.locked():
                        break
                    await self._slow.acquire()  # at once
                    place.semaphore.release()
                    place.semaphore = self._slow
                    self._quick_slots.pop(id(place))
        finally:
            self._release_task = None


@dataclass(slots=True)
class _Slot:
    semaphore: asyncio.Semaphore
    started_at: float
