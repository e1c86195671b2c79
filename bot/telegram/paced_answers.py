"""Sending of answers to readers within the rate limits shared with posts, fairly among chats."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.telegram.answer_queue import AnswerQueue
from bot.telegram.sender import TelegramSender
from jobs.clock import Clock, Notifier
from jobs.publish.rate_limiter import RateLimiter
from jobs.publish.send_result import Outcome, TryLater

#: Seconds that a reader would wait; an answer not sent by then is dropped.
ANSWER_TIMEOUT = 10.0
#: Shorter sleeps cost more than they gain; the rate limiter allows catching up.
MIN_SLEEP = 0.001
#: Seconds after which a rate limit with no known end is checked again.
RATE_RECHECK_DELAY = 1.0


@dataclass(slots=True, eq=False)
class _QueuedAnswer:
    """One answer waiting to be sent, or being sent."""

    chat_id: int
    send: Callable[[], Awaitable[Outcome]]
    unpaid: bool
    deadline: float  #: when it is dropped
    outcome: asyncio.Future[Outcome] = field(default_factory=asyncio.Future)


class RateLimitedSender:
    """`bot.dispatch.AnswerSender` on top of `TelegramSender`."""

    def __init__(self, sender: TelegramSender, rate_limiter: RateLimiter, clock: Clock) -> None:
        self._sender, self._rate_limiter, self._clock = sender, rate_limiter, clock
        self._queue: AnswerQueue[_QueuedAnswer] = AnswerQueue()
        self._waiting: deque[_QueuedAnswer] = deque()  # oldest first
        self._answer_added = Notifier()
        self._serve_task: asyncio.Task[None] | None = None
        self._send_tasks: set[asyncio.Task[None]] = set()

    async def send(self, chat_id: int, content: str, *, reply_to: int = 0) -> Outcome:
        """Send a new message; `reply_to` is the message answered, or 0."""
        return await self._queue_answer(
            chat_id, lambda: self._sender.send(chat_id, content, reply_to=reply_to)
        )

    async def edit(self, chat_id: int, message_id: int, content: str) -> Outcome:
        """Replace one of our messages."""
        return await self._queue_answer(
            chat_id, lambda: self._sender.edit(chat_id, message_id, content), unpaid=True
        )

    async def acknowledge_press(self, query_id: str, toast: str) -> None:
        """Stop a pressed button's spinner; this counts against no limit (telegram-bot-api #648)."""
        await self._sender.acknowledge_press(query_id, toast)

    async def _queue_answer(
        self, chat_id: int, send: Callable[[], Awaitable[Outcome]], *, unpaid: bool = False
    ) -> Outcome:
        """Send the answer in its turn; `TryLater` if that is later than a reader would wait."""
        now = self._clock.monotonic()
        rest = self._rate_limiter.rest_seconds(chat_id, now, answer=True, unpaid=unpaid)
        if rest > ANSWER_TIMEOUT:
            return _late_outcome(rest)
        answer = _QueuedAnswer(chat_id, send, unpaid, now + ANSWER_TIMEOUT)
        self._queue.add(chat_id, answer, now)
        self._waiting.append(answer)
        self._answer_added.notify()
        if self._serve_task is None or self._serve_task.done():
            self._serve_task = asyncio.create_task(self._serve_queue())
        return await answer.outcome

    async def _serve_queue(self) -> None:
        """Send waiting answers in turn until there are none."""
        while self._queue:
            wait = self._serve_next(self._clock.monotonic())
            if wait > 0:
                await self._answer_added.wait(self._clock, max(wait, MIN_SLEEP))

    def _serve_next(self, now: float) -> float:
        """Start sending the next answer if that is allowed now; the seconds until one may be sent."""
        self._expire_answers(now)
        latest = self._waiting[0].deadline - now if self._waiting else float("inf")
        found = self._queue.first_ready(now, lambda _, answer: self._chat_delay(answer, now))
        if found is None:
            return min(self._queue.next_ready_in(now), latest)
        _, answer = found
        if answer.outcome.done():
            self._queue.pop()
            return 0.0
        wait = self._rate_limiter.wait_seconds(answer.chat_id, now, answer=True, unpaid=answer.unpaid)
        if wait > 0:
            return min(wait, latest, RATE_RECHECK_DELAY)
        self._queue.pop_answered(now)
        ticket = self._rate_limiter.start_request(answer.chat_id, now, answer=True, unpaid=answer.unpaid)
        task = asyncio.create_task(self._send_answer(answer, ticket))
        self._send_tasks.add(task)
        task.add_done_callback(self._send_tasks.discard)
        return 0.0

    def _chat_delay(self, answer: _QueuedAnswer, now: float) -> float:
        """Seconds until the chat's limit allows the answer; 0 for an expired one, which is dropped."""
        if answer.outcome.done():
            return 0.0
        return self._rate_limiter.rest_seconds(answer.chat_id, now, answer=True, unpaid=answer.unpaid)

    def _expire_answers(self, now: float) -> None:
        """Drop answers that waited too long."""
        while self._waiting and (self._waiting[0].outcome.done() or self._waiting[0].deadline <= now):
            answer = self._waiting.popleft()
            if not answer.outcome.done():
                wait = self._rate_limiter.wait_seconds(answer.chat_id, now, answer=True, unpaid=answer.unpaid)
                answer.outcome.set_result(_late_outcome(wait))

    async def _send_answer(self, answer: _QueuedAnswer, ticket: int) -> None:
        """Send one answer, and record its outcome with the rate limiter."""
        try:
            outcome = await answer.send()
        except Exception as error:
            if not answer.outcome.done():
                answer.outcome.set_exception(error)
            return
        finally:
            self._rate_limiter.finish_request(ticket, self._clock.monotonic())
        self._rate_limiter.record_outcome(("answer", answer.chat_id), outcome, self._clock.monotonic())
        if isinstance(outcome, TryLater) and outcome.flood:
            self._rate_limiter.record_flood(answer.chat_id, outcome.seconds, self._clock.monotonic())
        if not answer.outcome.done():
            answer.outcome.set_result(outcome)


def _late_outcome(wait: float) -> TryLater:
    return TryLater(wait, "the chat's rate limit is used up")
