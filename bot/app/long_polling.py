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
from bot.telegram.get_updates import fetch_updates, parse_update
from jobs.clock import Clock, with_timeout

T = TypeVar("T")

#: Seconds that Telegram waits for an update before it answers that there is none.
LONG_POLL_TIMEOUT = 30
#: After an answer that brought nothing new: nobody's server is asked in a tight loop.
IDLE_DELAY = 0.1
#: Seconds that telling Telegram what was taken may last when we stop.
CONFIRM_TIMEOUT = 2.0
#: Seconds until the next attempt: twice as long after each, up to the longest.
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0

log = structlog.get_logger()


class ConnectionStatus:
    """The line to Telegram on which we listen. It counts as broken until somebody was reached."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._down_since: datetime | None = clock.now()
        self._reason = ""
        self._failures = 0

    def record_success(self) -> None:
        """Telegram answered."""
        if self._reason and self._down_since:
            gone = (self._clock.now() - self._down_since).total_seconds()
            log.info("Telegram is reached again", after_seconds=round(gone))
        self._down_since, self._reason, self._failures = None, "", 0

    def record_failure(self, error: TelegramError) -> float:
        """Telegram did not answer as it should; the seconds after which to ask again."""
        why = describe_error(error)
        if why != self._reason:
            log.warning("Telegram cannot be reached; trying again", why=why)
        self._down_since, self._reason = self._down_since or self._clock.now(), why
        self._failures += 1
        if isinstance(error, RetryAfter):
            return float(error._retry_after.total_seconds())
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures - 1, 10))

    def list_problems(self) -> list[str]:
        """A sentence where the line is broken."""
        if self._down_since is None:
            return []
        why = self._reason or "the first answer is awaited"
        return [f"Telegram is not reached since {self._down_since:%Y-%m-%d %H:%M:%S} UTC: {why}."]


def describe_error(error: TelegramError) -> str:
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


class UpdatePoller:
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
        connection: ConnectionStatus,
        on_conflict: Callable[[Conflict, bool], Coroutine[Any, Any, None]],
    ) -> None:
        self._bot, self._request, self._clock, self._connection = bot, request, clock, connection
        self._on_conflict = on_conflict  # told of each 409, and whether a poll had begun without a webhook
        self._offset = 0
        self._webhook_deleted = False  # no webhook takes the updates away

    async def run(self, accept: Callable[[Update], None], stop: asyncio.Event) -> None:
        """Hand every update to `accept` until `stop`."""
        while not stop.is_set():
            try:
                found = await run_unless_stopped(stop, self._get_updates())
            except TelegramError as error:
                if isinstance(error, Conflict):
                    await run_unless_stopped(stop, self._on_conflict(error, self._webhook_deleted))
                    self._webhook_deleted = False
                await sleep_unless_stopped(self._clock, stop, self._connection.record_failure(error))
                continue
            self._connection.record_success()
            before = self._offset
            for raw in found or ():
                self._offset = next_offset(raw, self._offset)
                if update := parse_update(raw, self._bot):
                    accept(update)
            if self._offset == before:
                await sleep_unless_stopped(self._clock, stop, IDLE_DELAY)
        await self._confirm_offset()

    async def _get_updates(self, wait: int = LONG_POLL_TIMEOUT) -> list[dict[str, Any]]:
        if not self._webhook_deleted:
            await self._bot.delete_webhook()
            self._webhook_deleted = True
        return await fetch_updates(self._request, self._bot, self._offset, wait, WANTED_UPDATES)

    async def _confirm_offset(self) -> None:
        """What was taken does not come again after a restart, if Telegram can be told in time."""
        if self._offset and not self._connection.list_problems():
            with suppress(TelegramError, TimeoutError):
                await with_timeout(self._clock, CONFIRM_TIMEOUT, self._get_updates(wait=0))


def next_offset(raw: dict[str, Any], offset: int) -> int:
    """The offset that confirms the update `raw`; the former one if that has no number."""
    number = raw.get("update_id")
    return number + 1 if isinstance(number, int) and number > 0 else offset


async def run_unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` returns; None where `stop` came first, and the work was given up."""
    task, asked = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        asked.cancel()
        await asyncio.gather(task, asked, return_exceptions=True)


async def sleep_unless_stopped(clock: Clock, stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop`."""
    with suppress(TimeoutError):
        await with_timeout(clock, seconds, _wait_for_stop(stop))


async def _wait_for_stop(stop: asyncio.Event) -> None:
    await stop.wait()
