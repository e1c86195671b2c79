"""The callback that WebSub hubs come to: to verify what we asked for, and to push."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from jobs.clock import within
from jobs.ingest.websub.client import PATH, Push, WebSub, is_known, take, verify

#: Pushes being read at once; a hub that brings more is told to come again.
MOST_AT_ONCE = 50

log = structlog.get_logger()

HandOver = Callable[[Push], Awaitable[object]]


class Callbacks:
    """The routes of the callback; `hand_over` gets each believed push, after the hub has its answer."""

    def __init__(self, websub: WebSub, hand_over: HandOver) -> None:
        self._websub = websub
        self._hand_over = hand_over
        self._under_way: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application that PUBLIC_URL reaches."""
        place = PATH + "{callback}"
        return [web.get(place, self.verify, allow_head=False), web.post(place, self.push)]

    async def verify(self, request: web.Request) -> web.Response:
        """A hub asks whether we meant it: its challenge back, or 404."""
        answer = await verify(self._websub, request.match_info["callback"], request.query)
        if answer is None:
            return web.Response(status=404)
        headers = {"X-Content-Type-Options": "nosniff"}
        return web.Response(text=answer, content_type="text/plain", headers=headers)

    async def push(self, request: web.Request) -> web.Response:
        """A hub pushes: 202 at once, also where the signature is wrong, as the specification wants."""
        callback = request.match_info["callback"]
        if not await is_known(self._websub, callback):
            return web.Response(status=410)
        if len(self._under_way) >= MOST_AT_ONCE:
            return web.Response(status=503, headers={"Retry-After": "60"})
        policy = self._websub.policy
        try:
            body = await within(self._websub.clock, policy.timeout, _body(request, policy.max_bytes))
        except TimeoutError:
            return web.Response(status=408)
        if body is None:
            return web.Response(status=413)
        signature = request.headers.get("X-Hub-Signature", "")
        pushed = await take(self._websub, callback, signature, body, request.content_type)
        if pushed is not None:
            task = asyncio.create_task(self._hand(pushed))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return web.Response(status=202)

    async def _hand(self, pushed: Push) -> None:
        try:
            await self._hand_over(pushed)
        except Exception:
            log.exception("a push could not be read; the next look at its feed will", feed=pushed.feed_id)

    async def close(self) -> None:
        """Wait for the pushes under way."""
        await asyncio.gather(*self._under_way)


async def _body(request: web.Request, most: int) -> bytes | None:
    """The raw body, None where it has more than `most` bytes."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)
