"""The real process in front of a Telegram in a box, each in a process of its own; measured from outside."""

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
#: Readers who only ask.
ASKING = 20
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class BoxProcess:
    """A box over HTTP, and its control routes."""

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
async def box_process(
    people: int, *, latency: float = LATENCY, limits: bool = True
) -> AsyncIterator[BoxProcess]:
    """A box with so many readers and a channel, in a process of its own."""
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
        box = BoxProcess(ready["address"], ready["token"], ready["channels"], session)
        await box.post("faults", latency=latency)
        try:
            yield box
        finally:
            process.terminate()
            await process.wait()


@asynccontextmanager
async def newsroom(
    folder: Path, box: BoxProcess, readers: range, settings: dict[str, str]
) -> AsyncIterator[tuple[Bot, Site]]:
    """`newswire run`, which has looked at its feed once, and the site behind it."""
    site = Site()
    application = web.Application()
    application.add_routes(site.routes())
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.address = "http://{}:{}".format(*runner.addresses[0][:2])
    usual = {
        "DATABASE_URL": f"sqlite:///{folder}/newswire.db",
        "TELEGRAM_BOT_TOKEN": box.token,
        "TELEGRAM_API_URL": box.address,
        "FEED_URLS": site.feed,
        "CHANNELS": str(box.channels[0]),
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
        assert await bot.until(met, 90), "the bot did not begin its work"
        yield bot, site
    finally:
        bot.close()
        await runner.cleanup()


def cpu_seconds(process: int) -> float:
    """What a process has used since its start."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True)
class Memory:
    """Megabytes: the most that a process ever had, and how much of what it has is its own."""

    peak: float
    own: float  #: without the libraries' files, which all processes share


def memory(process: int) -> Memory:
    """What it has taken by now."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    kilobytes = {
        name: int(rest.split()[0])
        for name, _, rest in (line.partition(":") for line in lines)
        if "kB" in rest
    }
    return Memory(kilobytes["VmHWM"] * 1024 / 1e6, kilobytes["RssAnon"] * 1024 / 1e6)


async def shown_between(
    box: BoxProcess, first: range, last: range, *, edits: bool = False
) -> tuple[datetime, datetime]:
    """When the first message, or edit, reached the first readers, and the last one the last readers."""
    word = "edited_at" if edits else "at"
    begin, end = [
        [
            datetime.fromisoformat(message[word])
            for reader in part
            for message in await box.get(f"chats/{reader}")
        ]
        for part in (first, last)
    ]
    return min(begin), max(end)


async def answers_between(box: BoxProcess, people: range, begin: datetime, end: datetime) -> int:
    """How many answers the bot gave these people meanwhile: they are within the same rate."""
    said = [message for reader in people for message in await box.get(f"chats/{reader}")]
    times = [datetime.fromisoformat(message["at"]) for message in said if message["by_bot"]]
    return sum(begin <= at <= end for at in times)


async def ask_latest(box: BoxProcess, people: range, done: asyncio.Event, every: float = 0.3) -> None:
    """Readers type /latest, one after the other, until `done`."""
    turn = 0
    while not done.is_set():
        reader = people[turn % len(people)]
        await box.post("do/say", user_id=reader, chat_id=reader, text="/latest")
        turn += 1
        await asyncio.sleep(every)


async def answer_times(box: BoxProcess, people: range) -> list[float]:
    """How long each /latest waited for its answer, in seconds, sorted; the answer's way is in it."""
    waits = []
    for reader in people:
        asked: datetime | None = None
        for message in await box.get(f"chats/{reader}"):
            at = datetime.fromisoformat(message["at"])
            if not message["by_bot"]:
                asked = at
            elif asked:
                waits.append((at - asked).total_seconds())
                asked = None
    return sorted(waits)
