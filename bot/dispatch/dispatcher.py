"""Takes updates and answers each asker in turn, all of them beside each other; what fails is caught here.

What changes something is done at once and never dropped. Of questions that only read, a few wait for each
asker: in a group each person is an asker of their own.
"""

import asyncio
from collections import deque
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from traceback import extract_tb

import structlog
from telegram import CallbackQuery, ChatMemberUpdated, Message, Update

from bot.commands import Desk, Reply, Request, command_named
from bot.commands.privacy import erase_gone
from bot.dispatch.answers import Answers, Messenger
from bot.dispatch.parse import Asked, names_another_bot, read_message, read_press
from bot.dispatch.permissions import reader_left, remember_standing
from bot.dispatch.queue import AskerQueue, Question
from bot.dispatch.routing import language_of, not_typed, request_for, route, slow_down, speechless, unknown
from bot.dispatch.throttle import Throttle
from bot.locale import words
from bot.render import escape, shown
from jobs.clock import Clock
from storage import chats
from storage.records import Chat, ChatKind

#: Questions of one asker that may wait, and of one who is being slowed down: the newest.
FEW, FEWEST = 4, 1
#: Questions whose answers are worked out at once; of those in hand in all, no more than MANY that only read.
AT_ONCE = 8
MANY = 1000
#: Presses that are acknowledged at once; Telegram counts them against no limit.
ACKNOWLEDGED_AT_ONCE = 16
#: A throttled question looks so often, in seconds, whether it was dropped meanwhile.
STEP = 0.5
#: Updates remembered as handled: Telegram brings one again if it was not told in time.
REMEMBERED = 1000

log = structlog.get_logger()

Asker = tuple[int, int]


class Dispatch:
    """The post room. `accept` each update; `finish` before the house closes."""

    def __init__(self, desk: Desk, answers: Answers, clock: Clock) -> None:
        self._desk, self._clock = desk, clock
        self._messenger = Messenger(desk, answers, clock)
        self._queues: dict[Asker, AskerQueue] = {}
        self._throttle = Throttle()
        self._hands = asyncio.Semaphore(AT_ONCE)
        self._acknowledging = asyncio.Semaphore(ACKNOWLEDGED_AT_ONCE)
        self._unacknowledged = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._handled: deque[int] = deque(maxlen=REMEMBERED)
        self._finishing = False

    def accept(self, update: Update) -> None:
        """Begin to handle an update, beside whatever is under way; one that was just handled is ignored."""
        if update.update_id in self._handled:
            return
        self._handled.append(update.update_id)
        task = asyncio.create_task(self.take(update))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait until everything accepted is over; whoever is being slowed down is not waited for."""
        self._finishing = True
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
            if asked := await self._read(update.message):
                await self._answer(asked)
        elif update.callback_query:
            await self._press(update.callback_query)

    async def _read(self, message: Message) -> Asked | None:
        """What is asked; the bot may just have been given the name that a command names."""
        if names_another_bot(message, self._desk.bot_username):
            await self._desk.ask_name()
        return read_message(message, self._desk.bot_username)

    async def _standing(self, change: ChatMemberUpdated) -> None:
        operators, now = self._desk.policy.operators, self._clock.now()
        if reader_left(change):
            await erase_gone(self._desk, change.chat.id)
        elif await self._desk.db.run(remember_standing, change, operators, now):
            self._desk.changed()

    async def _seen(self, post: Message) -> None:
        """A colleague's post takes an id; who looks for our own must know."""
        chat = await self._desk.db.read(chats.get, post.chat.id)
        if chat and post.message_id > chat.last_message_id:
            await self._desk.db.run(chats.saw_message, chat.id, post.message_id)

    async def _press(self, query: CallbackQuery) -> None:
        """A press is always acknowledged, and answered only if it is really ours."""
        if asked := read_press(query, self._desk.bot_id):
            await self._answer(asked)
        else:
            await self._acknowledge(query.id)

    async def _acknowledge(self, query_id: str, toast: str = "") -> None:
        """End a press's wait. Of more than MANY, which only forgers make, Telegram ends it by itself."""
        if self._unacknowledged >= MANY:
            return
        self._unacknowledged += 1
        try:
            async with self._acknowledging:
                await self._messenger.acknowledge(query_id, toast)
        finally:
            self._unacknowledged -= 1

    async def _answer(self, asked: Asked) -> None:
        """Put the question in its asker's queue, which must come before anything that waits."""
        asker = (asked.chat_id, asked.asker)
        queue = self._queues.setdefault(asker, AskerQueue())
        changes = _changes_state(asked, self._desk)
        self._throttle.ask(asker, self._clock.monotonic(), premature=len(queue) > 0)
        question = queue.add(asked, changes=changes)
        dropped = self._make_room(asker, queue, question)
        try:
            async with asyncio.TaskGroup() as beside:
                beside.create_task(self._answer_in_turn(asker, queue, question))
                for one in dropped:
                    beside.create_task(self._turn_away(asker, one))
        finally:
            queue.remove(question)
            if not queue:
                self._queues.pop(asker, None)

    def _make_room(self, asker: Asker, queue: AskerQueue, question: Question) -> list[Question]:
        if not question.changes and sum(map(len, self._queues.values())) > MANY:
            question.dropped = True
            return [question]
        return queue.drop(FEWEST if self._throttle.is_slow(asker, self._clock.monotonic()) else FEW)

    async def _turn_away(self, asker: Asker, question: Question) -> None:
        """Say, once, that questions are not answered; a press says so each time, which costs nothing."""
        asked = question.asked
        if asked.pressed:
            say = words(language_of(asked, self._desk))
            await self._acknowledge(asked.pressed.query_id, say("That was too quick. Please press again."))
        elif self._throttle.tell_once(asker):
            log.warning("somebody asks too quickly; some questions are not answered")
            if request := await self._request(asked):
                await self._messenger.say(asked, slow_down(request))

    async def _answer_in_turn(self, asker: Asker, queue: AskerQueue, question: Question) -> None:
        asked, reply = question.asked, None
        try:
            if question.changes:
                reply = await queue.change(lambda: self._reply(asked))
            await question.turn()
            wanted = await self._is_still_wanted(asker, queue, question)
            question.begun = True
            if wanted and not question.changes:
                reply = await self._reply(asked)
        finally:
            if asked.pressed and not question.dropped:
                await self._acknowledge(asked.pressed.query_id, _toast(reply))
        if wanted and reply and not (asked.pressed and reply.unavailable):
            await self._messenger.say(asked, reply)
            self._throttle.answer(asker, self._clock.monotonic())

    async def _is_still_wanted(self, asker: Asker, queue: AskerQueue, question: Question) -> bool:
        """Wait for as long as the asker is slowed down; whether somebody still waits for the answer then."""
        while not question.dropped:
            wait = self._throttle.wait(asker, self._clock.monotonic())
            if wait <= 0:
                return True
            if self._finishing or queue.is_superseded(question):
                return False
            await self._clock.sleep(min(wait, STEP))
        return False

    async def _request(self, asked: Asked) -> Request | None:
        """The request; None for a chat that we know as a channel, whatever the update calls it."""
        desk, now = self._desk, self._clock.now()
        known = await desk.db.read(chats.get, asked.chat_id)
        if _is_channel(asked.chat_id, known, desk):
            return None
        return request_for(asked, known or _stranger(asked, now), desk, now)

    async def _reply(self, asked: Asked) -> Reply | None:
        async with self._hands:
            request = await self._request(asked)
            return await self._reply_to(asked, request) if request else None

    async def _reply_to(self, asked: Asked, request: Request) -> Reply | None:
        if asked.through_a_bot:
            return not_typed(request)
        command = route(asked, request)
        if command is None:
            addressed = asked.kind is ChatKind.PRIVATE or asked.named
            return unknown(asked, request, self._desk) if addressed else None
        if not asked.command and not asked.words and not _points(request):
            return speechless(request)
        try:
            return await command.answer(request, self._desk)
        except Exception as error:
            _note(error, "a command failed", command=command.name)
            return Reply(html=escape(request.say("That went wrong here. Please try again in a minute.")))


def _changes_state(asked: Asked, desk: Desk) -> bool:
    """Whether it may change something: then it is done, however many questions wait."""
    command = command_named(asked.command) if asked.command else None
    by_operator = asked.user_id in desk.policy.operators and asked.kind is ChatKind.PRIVATE
    return command is not None and (command.changes_state or (command.operators_only and by_operator))


def _is_channel(chat_id: int, known: Chat | None, desk: Desk) -> bool:
    """Whether it is a channel: nothing is ever answered there."""
    if known:
        return known.kind is ChatKind.CHANNEL
    return any(chat_id in edition.channels for edition in desk.policy.editions)


def _toast(reply: Reply | None) -> str:
    if reply is None:
        return ""
    return shown(reply.html) if reply.unavailable else reply.toast


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
