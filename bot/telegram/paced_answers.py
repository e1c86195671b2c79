"""Answers to readers: said at the pace that everything the bot says shares, all chats fairly."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.telegram.answer_queue import AnswerQueue
from bot.telegram.sender import TelegramSender
from jobs.clock import Bell, Clock
from jobs.publish.rate_limiter import Pace
from jobs.publish.send_result import Outcome, TryLater

#: Seconds that a reader would wait; what is not said by then is not said.
PATIENCE = 10.0
#: Shorter sleeps cost more than they bring: the pace lets us catch up.
GRAIN = 0.001
#: While nobody knows when the pace opens, it is asked again after so many seconds.
ASK_AGAIN = 1.0


@dataclass(slots=True, eq=False)
class _Answer:
    """One answer on its way."""

    chat_id: int
    say: Callable[[], Awaitable[Outcome]]
    unpaid: bool
    latest: float  #: when nobody waits for it any longer
    outcome: asyncio.Future[Outcome] = field(default_factory=asyncio.Future)


class PacedAnswers:
    """`bot.dispatch.Answers` over the sender."""

    def __init__(self, sender: TelegramSender, pace: Pace, clock: Clock) -> None:
        self._sender, self._pace, self._clock = sender, pace, clock
        self._queue: AnswerQueue[_Answer] = AnswerQueue()
        self._waiting: deque[_Answer] = deque()  # the first that came first
        self._some = Bell()
        self._serving: asyncio.Task[None] | None = None
        self._saying: set[asyncio.Task[None]] = set()

    async def send(self, chat_id: int, content: str, *, reply_to: int = 0) -> Outcome:
        """Say something new; `reply_to`: the message that is answered, 0 for none."""
        return await self._paced(chat_id, lambda: self._sender.send(chat_id, content, reply_to=reply_to))

    async def edit(self, chat_id: int, message_id: int, content: str) -> Outcome:
        """Say it in place of one of our messages."""
        return await self._paced(
            chat_id, lambda: self._sender.edit(chat_id, message_id, content), unpaid=True
        )

    async def acknowledge(self, query_id: str, toast: str) -> None:
        """End a pressed button's wait: Telegram counts these against no limit (telegram-bot-api #648)."""
        await self._sender.acknowledge(query_id, toast)

    async def _paced(
        self, chat_id: int, say: Callable[[], Awaitable[Outcome]], *, unpaid: bool = False
    ) -> Outcome:
        """Say it when its turn comes; `TryLater` where that is later than a reader would wait."""
        now = self._clock.monotonic()
        rest = self._pace.rest(chat_id, now, answer=True, unpaid=unpaid)
        if rest > PATIENCE:
            return _too_late(rest)
        answer = _Answer(chat_id, say, unpaid, now + PATIENCE)
        self._queue.add(chat_id, answer, now)
        self._waiting.append(answer)
        self._some.ring()
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        return await answer.outcome

    async def _serve(self) -> None:
        """Say what waits, each in its turn, until nothing does."""
        while self._queue:
            wait = self._serve_next(self._clock.monotonic())
            if wait > 0:
                await self._some.wait(self._clock, max(wait, GRAIN))

    def _serve_next(self, now: float) -> float:
        """Begin to say the next answer where that may be now; the seconds until something may be."""
        self._give_up(now)
        latest = self._waiting[0].latest - now if self._waiting else float("inf")
        found = self._queue.first(now, lambda _, answer: self._rest(answer, now))
        if found is None:
            return min(self._queue.opens_in(now), latest)
        _, answer = found
        if answer.outcome.done():
            self._queue.pop()
            return 0.0
        wait = self._pace.wait(answer.chat_id, now, answer=True, unpaid=answer.unpaid)
        if wait > 0:
            return min(wait, latest, ASK_AGAIN)
        self._queue.answer(now)
        ticket = self._pace.start(answer.chat_id, now, answer=True, unpaid=answer.unpaid)
        task = asyncio.create_task(self._say(answer, ticket))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)
        return 0.0

    def _rest(self, answer: _Answer, now: float) -> float:
        """How long its own chat lets it wait; what nobody waits for is taken away at once."""
        if answer.outcome.done():
            return 0.0
        return self._pace.rest(answer.chat_id, now, answer=True, unpaid=answer.unpaid)

    def _give_up(self, now: float) -> None:
        """Let go of those that waited too long."""
        while self._waiting and (self._waiting[0].outcome.done() or self._waiting[0].latest <= now):
            answer = self._waiting.popleft()
            if not answer.outcome.done():
                wait = self._pace.wait(answer.chat_id, now, answer=True, unpaid=answer.unpaid)
                answer.outcome.set_result(_too_late(wait))

    async def _say(self, answer: _Answer, ticket: int) -> None:
        """One request, and what it means for the pace."""
        try:
            outcome = await answer.say()
        except Exception as error:
            if not answer.outcome.done():
                answer.outcome.set_exception(error)
            return
        finally:
            self._pace.answered(ticket, self._clock.monotonic())
        self._pace.heard(("answer", answer.chat_id), outcome, self._clock.monotonic())
        if isinstance(outcome, TryLater) and outcome.flood:
            self._pace.flooded(answer.chat_id, outcome.seconds, self._clock.monotonic())
        if not answer.outcome.done():
            answer.outcome.set_result(outcome)


def _too_late(wait: float) -> TryLater:
    return TryLater(wait, "too much was said there already")
