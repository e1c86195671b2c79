"""A small WebSub hub over HTTP, as the specification describes one, that a test can make behave badly."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.jobs.ingest.site import Site, a_site


@dataclass
class Hub:
    """Verifies each request before it responds, then pushes to verified subscribers."""

    site: Site
    client: aiohttp.ClientSession
    lease_seconds: int = 864_000
    denies: str = ""
    silent: bool = False
    subscribers: dict[str, str] = field(default_factory=dict)  #: callback -> secret
    wishes: list[dict[str, str]] = field(default_factory=list)
    verified: list[tuple[str, int]] = field(default_factory=list)  #: mode, status of the answer

    @property
    def url(self) -> str:
        return self.site.url("/hub")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        wish = {name: str(value) for name, value in (await request.post()).items()}
        self.wishes.append(wish)
        if self.denies:
            await self.ask(wish["hub.callback"], {"hub.mode": "denied", "hub.reason": self.denies}, wish)
        elif not self.silent:
            await self.verify(wish)
        return web.Response(status=202)

    async def verify(self, wish: dict[str, str]) -> None:
        callback, mode = wish["hub.callback"], wish["hub.mode"]
        question = {"hub.mode": mode, "hub.challenge": "do you mean it?"}
        if mode == "subscribe":
            question["hub.lease_seconds"] = str(self.lease_seconds)
        status, body = await self.ask(callback, question, wish)
        self.verified.append((mode, status))
        if status == 200 and body == b"do you mean it?":
            if mode == "subscribe":
                self.subscribers[callback] = wish.get("hub.secret", "")
            else:
                self.subscribers.pop(callback, None)

    async def ask(self, callback: str, question: dict[str, str], wish: dict[str, str]) -> tuple[int, bytes]:
        said = {"hub.topic": wish["hub.topic"], **question}
        async with self.client.get(callback, params=said) as response:
            return response.status, await response.read()

    async def publish(self, body: bytes, *, method: str = "sha256", secret: str | None = None) -> list[int]:
        """Push to all subscribers; return the statuses of their responses."""
        statuses = []
        for callback, agreed in self.subscribers.items():
            key = agreed if secret is None else secret
            signature = hmac.new(key.encode(), body, getattr(hashlib, method)).hexdigest()
            headers = {"Content-Type": "application/rss+xml", "X-Hub-Signature": f"{method}={signature}"}
            statuses.append(await self.send(callback, body, headers))
        return statuses

    async def send(self, callback: str, body: bytes, headers: dict[str, str]) -> int:
        async with self.client.post(callback, data=body, headers=headers) as response:
            return response.status


@asynccontextmanager
async def a_hub() -> AsyncIterator[Hub]:
    async with a_site() as site, aiohttp.ClientSession() as client:
        hub = Hub(site, client)

        async def page(request: web.Request) -> web.StreamResponse:
            return await hub.answer(request)

        site.pages["/hub"] = page
        yield hub
        await asyncio.sleep(0)
