"""The subscriber in WebSub tests: a database with one feed, and the callback's web server."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from aiohttp import web

from bot.web.websub import WebSubEndpoint
from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.websub.client import Push, WebSubContext
from storage import feeds, websub_subscriptions
from storage.database import Database
from storage.records import Feed, Lease
from tests.conftest import MovedClock
from tests.jobs.ingest.hub import Hub, a_hub
from tests.jobs.ingest.site import POLICY


@dataclass
class House:
    """The subscriber: one feed that names the hub, and the callback."""

    websub: WebSubContext
    hub: Hub
    feed: Feed
    fetcher: Fetcher
    pushed: asyncio.Queue[Push] = field(default_factory=asyncio.Queue)
    hand_over: Callable[[Push], Awaitable[object]] | None = None  #: called with a push, instead of `pushed`

    async def take(self, push: Push) -> None:
        await (self.hand_over or self.pushed.put)(push)

    @property
    def db(self) -> Database:
        return self.websub.db

    async def leases(self) -> list[Lease]:
        return await self.db.read(websub_subscriptions.list_all)

    async def lease(self) -> Lease:
        (one,) = await self.leases()
        return one

    async def change(self, **columns: object) -> None:
        await self.db.run(lambda c: feeds.update_columns(c, self.feed.id, **columns))

    async def now(self) -> Feed:
        feed = await self.db.read(feeds.get, self.feed.id)
        assert feed is not None
        return feed

    def later(self, **span: float) -> None:
        assert isinstance(self.websub.clock, MovedClock)
        self.websub.clock.move(timedelta(**span).total_seconds())


@asynccontextmanager
async def served(callbacks: WebSubEndpoint, listening: socket.socket) -> AsyncIterator[None]:
    """Serve the callback."""
    application = web.Application()
    application.add_routes(callbacks.callback_routes())
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    yield
    await callbacks.close()
    await runner.cleanup()


@asynccontextmanager
async def a_house(db: Database, clock: MovedClock) -> AsyncIterator[House]:
    """A subscriber whose one feed names a hub; no request has been sent yet."""
    async with a_hub() as hub, Fetcher(POLICY, clock) as fetcher:
        await db.run(feeds.register_urls, ["http://paper.example/feed"], clock.now())
        (feed,) = await db.read(feeds.list_all)
        listening = socket.create_server(("127.0.0.1", 0))
        public = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        house = House(
            WebSubContext(db, fetcher, clock, replace(POLICY, public_url=public)), hub, feed, fetcher
        )
        await house.change(hub=hub.url, topic="http://paper.example/feed?self")
        async with served(WebSubEndpoint(house.websub, house.take), listening):
            yield house
