"""Asks Telegram once for updates; each is read by itself, so that a strange one costs nothing but itself."""

from collections.abc import Sequence
from typing import Any

import structlog
from telegram import Bot, Update
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

# python-telegram-bot calls it internal; a RequestData is made of nothing else, and the version is pinned
from telegram.request._requestparameter import RequestParameter

#: Beyond the wait that was asked for, in seconds: Telegram ends a long poll a little late.
GRACE = 15.0

log = structlog.get_logger()


async def ask_for_updates(
    request: BaseRequest, bot: Bot, offset: int, wait: int, kinds: Sequence[str]
) -> list[dict[str, Any]]:
    """The updates from number `offset` on, which confirms those before; waits up to `wait` seconds for one.

    Raises TelegramError, also where the answer is none of Telegram's.
    """
    asked = {"offset": offset, "timeout": wait, "allowed_updates": list(kinds)}
    parameters = RequestData([RequestParameter(name, value, None) for name, value in asked.items()])
    found = await request.post(f"{bot.base_url}/getUpdates", parameters, read_timeout=wait + GRACE)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise TelegramError("the answer is not Telegram's")
    return found


def read_update(raw: object, bot: Bot) -> Update | None:
    """The update, or None where it cannot be read; of that, only the kind of error is told."""
    try:
        return Update.de_json(raw, bot)  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError) as error:
        log.warning("an update cannot be read and is left out", error=type(error).__name__)
        return None
