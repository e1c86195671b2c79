"""Is Telegram reached? Told once when it is not, and once when it is again."""

from datetime import datetime

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut

from jobs.clock import Clock

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
