"""A clock that can be advanced by hand, for the fake Telegram as a separate process."""

import asyncio
from datetime import UTC, datetime, timedelta


class FakeClock:
    """The system clock plus an offset; `advance` adds to the offset and wakes the sleepers that are due."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._sleepers: dict[asyncio.Future[None], tuple[float, asyncio.TimerHandle]] = {}

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._offset)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self._offset

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        self._sleepers[woken] = (self.monotonic() + seconds, loop.call_later(seconds, _wake_sleeper, woken))
        try:
            await woken
        finally:
            self._sleepers.pop(woken)[1].cancel()

    def advance(self, seconds: float) -> None:
        self._offset += seconds
        loop, now = asyncio.get_running_loop(), self.monotonic()
        for woken, (until, timer) in list(self._sleepers.items()):
            timer.cancel()
            self._sleepers[woken] = (until, loop.call_later(max(0.0, until - now), _wake_sleeper, woken))


def _wake_sleeper(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
