"""Slots for concurrent feed updates, so that many slow ones leave room for a quick one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jobs.clock import Clock

#: Concurrent quick updates; the fetcher limits requests per host.
MAX_CONCURRENT = 64
#: Concurrent slow updates. More of them wait for one of these to end, without delaying quick ones.
MAX_SLOW = 256
#: Seconds after which an update counts as slow.
SLOW_AFTER = 0.25


class UpdateSlots:
    """A slot for each feed update in progress.

    An update that takes longer than `SLOW_AFTER` seconds is moved to a slow slot, and its feed gets a slow
    slot the next time: a feed that hangs can occupy a quick slot only once.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quick = asyncio.Semaphore(MAX_CONCURRENT)
        self._slow = asyncio.Semaphore(MAX_SLOW)
        self._known_slow: set[int] = set()
        self._quick_slots: dict[int, _Slot] = {}  # the oldest first
        self._release_task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def hold_slot(self, feed_id: int) -> AsyncIterator[None]:
        """Wait for a slot and hold it."""
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
        """Exchange quick slots that are held for long for slow ones, until no quick slot is held."""
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
