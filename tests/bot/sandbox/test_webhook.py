"""Updates delivered to the bot's webhook."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sandbox.transport.webhook import SECRET_HEADER, deliver_updates
from tests.bot.sandbox.conftest import Harness
from tests.conftest import MovedClock, settle


@dataclass
class Hook:
    """A bot with a webhook, which answers as the test says."""

    url: str = ""
    answers: list[web.Response] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    came: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)

    async def take(self, request: web.Request) -> web.Response:
        self.secrets.append(request.headers.get(SECRET_HEADER, ""))
        self.came.put_nowait(await request.json())
        return self.answers.pop(0) if self.answers else web.Response()


class NotedClock(MovedClock):
    """Records how long others slept."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(seconds)


@pytest.fixture
def clock() -> NotedClock:
    return NotedClock()


@pytest.fixture
async def hook(harness: Harness) -> AsyncIterator[Hook]:
    hook, application = Hook(), web.Application()
    application.router.add_post("/hook", hook.take)
    harness.telegram.state.updates.is_local = True
    delivery = asyncio.create_task(deliver_updates(harness.telegram))
    async with TestServer(application) as server:
        hook.url = str(server.make_url("/hook"))
        yield hook
        delivery.cancel()
        await asyncio.gather(delivery, return_exceptions=True)


async def test_updates_are_brought_one_by_one_with_the_secret(harness: Harness, hook: Hook) -> None:
    await harness.ask("setWebhook", url=hook.url, secret_token="abc")
    for text in ("/one", "/two"):
        harness.telegram.say(harness.reader.id, harness.reader.id, text)
    texts = [(await hook.came.get())["message"]["text"] for _ in range(2)]
    assert texts == ["/one", "/two"]
    assert hook.secrets == ["abc", "abc"]


async def test_what_is_not_taken_is_brought_again_after_growing_pauses(
    harness: Harness, hook: Hook, clock: NotedClock
) -> None:
    hook.answers = [web.Response(status=500), web.Response(status=302, headers={"Location": "/other"})]
    await harness.ask("setWebhook", url=hook.url)
    events = harness.telegram.follow_events()
    harness.telegram.say(harness.reader.id, harness.reader.id, "/one")
    first = await hook.came.get()
    for pause in (1, 2):
        while (await anext(events)).kind != "webhook_failed":
            pass
        await settle()
        assert hook.came.empty()
        await harness.clock.advance(pause)
        assert await hook.came.get() == first
    assert clock.slept == [1, 2]
    info = await harness.ask("getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 302 Found"


async def test_an_answer_that_is_a_call_is_carried_out(harness: Harness, hook: Hook) -> None:
    hook.answers = [
        web.json_response({"method": "sendMessage", "chat_id": harness.reader.id, "text": "At once"})
    ]
    await harness.ask("setWebhook", url=hook.url)
    events = harness.telegram.follow_events()
    harness.telegram.say(harness.reader.id, harness.reader.id, "/one")
    async for event in events:
        if event.kind == "message" and event.details["message"].author.id == harness.telegram.bot.id:
            break
    assert harness.telegram.visible_messages(harness.reader.id)[-1].content.text.plain == "At once"
