"""Long polling: requests updates from Telegram until the bot stops, and retries after errors."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut
from telegram.request import BaseRequest

from bot.dispatch import WANTED_UPDATES
from bot.telegram.get_updates import fetch_updates, parse_update
from jobs.clock import Clock, run_until_set, with_timeout

#: Seconds that Telegram waits for an update before it answers that there is none.
LONG_POLL_TIMEOUT = 30
#: Seconds between two polls if the first brought nothing new, so that no server is polled in a tight loop.
IDLE_DELAY = 0.1
#: Seconds in which the last offset is confirmed when the bot stops.
CONFIRM_TIMEOUT = 2.0
#: Seconds before the first retry, doubled for each further one up to the maximum.
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0

log = structlog.get_logger()


class ConnectionStatus:
    """Whether updates can be received from Telegram. False until the first successful request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._down_since: datetime | None = clock.now()
        self._reason = ""
        self._failures = 0

    def record_success(self) -> None:
        """Record that Telegram answered."""
        if self._reason and self._down_since:
            outage = (self._clock.now() - self._down_since).total_seconds()
            log.info("connection to Telegram restored", outage_seconds=round(outage))
        self._down_since, self._reason, self._failures = None, "", 0

    def record_failure(self, error: TelegramError) -> float:
        """Record that a request failed. Return the seconds to wait before the next one."""
        reason = describe_error(error)
        if reason != self._reason:
            log.warning("connection to Telegram failed, retrying", reason=reason)
        self._down_since, self._reason = self._down_since or self._clock.now(), reason
        self._failures += 1
        if isinstance(error, RetryAfter):
            return _retry_after_seconds(error)
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures - 1, 10))

    def list_problems(self) -> list[str]:
        """Return one sentence if Telegram cannot be reached, otherwise nothing."""
        if self._down_since is None:
            return []
        reason = self._reason or "there has been no answer yet"
        return [f"Telegram cannot be reached since {self._down_since:%Y-%m-%d %H:%M:%S} UTC: {reason}."]


def _retry_after_seconds(error: RetryAfter) -> float:
    wait = error.retry_after  # a timedelta if PTB_TIMEDELTA is set, and always from version 23 on
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def describe_error(error: TelegramError) -> str:
    """Return the reason of an error for an operator, without the token."""
    match error:
        case InvalidToken():
            return "it does not accept TELEGRAM_BOT_TOKEN"
        case Conflict() if "webhook" not in error.message.lower():
            return "another process polls with the same TELEGRAM_BOT_TOKEN; stop that process or this one"
        case RetryAfter():
            return "the rate limit was exceeded"
        case TimedOut():
            return "the request timed out"
        case _:
            return error.message.rstrip(".")


class UpdatePoller:
    """Long polling. An update is confirmed by the next request, after `accept` was called with it.

    The next offset is the last update's number plus one, even if it is lower than the one before: after a
    week without updates Telegram continues at a number chosen at random (Bot API, Update.update_id), and
    ignores an offset beyond the end of its queue.
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
        self._on_conflict = on_conflict  # called with each 409, and whether the webhook had been deleted
        self._offset = 0
        self._webhook_deleted = False  # while a webhook is set, Telegram refuses getUpdates

    async def run(self, accept: Callable[[Update], None], stop: asyncio.Event) -> None:
        """Call `accept` with every update until `stop` is set."""
        while not stop.is_set():
            try:
                updates = await run_until_set(stop, self._get_updates())
            except TelegramError as error:
                if isinstance(error, Conflict):
                    await run_until_set(stop, self._on_conflict(error, self._webhook_deleted))
                    self._webhook_deleted = False
                await run_until_set(stop, self._clock.sleep(self._connection.record_failure(error)))
                continue
            self._connection.record_success()
            previous = self._offset
            for raw in updates or ():
                self._offset = next_offset(raw, self._offset)
                if update := parse_update(raw, self._bot):
                    accept(update)
            if self._offset == previous:
                await run_until_set(stop, self._clock.sleep(IDLE_DELAY))
        await self._confirm_offset()

    async def _get_updates(self, timeout: int = LONG_POLL_TIMEOUT) -> list[dict[str, Any]]:
        if not self._webhook_deleted:
            await self._bot.delete_webhook()
            self._webhook_deleted = True
        return await fetch_updates(self._request, self._bot, self._offset, timeout, WANTED_UPDATES)

    async def _confirm_offset(self) -> None:
        """Confirm the updates that were accepted, so that a restart does not receive them again."""
        if self._offset and not self._connection.list_problems():
            with suppress(TelegramError, TimeoutError):
                await with_timeout(self._clock, CONFIRM_TIMEOUT, self._get_updates(timeout=0))


def next_offset(raw: dict[str, Any], offset: int) -> int:
    """Return the offset that confirms the update `raw`, or `offset` if the update has no number."""
    number = raw.get("update_id")
    return number + 1 if isinstance(number, int) and number > 0 else offset
