"""An operator's machine: `newswire` and a fake Telegram as processes of their own, and a test site.

Tests never sleep: they wait for a log record, an event of the fake Telegram, or a request to the site.
"""

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import click.testing

from bot.__main__ import main
from tests.jobs.ingest.site import Site, a_site

ROOT = Path(__file__).parents[2]
PATIENCE = 40.0  #: seconds after which a test fails: many times longer than anything takes


@dataclass
class Telegram:
    """A fake Telegram in another process, which outlives the bots."""

    address: str
    token: str
    channels: list[int]
    people: list[int]
    session: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.address}/box/{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, **given: Any) -> Any:
        async with self.session.post(f"{self.address}/box/{path}", json=given) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def channel(self, title: str, *rights: str) -> int:
        added = await self.post("add/channel", title=title, username=title.lower(), rights=rights)
        return int(added["id"])

    async def texts(self, chat: int) -> list[str]:
        """Return the texts in the chat, oldest first."""
        return [message["text"] for message in await self.get(f"chats/{chat}") if message.get("text")]

    async def headlines(self, chat: int) -> list[str]:
        return [text.splitlines()[0] for text in await self.texts(chat)]

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        """Wait until an event of the fake Telegram makes `true` return True."""
        async with asyncio.timeout(PATIENCE):
            after = (await self.get("state"))["last_event"]
            while not await true():
                events = await self.get(f"events?after={after}&wait=5")
                after = max([after, *(event["number"] for event in events)])

    async def until_shown(self, chat: int, *headlines: str) -> None:
        """Wait until the chat shows exactly these headlines, in this order."""

        async def shown() -> bool:
            return await self.headlines(chat) == list(headlines)

        try:
            await self.until(shown)
        except TimeoutError:
            assert await self.headlines(chat) == list(headlines)


@asynccontextmanager
async def telegram(*options: str) -> AsyncIterator[Telegram]:
    """Run a fake Telegram without rate limits, which delivers webhooks over plain http."""
    command = [sys.executable, "-m", "bot.sandbox", "--no-limits", "--local", *options]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    try:
        ready = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            yield Telegram(**ready, session=session)
    finally:
        process.kill()
        await process.wait()


@dataclass
class Running:
    """A `newswire` in a process of its own, and its lines on stderr."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    _spoke: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode().rstrip("\n"))
            self._spoke.set()
        self._spoke.set()

    async def until_it_says(self, words: str, times: int = 1) -> str:
        """Wait until `words` were logged so many times, and return the last of these lines."""
        async with asyncio.timeout(PATIENCE):
            while len(said := [line for line in self.lines if words in line]) < times:
                assert self.process.returncode is None, self.lines
                self._spoke.clear()
                await self._spoke.wait()
        return said[times - 1]

    async def ends(self) -> int:
        """Wait until it ends, and return its exit status."""
        async with asyncio.timeout(PATIENCE):
            await self._listening
            return await self.process.wait()

    async def stop(self) -> tuple[int, float]:
        """Send SIGTERM; returns the exit status, and the seconds until it ended."""
        asked = time.monotonic()
        self.process.terminate()
        return await self.ends(), time.monotonic() - asked

    async def kill(self) -> None:
        """Send SIGKILL."""
        self.process.kill()
        await self.ends()

    def __post_init__(self) -> None:
        self._listening = asyncio.create_task(self.listen())


@asynccontextmanager
async def running(folder: Path, *words: str, **environment: str) -> AsyncIterator[Running]:
    """Run `newswire WORDS`, and kill it at the end of the block if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *words,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "200"} | environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    run = Running(process)
    try:
        yield run
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await run.ends()


@dataclass(frozen=True)
class Said:
    """The output and exit status of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def newswire(folder: Path, *words: str, **environment: str) -> Said:
    """Run a command in this process, which has imported everything already."""
    return await asyncio.to_thread(_invoke, folder, words, environment)


def _invoke(folder: Path, words: tuple[str, ...], environment: dict[str, str]) -> Said:
    runner = click.testing.CliRunner()
    ours = {name: None for name in os.environ if name not in ("PATH", "HOME", "TMPDIR")}
    command = click.Command("newswire", callback=lambda: main(list(words)))
    with contextlib.chdir(folder):
        result = runner.invoke(command, [], env=ours | {"COLUMNS": "200"} | environment)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


@dataclass
class Newsroom:
    """A fake Telegram, a site and a folder, and the settings that connect them."""

    telegram: Telegram
    site: Site
    folder: Path

    def settings(self, *paths: str, **more: str) -> dict[str, str]:
        """Return the settings, as in an operator's `.env`; `paths` are the feeds on the site."""
        there = self.telegram
        own = {"TELEGRAM_BOT_TOKEN": there.token, "CHANNELS": str(there.channels[0])}
        return settings_for(self.site, self.folder, there.address, *paths, **own | more)

    async def looks(self, count: int, path: str = "/feed") -> None:
        """Wait until the feed was fetched `count` more times."""
        wanted = len(self._asked(path)) + count
        async with asyncio.timeout(PATIENCE):
            while len(self._asked(path)) < wanted:
                self.site.was_asked.clear()
                await self.site.was_asked.wait()

    def _asked(self, path: str) -> list[object]:
        return [request for request in self.site.asked if request.path == path]


def settings_for(site: Site, folder: Path, telegram: str, *paths: str, **more: str) -> dict[str, str]:
    """Return settings for the site's feeds, updated every second, and a database in `folder`."""
    return {
        "TELEGRAM_API_URL": telegram,
        "FEED_URLS": ",".join(site.url(path) for path in paths or ("/feed",)),
        "DATABASE_URL": f"sqlite:///{folder / 'newswire.db'}",
        "HTTP_ADDRESS": "",
        "PRIVATE_NETWORKS": "127.0.0.0/8",
        "FETCH_SCHEDULE": "1s",
        "MAX_AGE": "3650d",
        "RATE_CHAT": "1000/s",
        "RATE_GROUP": "1000/s",
    } | more


@asynccontextmanager
async def newsroom(folder: Path, *options: str) -> AsyncIterator[Newsroom]:
    """Open a newsroom that has no bot yet; `options` are those of the fake Telegram."""
    async with telegram(*options) as there, a_site() as site:
        yield Newsroom(there, site, folder)


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def get(address: str) -> tuple[int, str]:
    """Return the status and text of a response."""
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return answer.status, await answer.text()
