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

from bot.commands import CommandContext, Reply, Request, find_command
from bot.commands.privacy import erase_gone_chat
from bot.dispatch.answers import AnswerSender, ReplySender
from bot.dispatch.parse import ParsedQuestion, names_another_bot, parse_message, parse_press
from bot.dispatch.permissions import has_blocked_bot, store_membership
from bot.dispatch.queue import AskerQueue, QueuedQuestion
from bot.dispatch.routing import (
    build_request,
    empty_question_reply,
    not_typed_reply,
    reply_language,
    route_command,
    slow_down_reply,
    unknown_command_reply,
)
from bot.dispatch.throttle import Throttle
from bot.locale import translator_for
from bot.render import escape, visible_text
from jobs.clock import Clock
from storage import chats
from storage.records import Chat, ChatKind

#: Questions of one asker that may wait, and of one who is being slowed down: the newest.
MAX_WAITING, MAX_WAITING_SLOWED = 4, 1
#: Questions whose answers are worked out at once; of those in hand in all, no more than MANY that only read.
ANSWER_CONCURRENCY = 8
MAX_PENDING = 1000
#: Presses that are acknowledged at once; Telegram counts them against no limit.
ACKNOWLEDGE_CONCURRENCY = 16
#: A throttled question looks so often, in seconds, whether it was dropped meanwhile.
RECHECK_DELAY = 0.5
#: Updates remembered as handled: Telegram brings one again if it was not told in time.
REMEMBERED_UPDATES = 1000

log = structlog.get_logger()

Asker = tuple[int, int]


class UpdateDispatcher:
    """The post room. `accept` each update; `finish` before the house closes."""

    def __init__(self, context: CommandContext, answers: AnswerSender, clock: Clock) -> None:
        self._context, self._clock = context, clock
        self._reply_sender = ReplySender(context, answers, clock)
        self._queues: dict[Asker, AskerQueue] = {}
        self._throttle = Throttle()
        self._answer_slots = asyncio.Semaphore(ANSWER_CONCURRENCY)
        self._acknowledge_slots = asyncio.Semaphore(ACKNOWLEDGE_CONCURRENCY)
        self._unacknowledged = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._handled: deque[int] = deque(maxlen=REMEMBERED_UPDATES)
        self._finishing = False

    def accept(self, update: Update) -> None:
        """Begin to handle an update, beside whatever is under way; one that was just handled is ignored."""
        if update.update_id in self._handled:
            return
        self._handled.append(update.update_id)
        task = asyncio.create_task(self.dispatch_update(update))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait until everything accepted is over; whoever is being slowed down is not waited for."""
        self._finishing = True
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def dispatch_update(self, update: Update) -> None:
        """Handle one update to its end; never raises for what is in it."""
        try:
            await self._dispatch_by_kind(update)
        except Exception as error:  # the one place: whatever goes wrong, the next update is handled
            _log_error(error, "an update was not handled")

    async def _dispatch_by_kind(self, update: Update) -> None:
        if update.my_chat_member:
            await self._update_membership(update.my_chat_member)
        elif update.channel_post:
            await self._record_channel_post(update.channel_post)
        elif update.message and update.message.migrate_to_chat_id:
            await self._context.db.run(chats.move, update.message.chat.id, update.message.migrate_to_chat_id)
            self._context.wake_publisher()
        elif update.message:
            if asked := await self._read_message(update.message):
                await self._queue_question(asked)
        elif update.callback_query:
            await self._answer_press(update.callback_query)

    async def _read_message(self, message: Message) -> ParsedQuestion | None:
        """What is asked; the bot may just have been given the name that a command names."""
        if names_another_bot(message, self._context.bot_username):
            await self._context.refresh_bot_name()
        return parse_message(message, self._context.bot_username)

    async def _update_membership(self, change: ChatMemberUpdated) -> None:
        operators, now = self._context.policy.operators, self._clock.now()
        if has_blocked_bot(change):
            await erase_gone_chat(self._context, change.chat.id)
        elif await self._context.db.run(store_membership, change, operators, now):
            self._context.wake_publisher()

    async def _record_channel_post(self, post: Message) -> None:
        """A colleague's post takes an id; who looks for our own must know."""
        chat = await self._context.db.read(chats.get, post.chat.id)
        if chat and post.message_id > chat.last_message_id:
            await self._context.db.run(chats.record_message_id, chat.id, post.message_id)

    async def _answer_press(self, query: CallbackQuery) -> None:
        """A press is always acknowledged, and answered only if it is really ours."""
        if asked := parse_press(query, self._context.bot_id):
            await self._queue_question(asked)
        else:
            await self._acknowledge_press(query.id)

    async def _acknowledge_press(self, query_id: str, toast: str = "") -> None:
        """End a press's wait. Of more than MANY, which only forgers make, Telegram ends it by itself."""
        if self._unacknowledged >= MAX_PENDING:
            return
        self._unacknowledged += 1
        try:
            async with self._acknowledge_slots:
                await self._reply_sender.acknowledge_press(query_id, toast)
        finally:
            self._unacknowledged -= 1

    async def _queue_question(self, asked: ParsedQuestion) -> None:
        """Put the question in its asker's queue, which must come before anything that waits."""
        asker = (asked.chat_id, asked.asker)
        queue = self._queues.setdefault(asker, AskerQueue())
        changes = _changes_state(asked, self._context)
        self._throttle.record_question(asker, self._clock.monotonic(), premature=len(queue) > 0)
        question = queue.add(asked, changes=changes)
        dropped = self._drop_surplus(asker, queue, question)
        try:
            async with asyncio.TaskGroup() as beside:
                beside.create_task(self._answer_in_turn(asker, queue, question))
                for one in dropped:
                    beside.create_task(self._reject_question(asker, one))
        finally:
            queue.remove(question)
            if not queue:
                self._queues.pop(asker, None)

    def _drop_surplus(
        self, asker: Asker, queue: AskerQueue, question: QueuedQuestion
    ) -> list[QueuedQuestion]:
        if not question.changes and sum(map(len, self._queues.values())) > MAX_PENDING:
            question.dropped = True
            return [question]
        return queue.drop_oldest(
            MAX_WAITING_SLOWED
            if self._throttle.is_slowed_down(asker, self._clock.monotonic())
            else MAX_WAITING
        )

    async def _reject_question(self, asker: Asker, question: QueuedQuestion) -> None:
        """Say, once, that questions are not answered; a press says so each time, which costs nothing."""
        asked = question.asked
        if asked.pressed:
            say = translator_for(reply_language(asked, self._context))
            await self._acknowledge_press(
                asked.pressed.query_id, say("That was too quick. Please press again.")
            )
        elif self._throttle.should_notify(asker):
            log.warning("somebody asks too quickly; some questions are not answered")
            if request := await self._load_request(asked):
                await self._reply_sender.send_reply(asked, slow_down_reply(request))

    async def _answer_in_turn(self, asker: Asker, queue: AskerQueue, question: QueuedQuestion) -> None:
        asked, reply = question.asked, None
        try:
            if question.changes:
                reply = await queue.run_change(lambda: self._make_reply(asked))
            await question.wait_turn()
            wanted = await self._is_still_wanted(asker, queue, question)
            question.begun = True
            if wanted and not question.changes:
                reply = await self._make_reply(asked)
        finally:
            if asked.pressed and not question.dropped:
                await self._acknowledge_press(asked.pressed.query_id, _reply_toast(reply))
        if wanted and reply and not (asked.pressed and reply.unavailable):
            await self._reply_sender.send_reply(asked, reply)
            self._throttle.record_answer(asker, self._clock.monotonic())

    async def _is_still_wanted(self, asker: Asker, queue: AskerQueue, question: QueuedQuestion) -> bool:
        """Wait for as long as the asker is slowed down; whether somebody still waits for the answer then."""
        while not question.dropped:
            wait = self._throttle.remaining_wait(asker, self._clock.monotonic())
            if wait <= 0:
                return True
            if self._finishing or queue.is_superseded(question):
                return False
            await self._clock.sleep(min(wait, RECHECK_DELAY))
        return False

    async def _load_request(self, asked: ParsedQuestion) -> Request | None:
        """The request; None for a chat that we know as a channel, whatever the update calls it."""
        context, now = self._context, self._clock.now()
        known = await context.db.read(chats.get, asked.chat_id)
        if _is_channel(asked.chat_id, known, context):
            return None
        return build_request(asked, known or _blank_chat(asked, now), context, now)

    async def _make_reply(self, asked: ParsedQuestion) -> Reply | None:
        async with self._answer_slots:
            request = await self._load_request(asked)
            return await self._run_command(asked, request) if request else None

    async def _run_command(self, asked: ParsedQuestion, request: Request) -> Reply | None:
        if asked.via_bot:
            return not_typed_reply(request)
        command = route_command(asked, request)
        if command is None:
            addressed = asked.kind is ChatKind.PRIVATE or asked.named
            return unknown_command_reply(asked, request, self._context) if addressed else None
        if not asked.command and not asked.words and not _is_pointing(request):
            return empty_question_reply(request)
        try:
            return await command.answer(request, self._context)
        except Exception as error:
            _log_error(error, "a command failed", command=command.name)
            return Reply(html=escape(request.say("That went wrong here. Please try again in a minute.")))


def _changes_state(asked: ParsedQuestion, context: CommandContext) -> bool:
    """Whether it may change something: then it is done, however many questions wait."""
    command = find_command(asked.command) if asked.command else None
    by_operator = asked.user_id in context.policy.operators and asked.kind is ChatKind.PRIVATE
    return command is not None and (command.changes_state or (command.operators_only and by_operator))


def _is_channel(chat_id: int, known: Chat | None, context: CommandContext) -> bool:
    """Whether it is a channel: nothing is ever answered there."""
    if known:
        return known.kind is ChatKind.CHANNEL
    return any(chat_id in edition.channels for edition in context.policy.editions)


def _reply_toast(reply: Reply | None) -> str:
    if reply is None:
        return ""
    return visible_text(reply.html) if reply.unavailable else reply.toast


def _is_pointing(request: Request) -> bool:
    return bool(request.pointed_message or request.pointed_at or request.pointed_text)


def _blank_chat(asked: ParsedQuestion, now: datetime) -> Chat:
    """A chat of which nothing is kept."""
    chat = chats.empty_chat(asked.chat_id, asked.kind, now)
    return replace(chat, title=asked.title, username=asked.username)


def _log_error(error: Exception, event: str, **facts: str) -> None:
    """Log where it happened, and nothing that a reader wrote: messages of errors may quote it."""
    frames = extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    log.error(event, error=type(error).__name__, where=where, **facts)
