"""The result in an answer of the Bot API, or python-telegram-bot's error for it; pure.

python-telegram-bot's own parsing quotes unreadable answers in its errors and its log. As answers to
getUpdates hold what strangers wrote, the errors raised here name only the kind of answer.
"""

import json
from http import HTTPStatus
from typing import Any

from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

#: Characters kept of Telegram's description of a refusal.
ERROR_TEXT_LIMIT = 200
#: Seconds to wait after a 429 that does not say how long.
USUAL_WAIT = 30


def parse_result(status: int, body: bytes) -> Any:
    """The `result` in an answer.

    Raises:
        TelegramError: the answer is a refusal, or is not Telegram's.
    """
    answer = _parse_body(body)
    if answer is None or "ok" not in answer:
        kind = "no JSON" if answer is None else "other JSON"
        raise NetworkError(f"{status}, and the answer is not Telegram's: {len(body)} bytes of {kind}")
    if answer["ok"] is True and "result" in answer and status < HTTPStatus.MULTIPLE_CHOICES:
        return answer["result"]
    raise _refusal_error(status, str(answer.get("description", "")), answer.get("parameters"))


def _parse_body(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else {}


def _refusal_error(status: int, said: str, more: object) -> TelegramError:
    """Only a 400 keeps Telegram's description, which is about our own request."""
    match status:
        case 400:
            return BadRequest(said[:ERROR_TEXT_LIMIT] or "Bad Request")
        case 401 | 404:
            return InvalidToken()
        case 403:
            return Forbidden("Forbidden")
        case 409:
            webhook = "webhook" in said.lower()
            return Conflict("a webhook is set" if webhook else "another process asks for updates")
        case 429:
            wait = more.get("retry_after") if isinstance(more, dict) else None
            return RetryAfter(wait if isinstance(wait, int) and wait > 0 else USUAL_WAIT)
        case _:
            return NetworkError(f"it answers {status}{_status_phrase(status)}")


def _status_phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""
