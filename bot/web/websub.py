"""The WebSub callback: hubs verify subscriptions there and push updates of feeds."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from jobs.clock import with_timeout
from jobs.ingest.websub.client import (
    CALLBACK_PATH,
    Push,
    WebSubContext,
    accept_push,
    is_known_callback,
    verify_intent,
)

#: Pushes processed at once; further ones get 503 and Retry-After.
MOST_AT_ONCE = 50

log = structlog.get_logger()

OnPush = Callable[[Push], Awaitable[object]]


class WebSubEndpoint:
    """The routes of the callback. `on_push` gets each authentic push, after the hub got its response."""

    def __init__(self, websub: WebSubContext, on_push: OnPush) -> None:
        self._websub = websub
        self._on_push = on_push
        self._tasks: set[asyncio.Task[None]] = set()

    def callback_routes(self) -> list[web.RouteDef]:
        """Build the routes, for the application that PUBLIC_URL leads to."""
        path = CALLBACK_PATH + "{callback}"
        return [
            web.get(path, self.verify_subscription, allow_head=False),
            web.post(path, self.receive_push),
        ]

    async def verify_subscription(self, request: web.Request) -> web.Response:
        """Verify the intent of a subscription: echo the hub's challenge, or 404."""
        answer = await verify_intent(self._websub, request.match_info["callback"], request.query)
        if answer is None:
            return web.Response(status=404)
        headers = {"X-Content-Type-Options": "nosniff"}
        return web.Response(text=answer, content_type="text/plain", headers=headers)

    async def receive_push(self, request: web.Request) -> web.Response:
        """Receive a push. The response is 202 even if the signature is wrong (WebSub, section 8)."""
        callback = request.match_info["callback"]
        if not await is_known_callback(self._websub, callback):
            return web.Response(status=410)
        if len(self._tasks) >= MOST_AT_ONCE:
            return web.Response(status=503, headers={"Retry-After": "60"})
        policy = self._websub.policy
        try:
            body = await with_timeout(
                self._websub.clock, policy.timeout, _read_body(request, policy.max_bytes)
            )
        except TimeoutError:
            return web.Response(status=408)
        if body is None:
            return web.Response(status=413)
        signature = request.headers.get("X-Hub-Signature", "")
        pushed = await accept_push(self._websub, callback, signature, body, request.content_type)
        if pushed is not None:
            task = asyncio.create_task(self._forward_push(pushed))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return web.Response(status=202)

    async def _forward_push(self, pushed: Push) -> None:
        try:
            await self._on_push(pushed)
        except Exception:
            log.exception("pushed feed update failed", feed_id=pushed.feed_id)

    async def close(self) -> None:
        """Wait for the pushes that are being processed."""
        await asyncio.gather(*self._tasks)


async def _read_body(request: web.Request, max_bytes: int) -> bytes | None:
    """Return the raw body, or None if it has more than `max_bytes`."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > max_bytes:
            return None
    return bytes(body)
