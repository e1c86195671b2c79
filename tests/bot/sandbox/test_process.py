"""The fake Telegram as a separate process: it outlives bots and knows what was shown."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

pytestmark = pytest.mark.slow


@dataclass
class Remote:
    """A fake Telegram in another process, reached over HTTP."""

    session: aiohttp.ClientSession
    address: str
    token: str
    channels: list[int]
    people: list[int]

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.address}{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, **given: Any) -> Any:
        async with self.session.post(f"{self.address}{path}", json=given) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def call(self, method: str, **params: Any) -> Any:
        return (await self.post(f"/bot{self.token}/{method}", **params))["result"]

    def dies_after_asking(self, method: str, **params: Any) -> None:
        """Write a request and close the connection before the answer, as a killed process does."""
        place = urlsplit(self.address)
        body = json.dumps(params).encode()
        head = (
            f"POST /bot{self.token}/{method} HTTP/1.1\r\nHost: telegram\r\nContent-Type: application/json\r\n"
        )
        with socket.create_connection((place.hostname, place.port)) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    command = [sys.executable, "-m", "bot.sandbox", "--channels", "2", "--people", "3"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    async with aiohttp.ClientSession() as session:
        yield Remote(session, **ready)
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def test_a_bot_dies_before_its_answer_and_the_fake_telegram_knows_what_was_shown(
    remote: Remote,
) -> None:
    channel, link = remote.channels[0], "https://example.org/1"
    await remote.post("/box/faults", fault="timeout_applied", methods=["sendMessage"])
    remote.dies_after_asking("sendMessage", chat_id=channel, text=link)
    events = await remote.get("/box/events?kind=message&wait=30&after=3")
    assert events[0]["message"]["text"] == link
    tally = await remote.post("/box/tally", marks=[link], chats=remote.channels)
    assert tally == {"right": 1, "lost": [[remote.channels[1], link]], "doubled": []}


async def test_a_late_request_is_applied_when_the_clock_is_moved(remote: Remote) -> None:
    channel = remote.channels[0]
    await remote.post("/box/faults", fault="late", seconds=3600, methods=["sendMessage"])
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await remote.call("sendMessage", chat_id=channel, text="x")
    last = (await remote.get("/box/state"))["last_event"]
    assert len(await remote.get(f"/box/chats/{channel}")) == 1
    await remote.post("/box/advance", seconds=3601)
    assert await remote.get(f"/box/events?kind=message&after={last}&wait=30")
    assert len(await remote.get(f"/box/chats/{channel}")) == 2


async def test_people_act_over_http_and_the_bot_is_told(remote: Remote) -> None:
    reader, channel = remote.people[0], remote.channels[0]
    keys = {"inline_keyboard": [[{"text": "More", "callback_data": "more"}]]}
    sent = await remote.call("sendMessage", chat_id=reader, text="x", reply_markup=keys)
    await remote.post("/box/do/say", user_id=reader, chat_id=reader, text="/latest")
    await remote.post(
        "/box/do/press", user_id=reader, chat_id=reader, message_id=sent["message_id"], button="More"
    )
    await remote.post("/box/do/set_bot", chat_id=channel, standing="kicked")
    kinds = [list(update)[-1] for update in await remote.call("getUpdates")]
    assert kinds == ["message", "callback_query", "my_chat_member"]
    added = await remote.post("/box/add/channel", title="New", username="new", rights=["can_post_messages"])
    assert (await remote.call("getChat", chat_id="@new"))["id"] == added["id"]
    state = await remote.get("/box/state")
    assert {chat["id"]: chat["bot"] for chat in state["chats"]}[channel] == "kicked"


async def test_the_busiest_window_and_wrong_wishes_are_answered(remote: Remote) -> None:
    for number in range(3):
        await remote.call("sendMessage", chat_id=remote.people[number], text="x")
    assert await remote.get("/box/busiest?seconds=60") == {"most": 3, "count": 3}
    async with remote.session.post(f"{remote.address}/box/faults", json={"fault": "gremlin"}) as answer:
        assert answer.status == 400
        assert "'gremlin' is not a fault" in await answer.text()
    async with remote.session.post(f"{remote.address}/box/do/explode", json={}) as answer:
        assert answer.status == 400
