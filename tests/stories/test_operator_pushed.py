"""With PUBLIC_URL, Telegram and WebSub hubs push to the bot, and forged requests are rejected."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from tests.stories.operator import Newsroom, Running, free_port, newsroom, running
from tests.stories.test_newsroom_goes_live import feed, item

pytestmark = pytest.mark.slow


@dataclass
class Pushed:
    """A bot with a webhook that logs in JSON."""

    room: Newsroom
    bot: Running
    public: str

    async def post(self, path: str, body: bytes = b"{}", **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.public + path, data=BytesIO(body), headers=named) as answer,
        ):
            return answer.status


@pytest.fixture
async def pushed(tmp_path: Path) -> AsyncIterator[Pushed]:
    address = f"127.0.0.1:{free_port()}"
    async with newsroom(tmp_path) as room:
        room.site.says(feed(item(1, "The river rises")))
        public = f"http://{address}"  # the fake Telegram delivers webhooks over plain http
        settings = room.settings(PUBLIC_URL=public, HTTP_ADDRESS=address, LOG_FORMAT="json")
        async with running(tmp_path, "run", **settings) as bot:
            await bot.until_it_says("receiving updates")
            await bot.until_it_says("feeds updated")
            yield Pushed(room, bot, public)


async def test_readers_are_answered_by_webhook_and_forged_requests_are_rejected(pushed: Pushed) -> None:
    there, reader = pushed.room.telegram, pushed.room.telegram.people[0]
    update = json.dumps({"update_id": 1, "message": {"text": "/latest"}}).encode()
    assert await pushed.post("/telegram", update) == 403
    assert await pushed.post("/telegram", update, X_Telegram_Bot_Api_Secret_Token="guessed") == 403
    assert await pushed.post("/telegram", update, X_Telegram_Bot_Api_Secret_Token="ü" * 300) == 403
    assert await pushed.post("/telegram", b"x" * 11_000_000) == 403  # unread
    assert await pushed.post("/websub/guessed", b"<rss/>", X_Hub_Signature="sha1=00") == 410
    async with aiohttp.ClientSession() as session:
        asked = {"hub.mode": "subscribe", "hub.topic": "x", "hub.challenge": "y"}
        async with session.get(f"{pushed.public}/websub/guessed", params=asked) as answer:
            assert answer.status == 404
    assert await there.texts(reader) == []

    await there.post("do/say", user_id=reader, chat_id=reader, text="/latest")

    async def answered() -> bool:
        return any("The river rises" in text for text in await there.texts(reader))

    await there.until(answered)
    assert (await pushed.bot.stop())[0] == 0
    said = [json.loads(line) for line in pushed.bot.lines]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in said)
    assert there.token not in str(pushed.bot.lines)
    assert str(reader) not in str(pushed.bot.lines)
