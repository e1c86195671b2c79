"""One request for updates; each is parsed separately, so that an unreadable one is skipped alone."""

from collections.abc import Sequence
from typing import Any

import structlog
from telegram import Bot, Update
from telegram.error import BadRequest, NetworkError, TelegramError
from telegram.request import BaseRequest

from bot.telegram.request_data import json_request_data
from bot.telegram.results import parse_result

#: Seconds on top of the requested wait: Telegram ends a long poll a little late.
READ_TIMEOUT_MARGIN = 15.0

log = structlog.get_logger()


async def fetch_updates(
    request: BaseRequest, bot: Bot, offset: int, wait: int, kinds: Sequence[str]
) -> list[dict[str, Any]]:
    """The updates from `offset` on, which confirms earlier ones; waits up to `wait` seconds for one.

    Raises:
        TelegramError: the request failed, or the answer is not Telegram's. The answer is never quoted.
    """
    parameters = {"offset": offset, "timeout": wait, "allowed_updates": list(kinds)}
    data = json_request_data(parameters)
    try:
        answer = await request.do_request(
            f"{bot.base_url}/getUpdates", "POST", data, read_timeout=wait + READ_TIMEOUT_MARGIN
        )
        return parse_updates(*answer)
    except BadRequest:
        raise NetworkError("it answers 400 Bad Request") from None
    except TelegramError:
        raise
    except Exception as surprise:  # as python-telegram-bot wraps a transport's unexpected errors
        raise NetworkError(f"the answer broke: {type(surprise).__name__}") from None


def parse_updates(status: int, body: bytes) -> list[dict[str, Any]]:
    """The updates in an answer to getUpdates.

    Raises:
        TelegramError: the answer is a refusal, or not Telegram's.
    """
    found = parse_result(status, body)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise NetworkError(f"{status}, and the answer is not Telegram's: {len(body)} bytes of other JSON")
    return found


def parse_update(raw: object, bot: Bot) -> Update | None:
    """The update, or None if it cannot be parsed; then only the type of the error is logged."""
    try:
        return Update.de_json(raw, bot)  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError) as error:
        log.warning("update unreadable, skipped", error=type(error).__name__)
        return None
