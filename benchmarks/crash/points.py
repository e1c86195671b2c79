"""The points between "owed" and "settled" at which the bot is killed, and the fate of its request."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from enum import StrEnum

from aiohttp import web

from bot.sandbox.telegram.fake_telegram import FakeTelegram

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: The most seconds until a late request is applied; less than UNCLEAR_SEND_WAIT.
LATE = 1.0
#: The methods by which a story reaches a chat.
WATCHED = ("sendmessage", "editmessagetext")


class Point(StrEnum):
    """When the process is killed."""

    CLAIMED = "claimed, before the request"
    WRITTEN = "request written, not applied"
    LATE = "request written, applied late"
    APPLIED = "applied, not answered"
    ANSWERED = "answered, not recorded"
    RANDOM = "at random"


class Trap:
    """Middleware that kills the bot at a point, once for each `arm`. `called` is set by every request."""

    def __init__(self, telegram: FakeTelegram, chance: random.Random) -> None:
        self._telegram, self._chance = telegram, chance
        self._point: Point | None = None
        self._skip = 0
        self._kill: Callable[[], None] = lambda: None
        self._late: set[asyncio.Task[object]] = set()
        self.called = asyncio.Event()

    def arm(self, point: Point, kill: Callable[[], None]) -> None:
        """Kill at the point during one of the next requests."""
        self._point, self._kill = point, kill
        self._skip = self._chance.choice((0, 1, 2, 5, 10, 20, 40))

    def disarm(self) -> None:
        self._point = None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        method = request.match_info.get("method", "").lower()
        if method:
            self.called.set()
        if self._point is None or method not in WATCHED:
            return await handler(request)
        if self._skip > 0:
            self._skip -= 1
            return await handler(request)
        point, self._point = self._point, None
        return await self._fire(point, method, request, handler)

    async def _fire(
        self, point: Point, method: str, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        params = await request.json()
        match point:
            case Point.APPLIED:
                await self._telegram.call(method, params)
                self._kill()
            case Point.WRITTEN:
                self._kill()
            case Point.LATE:
                self._kill()
                task: asyncio.Task[object] = asyncio.create_task(self._apply_late(method, params))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
            case _:
                answer = await handler(request)
                asyncio.get_running_loop().call_later(self._chance.random() * 0.004, self._kill)
                return answer
        if request.transport:
            request.transport.abort()
        return web.Response()

    async def _apply_late(self, method: str, params: dict[str, object]) -> None:
        await asyncio.sleep(self._chance.random() * LATE)
        await self._telegram.call(method, params)
