"""The real bot and a fake Telegram, each in its own process, measured from outside."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from benchmarks.crash.bot import Bot
from benchmarks.crash.site import Site

LATENCY = 0.06
FIRST_READER = 100_000
#: Readers who only type /latest.
ASKING = 20
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class FakeTelegramProcess:
    """A fake Telegram in another process, with its control API."""

    address: str
    token: str
    channels: list[int]
    session: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.address}/box/{path}") as answer:
            return await answer.json()

    async def post(self, path: str, **asked: object) -> Any:
        async with self.session.post(f"{self.address}/box/{path}", json=asked) as answer:
            return await answer.json()


@asynccontextmanager
async def fake_telegram_process(
    people: int, *, latency: float = LATENCY, limits: bool = True
) -> AsyncIterator[FakeTelegramProcess]:
    """Run a fake Telegram with `people` readers and a channel in another process."""
    arguments = ["-m", "bot.sandbox", "--people", str(people), "--channels", "1"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        *([] if limits else ["--no-limits"]),
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )
    assert process.stdout
    ready = json.loads(await process.stdout.readline())
    async with aiohttp.ClientSession() as session:
        telegram = FakeTelegramProcess(ready["address"], ready["token"], ready["channels"], session)
        await telegram.post("faults", latency=latency)
        try:
            yield telegram
        finally:
            process.terminate()
            await process.wait()


@asynccontextmanager
async def newsroom(
    folder: Path, telegram: FakeTelegramProcess, readers: range, settings: dict[str, str]
) -> AsyncIterator[tuple[Bot, Site]]:
    """Run `newswire run` until its first feed update is done, and the site that it reads."""
    site = Site()
    application = web.Application()
    application.add_routes(site.routes())
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.address = "http://{}:{}".format(*runner.addresses[0][:2])
    usual = {
        "DATABASE_URL": f"sqlite:///{folder}/newswire.db",
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_API_URL": telegram.address,
        "FEED_URLS": site.feed,
        "CHANNELS": str(telegram.channels[0]),
        "PRIVATE_NETWORKS": "127.0.0.1/32",
        "FETCH_SCHEDULE": "1s",
        "HTTP_ADDRESS": "",
        "LOG_LEVEL": "warning",
    }
    bot = Bot(folder, False, usual | settings)
    bot.prepare(readers)
    try:
        site.publish()
        await bot.start()
        met = "SELECT 1 FROM articles, chats WHERE planned_at IS NOT NULL AND chats.title <> ''"
        assert await bot.until(met, 90), "the bot did not finish its first feed update"
        yield bot, site
    finally:
        bot.close()
        await runner.cleanup()


def cpu_seconds(process: int) -> float:
    """CPU seconds of a process since its start."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True)
class Memory:
    """Memory of a process in megabytes: its peak, and its private part."""

    peak: float
    own: float  #: without mapped files, which processes share


def memory(process: int) -> Memory:
    """The memory of a process (Linux)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    kilobytes = {
        name: int(rest.split()[0])
        for name, _, rest in (line.partition(":") for line in lines)
        if "kB" in rest
    }
    return Memory(kilobytes["VmHWM"] * 1024 / 1e6, kilobytes["RssAnon"] * 1024 / 1e6)


async def shown_between(
    telegram: FakeTelegramProcess, first: range, last: range, *, edits: bool = False
) -> tuple[datetime, datetime]:
    """Times of the first message (or edit) to the first readers and of the last one to the last readers."""
    field = "edited_at" if edits else "at"
    begin, end = [
        [
            datetime.fromisoformat(message[field])
            for reader in part
            for message in await telegram.get(f"chats/{reader}")
        ]
        for part in (first, last)
    ]
    return min(begin), max(end)


async def answers_between(
    telegram: FakeTelegramProcess, people: range, begin: datetime, end: datetime
) -> int:
    """How many answers these people got in between; they count against the same rate limit."""
    said = [message for reader in people for message in await telegram.get(f"chats/{reader}")]
    times = [datetime.fromisoformat(message["at"]) for message in said if message["by_bot"]]
    return sum(begin <= at <= end for at in times)


async def ask_latest(
    telegram: FakeTelegramProcess, people: range, done: asyncio.Event, every: float = 0.3
) -> None:
    """Readers type /latest in turn until `done`."""
    turn = 0
    while not done.is_set():
        reader = people[turn % len(people)]
        await telegram.post("do/say", user_id=reader, chat_id=reader, text="/latest")
        turn += 1
        await asyncio.sleep(every)


async def answer_times(telegram: FakeTelegramProcess, people: range) -> list[float]:
    """Seconds from each message of these people to the answer, latency included; sorted."""
    waits = []
    for reader in people:
        asked: datetime | None = None
        for message in await telegram.get(f"chats/{reader}"):
            at = datetime.fromisoformat(message["at"])
            if not message["by_bot"]:
                asked = at
            elif asked:
                waits.append((at - asked).total_seconds())
                asked = None
    return sorted(waits)
