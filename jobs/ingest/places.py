"""How many looks go on at once, so that many slow ones leave room for a quick one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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

    @asynccontextmanager
    async def place(self, feed_id: int) -> AsyncIterator[None]:
        """Wait for a place, and have it."""
        held = [self._slow if feed_id in self._known_slow else self._quick]
        await held[0].acquire()
        began = self._clock.monotonic()
        moving = asyncio.create_task(self._make_room(held)) if held[0] is self._quick else None
        try:
            yield
        finally:
            if moving:
                moving.cancel()
            held[0].release()
            took = self._clock.monotonic() - began
            (self._known_slow.add if took > SOON else self._known_slow.discard)(feed_id)

    async def _make_room(self, held: list[asyncio.Semaphore]) -> None:
        """Exchange a quick place for a slow one, as soon as one is free."""
        await self._clock.sleep(SOON)
        await self._slow.acquire()
        held[0].release()
        held[0] = self._slow
