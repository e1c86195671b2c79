"""Telegram's Bot API: requests over aiohttp, and answers as outcomes."""

import os


def use_timedeltas() -> None:
    """Let python-telegram-bot's errors tell durations as `timedelta`, as its next major version will.

    It offers no other switch than this environment variable, and warns at each `RetryAfter` without it.
    """
    os.environ.setdefault("PTB_TIMEDELTA", "1")
