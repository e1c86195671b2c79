"""The door to Telegram: requests over aiohttp, answers as outcomes; python-telegram-bot's only home."""

import os

#: python-telegram-bot asks for this before it is imported; without it every RetryAfter warns.
os.environ.setdefault("PTB_TIMEDELTA", "1")
