"""The update dispatcher: answers each asker's questions in order, and different askers concurrently.

Questions that change something are handled at once and never dropped. Of those that only read, a few may wait
per asker; in a group each person is an asker. Errors are caught here, so one update never affects another.
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
from bot.dispatch.membership import has_blocked_bot, store_membership
from bot.dispatch.parse import ParsedQuestion, names_another_bot, parse_message, parse_press
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

#: Questions per asker that may wait, and per asker who is being throttled; the newest are kept.
MAX_WAITING, MAX_WAITING_SLOWED = 4, 1
#: Questions answered concurrently, and the total beyond which those that only read are dropped.
ANSWER_CONCURRENCY = 8
MAX_PENDING = 1000
#: Button presses acknowledged concurrently; Telegram counts them against no limit.
ACKNOWLEDGE_CONCURRENCY = 16
#: Seconds after which a throttled question checks whether it was dropped.
RECHECK_DELAY = 0.5
#: Update ids remembered as handled: Telegram repeats an update that was not confirmed in time.
REMEMBERED_UPDATES = 1000

log = structlog.get_logger()

Asker = tuple[int, int]


class UpdateDispatcher:
    """Handles updates. `accept` each one; `finish` before shutting down."""

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
        """Start handling an update in a task of its own; one handled recently is ignored."""
        if update.update_id in self._handled:
            return
        self._handled.append(update.update_id)
        task = asyncio.create_task(self.dispatch_update(update))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait until all accepted updates are handled; throttled questions are not waited for."""
        self._finishing = True
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def dispatch_update(self, update: Update) -> None:
        """Handle one update; never raises."""
        try:
            await self._dispatch_by_kind(update)
        except Exception as error:  # nothing in one update may stop the next
            _log_error(error, "update failed")

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
        """The question, if any. A command for an unknown name may mean that the bot was renamed."""
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
        """Record the message id that someone else's post takes, for the lookup of our own posts."""
        chat = await self._context.db.read(chats.get, post.chat.id)
        if chat and post.message_id > chat.last_message_id:
            await self._context.db.run(chats.record_message_id, chat.id, post.message_id)

    async def _answer_press(self, query: CallbackQuery) -> None:
        """Acknowledge every press, and answer it only if its button is really ours."""
        if asked := parse_press(query, self._context.bot_id):
            await self._queue_question(asked)
        else:
            await self._acknowledge_press(query.id)

    async def _acknowledge_press(self, query_id: str, toast: str = "") -> None:
        """Stop a press's spinner; beyond `MAX_PENDING`, which only forgers reach, Telegram times it out."""
        if self._unacknowledged >= MAX_PENDING:
            return
        self._unacknowledged += 1
        try:
            async with self._acknowledge_slots:
                await self._reply_sender.acknowledge_press(query_id, toast)
        finally:
            self._unacknowledged -= 1

    async def _queue_question(self, asked: ParsedQuestion) -> None:
        """Queue the question and answer it; nothing is awaited before it is queued, to keep the order."""
        asker = (asked.chat_id, asked.asker)
        queue = self._queues.setdefault(asker, AskerQueue())
        changes = _changes_state(asked, self._context)
        self._throttle.record_question(asker, self._clock.monotonic(), premature=len(queue) > 0)
        question = queue.add(asked, changes=changes)
        dropped = self._drop_surplus(asker, queue, question)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._answer_in_turn(asker, queue, question))
                for one in dropped:
                    group.create_task(self._reject_question(asker, one))
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
        """Say once that questions go unanswered; a press says so each time, as a toast costs nothing."""
        asked = question.asked
        if asked.pressed:
            say = translator_for(reply_language(asked, self._context))
            await self._acknowledge_press(asked.pressed.query_id, say("That was too fast. Please tap again."))
        elif self._throttle.should_notify(asker):
            log.warning("asker throttled, questions dropped")
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
        """Wait until the asker may be answered; False if the question was dropped or superseded."""
        while not question.dropped:
            wait = self._throttle.remaining_wait(asker, self._clock.monotonic())
            if wait <= 0:
                return True
            if self._finishing or queue.is_superseded(question):
                return False
            await self._clock.sleep(min(wait, RECHECK_DELAY))
        return False

    async def _load_request(self, asked: ParsedQuestion) -> Request | None:
        """The request, or None if we know the chat as a channel, whatever the update calls it."""
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
            _log_error(error, "command failed", command=command.name)
            return Reply(
                html=escape(request.say("Something went wrong on our side. Please try again in a minute."))
            )


def _changes_state(asked: ParsedQuestion, context: CommandContext) -> bool:
    """Whether the question may change something, and so must not be dropped."""
    command = find_command(asked.command) if asked.command else None
    by_operator = asked.user_id in context.policy.operators and asked.kind is ChatKind.PRIVATE
    return command is not None and (command.changes_state or (command.operators_only and by_operator))


def _is_channel(chat_id: int, known: Chat | None, context: CommandContext) -> bool:
    """Whether the chat is a channel, where nothing is ever answered."""
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
    """An unsaved record for a chat that is not stored."""
    chat = chats.empty_chat(asked.chat_id, asked.kind, now)
    return replace(chat, title=asked.title, username=asked.username)


def _log_error(error: Exception, event: str, **facts: str) -> None:
    """Log the error's type and place; its message may quote what a reader wrote."""
    frames = extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    log.error(event, error=type(error).__name__, where=where, **facts)
