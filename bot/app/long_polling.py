"""Asks Telegram for updates again and again, whatever the network does, until told to stop."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut
from telegram.request import BaseRequest

from bot.dispatch import WANTED_UPDATES
from bot.telegram.get_updates import ask_for_updates, read_update
from jobs.clock import Clock, within

T = TypeVar("T")

#: Seconds that Telegram waits for an update before it answers that there is none.
LONG_POLL = 30
#: After an answer that brought nothing new: nobody's server is asked in a tight loop.
BREATH = 0.1
#: Seconds that telling Telegram what was taken may last when we stop.
FAREWELL = 2.0
#: Seconds until the next attempt: twice as long after each, up to the longest.
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0

log = structlog.get_logger()


class Line:
    """The line to Telegram on which we listen. It counts as broken until somebody was reached."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: datetime | None = clock.now()
        self._why = ""
        self._failures = 0

    def works(self) -> None:
        """Telegram answered."""
        if self._why and self._since:
            gone = (self._clock.now() - self._since).total_seconds()
            log.info("Telegram is reached again", after_seconds=round(gone))
        self._since, self._why, self._failures = None, "", 0

    def broke(self, error: TelegramError) -> float:
        """Telegram did not answer as it should; the seconds after which to ask again."""
        why = reason(error)
        if why != self._why:
            log.warning("Telegram cannot be reached; trying again", why=why)
        self._since, self._why = self._since or self._clock.now(), why
        self._failures += 1
        if isinstance(error, RetryAfter):
            return float(error._retry_after.total_seconds())
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures - 1, 10))

    def trouble(self) -> list[str]:
        """A sentence where the line is broken."""
        if self._since is None:
            return []
        why = self._why or "the first answer is awaited"
        return [f"Telegram is not reached since {self._since:%Y-%m-%d %H:%M:%S} UTC: {why}."]


def reason(error: TelegramError) -> str:
    """What is wrong, in an operator's words; without the token."""
    match error:
        case InvalidToken():
            return "it does not accept TELEGRAM_BOT_TOKEN"
        case Conflict() if "webhook" not in error.message.lower():
            return "another process listens with the same TELEGRAM_BOT_TOKEN; stop it, or this one"
        case RetryAfter():
            return "it asks for a pause"
        case TimedOut():
            return "no answer in time"
        case _:
            return error.message.rstrip(".")


class Polling:
    """Long polling. An update is confirmed by asking for the next, after it was handed to `accept`.

    The next is the last one's number plus one, whatever was before: after a week without updates Telegram
    goes on at a number chosen at random, maybe a lower one (Bot API, Update.update_id), and ignores an offset
    that lies beyond the end of its queue.
    """

    def __init__(
        self,
        bot: Bot,
        request: BaseRequest,
        clock: Clock,
        line: Line,
        conflict: Callable[[Conflict, bool], Coroutine[Any, Any, None]],
    ) -> None:
        self._bot, self._request, self._clock, self._line = bot, request, clock, line
        self._conflict = conflict  # told of each 409, and whether a poll had begun without a webhook
        self._offset = 0
        self._alone = False  # no webhook takes the updates away

    async def run(self, accept: Callable[[Update], None], stop: asyncio.Event) -> None:
        """Hand every update to `accept` until `stop`."""
        while not stop.is_set():
            try:
                found = await unless(stop, self._ask())
            except TelegramError as error:
                if isinstance(error, Conflict):
                    await unless(stop, self._conflict(error, self._alone))
                    self._alone = False
                await pause(self._clock, stop, self._line.broke(error))
                continue
            self._line.works()
            before = self._offset
            for raw in found or ():
                self._offset = offset_behind(raw, self._offset)
                if update := read_update(raw, self._bot):
                    accept(update)
            if self._offset == before:
                await pause(self._clock, stop, BREATH)
        await self._confirm()

    async def _ask(self, wait: int = LONG_POLL) -> list[dict[str, Any]]:
        if not self._alone:
            await self._bot.delete_webhook()
            self._alone = True
        return await ask_for_updates(self._request, self._bot, self._offset, wait, WANTED_UPDATES)

    async def _confirm(self) -> None:
        """What was taken does not come again after a restart, if Telegram can be told in time."""
        if self._offset and not self._line.trouble():
            with suppress(TelegramError, TimeoutError):
                await within(self._clock, FAREWELL, self._ask(wait=0))


def offset_behind(raw: dict[str, Any], offset: int) -> int:
    """The offset that confirms the update `raw`; the former one if that has no number."""
    number = raw.get("update_id")
    return number + 1 if isinstance(number, int) and number > 0 else offset


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` returns; None where `stop` came first, and the work was given up."""
    task, asked = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        asked.cancel()
        await asyncio.gather(task, asked, return_exceptions=True)


async def pause(clock: Clock, stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop`."""
    with suppress(TimeoutError):
        await within(clock, seconds, _told(stop))


async def _told(stop: asyncio.Event) -> None:
    await stop.wait()
