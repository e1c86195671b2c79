"""The peers of the fan-out: sendMessage by python-telegram-bot and aiogram, 64 at once, as in their docs.

    python -m benchmarks.sending.rivals ptb|aiogram ADDRESS TOKEN COUNT FIRST_READER

Run in a separate process; prints messages a second and CPU microseconds per message as JSON.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

AT_ONCE = 64
TEXT = "<b>The ferry to island 1 sails again</b>\n\nPassengers may board from noon.\n\n<a href='{}'>Read</a>"
LINK = "https://gazette.example.org/story/1"

Send = Callable[[int], Awaitable[Any]]


async def measure(send: Send, count: int, first: int) -> dict[str, float]:
    """Send `count` messages to as many readers, `AT_ONCE` at a time."""
    readers = iter(range(first, first + count))

    async def work() -> None:
        for reader in readers:
            await send(reader)

    await send(first)
    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    elapsed, cpu = time.perf_counter() - began, time.process_time() - used
    return {"rate": count / elapsed, "cpu": cpu / count * 1e6}


async def ptb(address: str, token: str, count: int, first: int) -> dict[str, float]:
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    from telegram import Bot, LinkPreviewOptions
    from telegram.request import HTTPXRequest

    request = HTTPXRequest(connection_pool_size=AT_ONCE, pool_timeout=30, read_timeout=30)
    async with Bot(token, base_url=f"{address}/bot", request=request) as bot:
        preview = LinkPreviewOptions(url=LINK, prefer_large_media=True)
        text = TEXT.format(LINK)

        async def send(reader: int) -> None:
            await bot.send_message(reader, text, parse_mode="HTML", link_preview_options=preview)

        return await measure(send, count, first)


async def aiogram(address: str, token: str, count: int, first: int) -> dict[str, float]:
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import LinkPreviewOptions

    session = AiohttpSession(api=TelegramAPIServer.from_base(address), limit=AT_ONCE)
    async with Bot(token, session=session) as bot:
        preview = LinkPreviewOptions(url=LINK, prefer_large_media=True)
        text = TEXT.format(LINK)

        async def send(reader: int) -> None:
            await bot.send_message(reader, text, parse_mode="HTML", link_preview_options=preview)

        return await measure(send, count, first)


def main() -> None:
    name, address, token, count, first = sys.argv[1:]
    rival = {"ptb": ptb, "aiogram": aiogram}[name]
    found = asyncio.run(rival(address, token, int(count), int(first)))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
