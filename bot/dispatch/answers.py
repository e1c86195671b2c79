"""Delivery of replies: an edit of the message whose button was pressed, or a new message.

`AnswerSender` is implemented by `bot.telegram`; it sends within the rate limits shared with posts.
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

TOAST_LIMIT = 200  #: characters (Bot API, answerCallbackQuery)
RETRY_WAIT_LIMIT = 10.0  #: seconds; an answer that Telegram delays for longer is given up

log = structlog.get_logger()


class AnswerSender(Protocol):
    """Sends answers to readers; never raises for an error from Telegram.

    `content` is JSON made by `bot.render`. "Message is not modified" counts as `Sent`.
    """

    async def send(self, chat_id: int, content: str, *, reply_to: int = 0) -> Outcome:
        """Send a message; `reply_to` is the message answered, if it still exists, or 0."""
        ...

    async def edit(self, chat_id: int, message_id: int, content: str) -> Outcome: ...

    async def acknowledge_press(self, query_id: str, toast: str) -> None:
        """Stop the pressed button's spinner, and show `toast` unless it is empty."""
        ...


class ReplySender:
    """Sends replies, and remembers which numbered list is in which message."""

    def __init__(self, context: CommandContext, answers: AnswerSender, clock: Clock) -> None:
        self._context, self._answers, self._clock = context, answers, clock

    async def acknowledge_press(self, query_id: str, toast: str = "") -> None:
        """Stop the pressed button's spinner, with a toast of at most `TOAST_LIMIT` characters."""
        await self._answers.acknowledge_press(query_id, toast[:TOAST_LIMIT])

    async def send_reply(self, asked: ParsedQuestion, reply: Reply) -> None:
        """Send `reply` to the chat that asked, and record the outcome; nothing is raised."""
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
        reply_to = (
            0 if asked.kind is ChatKind.PRIVATE else question
        )  # in a group a reply also lands in the right topic
        return await self._answers.send(chat_id, content, reply_to=reply_to)

    async def _may_replace(self, pressed: ButtonPress, chat_id: int) -> bool:
        """Whether the answer may replace the message: its button allows it, and it is not a delivery."""
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
            "answer not delivered",
            command=known.name if known else "",
            outcome=type(outcome).__name__,  # Telegram's reason may quote the answer
        )


def _reply_content(reply: Reply) -> Content:
    return Content(
        text=reply.html,
        preview=reply.preview_url,
        large=reply.large,
        above=reply.large,
        buttons=reply.buttons,
    )
