"""How an answer reaches its chat: in place of the message whose button was pressed, or below.

`Answers` is what `bot.app` hands in: it says things at the pace that everything the bot says shares, answers
first.
"""

from typing import Protocol

import structlog

from bot.commands import Desk, Reply, command_named
from bot.dispatch.reading import Asked
from bot.render import Content
from jobs.clock import Clock
from jobs.publish.outcome import ChatGone, ChatMoved, Missing, Outcome, Sent, TryLater, Untouchable
from storage import chats
from storage.records import ChatKind

PATIENCE = 10.0  #: seconds that an answer waits for Telegram; a later one helps nobody

log = structlog.get_logger()


class Answers(Protocol):
    """Says something to whoever asked; never raises for what Telegram answers.

    `content` is JSON made by `bot.render`. A "message is not modified" is `Sent`.
    """

    async def send(self, chat_id: int, content: str, *, reply_to: int = 0) -> Outcome:
        """`reply_to`: the message that is answered, where it still stands; 0 for none."""
        ...

    async def edit(self, chat_id: int, message_id: int, content: str) -> Outcome: ...

    async def acknowledge(self, query_id: str, toast: str) -> None:
        """End a pressed button's wait, with a line over the chat where `toast` says one."""
        ...


class Messenger:
    """Carries replies to chats, and remembers which list stands in which message."""

    def __init__(self, desk: Desk, answers: Answers, clock: Clock) -> None:
        self._desk, self._answers, self._clock = desk, answers, clock

    async def acknowledge(self, asked: Asked, toast: str = "") -> None:
        """A pressed button is always answered, or Telegram shows it waiting."""
        if asked.pressed:
            await self._answers.acknowledge(asked.pressed.query_id, toast[:200])

    async def say(self, asked: Asked, reply: Reply) -> None:
        """Say `reply` where it was asked for; what becomes of it is noted, nothing is raised."""
        content = _content(reply).to_json()
        outcome = await self._say(asked, asked.chat_id, content)
        if isinstance(outcome, TryLater) and outcome.seconds <= PATIENCE:
            await self._clock.sleep(outcome.seconds)
            outcome = await self._say(asked, asked.chat_id, content)
        if isinstance(outcome, ChatMoved):
            await self._desk.db.run(chats.move, asked.chat_id, outcome.chat_id)
            outcome = await self._answers.send(outcome.chat_id, content)
        await self._note(asked, reply, outcome)

    async def _say(self, asked: Asked, chat_id: int, content: str) -> Outcome:
        if asked.pressed and asked.pressed.message_id and not asked.pressed.anew:
            outcome = await self._answers.edit(chat_id, asked.pressed.message_id, content)
            if not isinstance(outcome, Missing | Untouchable):
                return outcome
        question = asked.pressed.message_id if asked.pressed else asked.message_id
        reply_to = 0 if asked.kind is ChatKind.PRIVATE else question  # in a group, also for the right topic
        return await self._answers.send(chat_id, content, reply_to=reply_to)

    async def _note(self, asked: Asked, reply: Reply, outcome: Outcome) -> None:
        if isinstance(outcome, Sent):
            if reply.articles:
                self._desk.recent.showed(asked.chat_id, outcome.message_id, reply.articles)
            return
        if isinstance(outcome, ChatGone) and asked.kind is ChatKind.PRIVATE:
            await self._desk.db.run(chats.set_state, asked.chat_id, outcome.state, outcome.reason)
        known = command_named(asked.command)
        log.info(
            "an answer was not shown",
            command=known.name if known else "",
            outcome=type(outcome).__name__,
            why=getattr(outcome, "reason", ""),
        )


def _content(reply: Reply) -> Content:
    return Content(
        text=reply.html,
        preview=reply.preview_url,
        large=reply.large,
        above=reply.large,
        buttons=reply.buttons,
    )
