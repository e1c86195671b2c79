"""A box with a reader and a channel, and words to talk to it."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.sandbox.telegram.chats import Chat, User
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.limits import NO_LIMITS
from bot.sandbox.telegram.messages import Message
from tests.conftest import MovedClock


@dataclass
class Town:
    """A box that somebody lives in."""

    box: FakeTelegram
    clock: MovedClock
    reader: User
    channel: Chat

    async def ask(self, method: str, **params: Any) -> Any:
        """The result of a request that must succeed."""
        status, body = await self.box.call(method, params)
        assert (status, body["ok"]) == (200, True), body
        return body["result"]

    async def refused(self, method: str, **params: Any) -> str:
        """The description of a request that must be refused; the status stands in it in words."""
        status, body = await self.box.call(method, params)
        assert not body["ok"], body
        assert body["error_code"] == status
        return str(body["description"])

    async def send(self, chat_id: int, text: str = "Hello", **params: Any) -> Message:
        """A message of the bot's, as the box keeps it."""
        sent = await self.ask("sendMessage", chat_id=chat_id, text=text, **params)
        return self.message(chat_id, sent["message_id"])

    def message(self, chat_id: int, message_id: int) -> Message:
        found = self.box.state.messages.find(self.box.state.chats.by_id[chat_id], message_id)
        assert found is not None
        return found


@pytest.fixture
async def town(clock: MovedClock) -> AsyncIterator[Town]:
    """No limits and no faults; the reader has started the bot, the bot may post in the channel."""
    box = FakeTelegram(clock, random.Random(1), limits=NO_LIMITS)
    yield Town(box, clock, box.add_person("Aye Aye"), box.add_channel("Daily", username="daily"))
    await box.close()
