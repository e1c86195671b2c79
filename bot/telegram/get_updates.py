"""Asks Telegram once for updates; each is read by itself, so that a strange one costs nothing but itself."""

from collections.abc import Sequence
from typing import Any

import structlog
from telegram import Bot, Update
from telegram.error import BadRequest, NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData

# python-telegram-bot calls it internal; a RequestData is made of nothing else, and the version is pinned
from telegram.request._requestparameter import RequestParameter

from bot.telegram.results import parse_result

#: Beyond the wait that was asked for, in seconds: Telegram ends a long poll a little late.
READ_TIMEOUT_MARGIN = 15.0

log = structlog.get_logger()


async def fetch_updates(
    request: BaseRequest, bot: Bot, offset: int, wait: int, kinds: Sequence[str]
) -> list[dict[str, Any]]:
    """The updates from number `offset` on, which confirms those before; waits up to `wait` seconds for one.

    Raises TelegramError, also if the answer is not Telegram's; nothing of an answer is in it.
    """
    asked = {"offset": offset, "timeout": wait, "allowed_updates": list(kinds)}
    parameters = RequestData([RequestParameter(name, value, None) for name, value in asked.items()])
    try:
        answer = await request.do_request(
            f"{bot.base_url}/getUpdates", "POST", parameters, read_timeout=wait + READ_TIMEOUT_MARGIN
        )
        return parse_updates(*answer)
    except BadRequest:
        raise NetworkError("it answers 400 Bad Request") from None
    except TelegramError:
        raise
    except Exception as surprise:  # as python-telegram-bot itself wraps what a transport did not foresee
        raise NetworkError(f"the answer broke: {type(surprise).__name__}") from None


def parse_updates(status: int, body: bytes) -> list[dict[str, Any]]:
    """The updates in an answer to getUpdates.

    Raises:
        TelegramError: it is a refusal, or not Telegram's.
    """
    found = parse_result(status, body)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise NetworkError(f"{status}, and the answer is not Telegram's: {len(body)} bytes of other JSON")
    return found


def parse_update(raw: object, bot: Bot) -> Update | None:
    """The update, or None where it cannot be read; of that, only the kind of error is told."""
    try:
        return Update.de_json(raw, bot)  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError) as error:
        log.warning("an update cannot be read and is left out", error=type(error).__name__)
        return None
