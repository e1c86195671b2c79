"""Answers to readers: said at the pace that everything the bot says shares, before posts."""

from collections.abc import Awaitable, Callable

from bot.telegram.sender import TelegramSender
from jobs.clock import Clock
from jobs.publish.outcome import Outcome, TryLater
from jobs.publish.pace import Pace

#: Seconds that a reader would wait; what is not said by then is not said.
PATIENCE = 10.0


class PacedAnswers:
    """`bot.dispatch.Answers` over the sender."""

    def __init__(self, sender: TelegramSender, pace: Pace, clock: Clock) -> None:
        self._sender, self._pace, self._clock = sender, pace, clock

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
        clock, pace = self._clock, self._pace
        latest = clock.monotonic() + PATIENCE
        while (wait := pace.wait(chat_id, clock.monotonic(), answer=True, unpaid=unpaid)) > 0:
            if clock.monotonic() + wait > latest:
                return TryLater(wait, "too much was said there already")
            await clock.sleep(wait)
        ticket = pace.start(chat_id, clock.monotonic(), unpaid=unpaid)
        try:
            outcome = await say()
        finally:
            pace.answered(ticket, clock.monotonic())
        pace.heard(("answer", chat_id), outcome, clock.monotonic())
        if isinstance(outcome, TryLater) and outcome.flood:
            pace.flooded(chat_id, outcome.seconds, clock.monotonic())
        return outcome
