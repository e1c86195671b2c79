"""How an answer reaches its chat: in place of the message whose button was pressed, or below.

`Answers` is what `bot.app` hands in: it says things at the pace that everything the bot says shares, answers
first.
"""

from typing import Protocol

import structlog

from bot.commands import CommandContext, Reply, find_command
from bot.commands.privacy import erase_gone_chat
from bot.dispatch.parse import ButtonPress, ParsedQuestion
from bot.render import Content
from jobs.clock import Clock
from jobs.publish.send_result import (
    ChatGone,
    ChatMoved,
    Missing,
    Outcome,
    Refused,
    Sent,
    TryLater,
    Untouchable,
)
from storage import chats, reports
from storage.records import ChatKind

TOAST_LIMIT = 200  #: characters of a line over the chat
RETRY_WAIT_LIMIT = 10.0  #: seconds that an answer waits for Telegram; a later one helps nobody

log = structlog.get_logger()


class AnswerSender(Protocol):
    """Says something to whoever asked; never raises for what Telegram answers.

    `content` is JSON made by `bot.render`. A "message is not modified" is `Sent`.
    """

    async def send(self, chat_id: int, content: str, *, reply_to: int = 0) -> Outcome:
        """`reply_to`: the message that is answered, where it still stands; 0 for none."""
        ...

    async def edit(self, chat_id: int, message_id: int, content: str) -> Outcome: ...

    async def acknowledge_press(self, query_id: str, toast: str) -> None:
        """End a pressed button's wait, with a line over the chat where `toast` says one."""
        ...


class ReplySender:
    """Carries replies to chats, and remembers which list stands in which message."""

    def __init__(self, context: CommandContext, answers: AnswerSender, clock: Clock) -> None:
        self._context, self._answers, self._clock = context, answers, clock

    async def acknowledge_press(self, query_id: str, toast: str = "") -> None:
        """End a pressed button's wait; Telegram shows 200 characters at most (answerCallbackQuery)."""
        await self._answers.acknowledge_press(query_id, toast[:TOAST_LIMIT])

    async def send_reply(self, asked: ParsedQuestion, reply: Reply) -> None:
        """Say `reply` where it was asked for; what becomes of it is noted, nothing is raised."""
        content = _reply_content(reply).to_json()
        outcome = await self._send_content(asked, asked.chat_id, content)
        if isinstance(outcome, TryLater) and outcome.seconds <= RETRY_WAIT_LIMIT:
            await self._clock.sleep(outcome.seconds)
            outcome = await self._send_content(asked, asked.chat_id, content)
        if isinstance(outcome, Refused) and outcome.picture:
            content = _reply_content(reply).without_picture().to_json()
            outcome = await self._send_content(asked, asked.chat_id, content)
        if isinstance(outcome, ChatMoved):
            await self._context.db.run(chats.move, asked.chat_id, outcome.chat_id)
            outcome = await self._answers.send(outcome.chat_id, content)
        await self._record_outcome(asked, reply, outcome)

    async def _send_content(self, asked: ParsedQuestion, chat_id: int, content: str) -> Outcome:
        if asked.pressed and await self._may_replace(asked.pressed, chat_id):
            outcome = await self._answers.edit(chat_id, asked.pressed.message_id, content)
            if not isinstance(outcome, Missing | Untouchable):
                return outcome
        question = asked.pressed.message_id if asked.pressed else asked.message_id
        reply_to = 0 if asked.kind is ChatKind.PRIVATE else question  # in a group, also for the right topic
        return await self._answers.send(chat_id, content, reply_to=reply_to)

    async def _may_replace(self, pressed: ButtonPress, chat_id: int) -> bool:
        """Whether the answer takes the message's place: the button says so, and it is no delivery."""
        if pressed.reply_below:
            return False
        return await self._context.db.read(reports.article_of_message, chat_id, pressed.message_id) is None

    async def _record_outcome(self, asked: ParsedQuestion, reply: Reply, outcome: Outcome) -> None:
        if isinstance(outcome, Sent):
            if reply.articles:
                self._context.memory.remember_list(asked.chat_id, outcome.message_id, reply.articles)
            return
        if isinstance(outcome, ChatGone) and asked.kind is ChatKind.PRIVATE:
            await erase_gone_chat(self._context, asked.chat_id)
        known = find_command(asked.command)
        log.info(
            "an answer was not shown",
            command=known.name if known else "",
            outcome=type(outcome).__name__,  # Telegram's reason may quote the answer, and so the question
        )


def _reply_content(reply: Reply) -> Content:
    return Content(
        text=reply.html,
        preview=reply.preview_url,
        large=reply.large,
        above=reply.large,
        buttons=reply.buttons,
    )
