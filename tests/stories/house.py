"""The whole bot in this process, as `newswire run` starts it, with a fake Telegram and a test site."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from telegram.request import BaseRequest

from bot.app import container
from bot.app.container import Container, open_container
from bot.app.runtime import run_bot
from bot.config import Settings
from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.limits import NO_LIMITS
from bot.sandbox.telegram.messages import Message
from bot.sandbox.transport.in_process import InProcessRequest
from jobs.clock import SystemClock
from jobs.config import Rate
from jobs.ingest import worker_pool
from jobs.ingest.worker_pool import CallFailed, WorkerPool
from storage.database import open_database
from storage.migrations import migrate
from tests.jobs.ingest.site import Site, a_site

AGES = timedelta(days=36500)


class WorkersHere(WorkerPool):
    """The functions run in a thread of this process: no interpreter is started for each test."""

    async def call(self, function: str, *values: Any, low_priority: bool = False) -> Any | CallFailed:
        answer, _ = await asyncio.to_thread(worker_pool._run_function, function, values)
        return answer


@cache
def _migrated() -> bytes:
    """An empty SQLite database, migrated: that takes as long as some tests here."""
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/newswire.db")
        database.run_sync(migrate)
        database.close()
        return Path(folder, "newswire.db").read_bytes()


def _migrate_beforehand(folder: Path) -> None:
    """A folder that is there gets the database; one that is not is for the house to make."""
    file = folder / "newswire.db"
    if folder.is_dir() and not file.exists():
        file.write_bytes(_migrated())


@dataclass
class Desk:
    """A running bot with the site and the channel of its newsroom."""

    house: Container
    box: FakeTelegram
    site: Site
    channel: Chat

    def posts(self) -> list[Message]:
        return [message for message in self.box.visible_messages(self.channel.id) if message.author.is_bot]

    def headlines(self) -> list[str]:
        return [message.content.text.plain.splitlines()[0] for message in self.posts()]

    async def until(self, true: Callable[[], bool], seconds: float = 60.0) -> None:
        """Return as soon as something that happened in the box makes it `true`."""
        async with asyncio.timeout(seconds):
            events = self.box.follow_events(0)
            while not true():
                await anext(events)

    async def looks(self, count: int, path: str = "/feed") -> None:
        """Wait until the feed was fetched `count` more times."""
        wanted = len(self.asked(path)) + count
        async with asyncio.timeout(30):
            while len(self.asked(path)) < wanted:
                await self.site.was_asked.wait()
                self.site.was_asked.clear()

    def asked(self, path: str) -> list[Any]:
        return [request for request in self.site.asked if request.path == path]


@dataclass
class World:
    """What outlives the bot: the site, and Telegram with the channel."""

    site: Site
    box: FakeTelegram
    channel: Chat


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """Open a site and a fake Telegram that outlive the bots of a test."""
    box = FakeTelegram(SystemClock(), random.Random(7), limits=NO_LIMITS)
    async with a_site() as site:
        yield World(site, box, box.add_channel("The Paper", username="the_paper"))
        await box.close()


@asynccontextmanager
async def desk(
    folder: Path,
    *paths: str,
    around: World | None = None,
    request: BaseRequest | None = None,
    processes: bool = False,
    **settings: Any,
) -> AsyncIterator[Desk]:
    """A house that lives until the block ends; `paths` are its feeds on the site.

    `request` is its way to the box of `around`, for tests that look at each request. With `processes` it
    reads feeds and pages in child processes, as `newswire run` does.
    """
    _migrate_beforehand(folder)
    async with AsyncExitStack() as stack:
        if not processes:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(container, "WorkerPool", WorkersHere)
        there = around if around is not None else await stack.enter_async_context(world())
        given: dict[str, Any] = {
            "telegram_bot_token": there.box.token,
            "channels": (there.channel.id,),
            "feed_urls": tuple(there.site.url(path) for path in paths or ("/feed",)),
            "database_url": f"sqlite:///{folder / 'newswire.db'}",
            "http_address": None,
            "private_networks": (ip_network("127.0.0.0/8"),),
            "fetch_schedule": timedelta(seconds=0.1),
            "max_age": AGES,
            "rate_overall": Rate(1000, 1),
            "rate_chat": Rate(1000, 1),
            "rate_group": Rate(1000, 1),
        }
        house = await stack.enter_async_context(
            open_container(Settings(**given | settings), request=request or InProcessRequest(there.box))
        )
        stop = asyncio.Event()
        living = asyncio.create_task(run_bot(house, stop, timedelta(seconds=0.1)))
        try:
            yield Desk(house, there.box, there.site, there.channel)
        finally:
            stop.set()
            await living
