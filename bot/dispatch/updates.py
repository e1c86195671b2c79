"""Takes updates, a few at once for each chat, and answers each; what fails is caught here, once."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from traceback import extract_tb

import structlog
from telegram import ChatMemberUpdated, Message, Update

from bot.commands import Desk, Reply, Request
from bot.dispatch.answers import Answers, Messenger
from bot.dispatch.reading import Asked, read_message, read_press
from bot.dispatch.routing import request_for, route, speechless, unknown
from bot.dispatch.standing import remember_standing
from bot.render import escape
from jobs.clock import Clock
from storage import chats
from storage.records import Chat, ChatKind

#: Questions of one chat that are in hand; more than these are not answered.
FEW = 4
#: Questions in hand in all; the rest wait their turn, and beyond MANY are not answered.
AT_ONCE = 8
MANY = 1000

log = structlog.get_logger()


class Dispatch:
    """The post room. `accept` each update; `finish` before the house closes."""

    def __init__(self, desk: Desk, answers: Answers, clock: Clock) -> None:
        self._desk, self._clock = desk, clock
        self._messenger = Messenger(desk, answers, clock)
        self._in_hand: Counter[int] = Counter()
        self._turns: dict[int, asyncio.Lock] = {}
        self._hands = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def accept(self, update: Update) -> None:
        """Begin to handle an update, beside whatever is under way."""
        task = asyncio.create_task(self.take(update))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait until everything accepted is answered."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def take(self, update: Update) -> None:
        """Handle one update to its end; never raises for what is in it."""
        try:
            await self._take(update)
        except Exception as error:  # the one place: whatever goes wrong, the next update is handled
            _note(error, "an update was not handled")

    async def _take(self, update: Update) -> None:
        if update.my_chat_member:
            await self._standing(update.my_chat_member)
        elif update.channel_post:
            await self._seen(update.channel_post)
        elif update.message and update.message.migrate_to_chat_id:
            await self._desk.db.run(chats.move, update.message.chat.id, update.message.migrate_to_chat_id)
            self._desk.changed()
        elif update.message:
            await self._answer(read_message(update.message, self._desk.bot_username))
        elif update.callback_query:
            await self._answer(read_press(update.callback_query))

    async def _standing(self, change: ChatMemberUpdated) -> None:
        operators = self._desk.policy.operators
        if await self._desk.db.run(remember_standing, change, operators, self._clock.now()):
            self._desk.changed()

    async def _seen(self, post: Message) -> None:
        """A colleague's post takes an id; who looks for our own must know."""
        chat = await self._desk.db.read(chats.get, post.chat.id)
        if chat and post.message_id > chat.last_message_id:
            await self._desk.db.run(chats.saw_message, chat.id, post.message_id)

    async def _answer(self, asked: Asked | None) -> None:
        """Answer in turn: one question of a chat at a time, a few waiting, chats beside each other."""
        if asked is None:
            return
        if self._in_hand[asked.chat_id] >= FEW or self._in_hand.total() >= MANY:
            await self._messenger.acknowledge(asked)
            return
        self._in_hand[asked.chat_id] += 1
        try:
            async with self._turns.setdefault(asked.chat_id, asyncio.Lock()):
                await self._answer_now(asked)
        finally:
            self._in_hand[asked.chat_id] -= 1
            if not self._in_hand[asked.chat_id]:
                del self._in_hand[asked.chat_id]
                self._turns.pop(asked.chat_id, None)

    async def _answer_now(self, asked: Asked) -> None:
        reply = None
        try:
            async with self._hands:
                reply = await self._reply(asked)
        finally:
            await self._messenger.acknowledge(asked, reply.toast if reply else "")
        if reply:
            await self._messenger.say(asked, reply)

    async def _reply(self, asked: Asked) -> Reply | None:
        desk, now = self._desk, self._clock.now()
        known = await desk.db.read(chats.get, asked.chat_id)
        request = request_for(asked, known or _stranger(asked, now), desk, now)
        command = route(asked, request)
        if command is None:
            addressed = asked.kind is ChatKind.PRIVATE or asked.named
            return unknown(asked, request) if addressed else None
        if not asked.command and not asked.words and not _points(request):
            return speechless(request)
        try:
            return await command.answer(request, desk)
        except Exception as error:
            _note(error, "a command failed", command=command.name)
            return Reply(html=escape(request.say("That went wrong here. Please try again in a minute.")))


def _points(request: Request) -> bool:
    return bool(request.pointed_message or request.pointed_at or request.pointed_text)


def _stranger(asked: Asked, now: datetime) -> Chat:
    """A chat of which nothing is kept."""
    chat = chats.blank(asked.chat_id, asked.kind, now)
    return replace(chat, title=asked.title, username=asked.username)


def _note(error: Exception, event: str, **facts: str) -> None:
    """Log where it happened, and nothing that a reader wrote: messages of errors may quote it."""
    frames = extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    log.error(event, error=type(error).__name__, where=where, **facts)
