"""A fake Telegram with a reader and a channel, and helpers to call it."""

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
class Harness:
    """A fake Telegram with a reader and a channel."""

    telegram: FakeTelegram
    clock: MovedClock
    reader: User
    channel: Chat

    async def ask(self, method: str, **params: Any) -> Any:
        """The result of a request that must succeed."""
        status, body = await self.telegram.call(method, params)
        assert (status, body["ok"]) == (200, True), body
        return body["result"]

    async def refused(self, method: str, **params: Any) -> str:
        """The description of a request that must be answered with an error."""
        status, body = await self.telegram.call(method, params)
        assert not body["ok"], body
        assert body["error_code"] == status
        return str(body["description"])

    async def send(self, chat_id: int, text: str = "Hello", **params: Any) -> Message:
        """Send a message of the bot's; returns it as stored."""
        sent = await self.ask("sendMessage", chat_id=chat_id, text=text, **params)
        return self.message(chat_id, sent["message_id"])

    def message(self, chat_id: int, message_id: int) -> Message:
        found = self.telegram.state.messages.find(self.telegram.state.chats.by_id[chat_id], message_id)
        assert found is not None
        return found


@pytest.fixture
async def harness(clock: MovedClock) -> AsyncIterator[Harness]:
    """No limits and no faults; the reader has started the bot, which may post in the channel."""
    telegram = FakeTelegram(clock, random.Random(1), limits=NO_LIMITS)
    yield Harness(
        telegram, clock, telegram.add_person("Aye Aye"), telegram.add_channel("Daily", username="daily")
    )
    await telegram.close()
