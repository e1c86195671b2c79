"""Classification of every answer of the Bot API as an `Outcome`; pure.

The texts are those of tdlib/telegram-bot-api (Client.cpp, 2026-05), after its prefixes "Bad Request: " and
"Forbidden: ". An answer that is not JSON comes from something in between, and says nothing about the message.
"""

import json
from collections.abc import Mapping
from typing import Any

from jobs.publish.send_result import (
    ChatGone,
    ChatMoved,
    Missing,
    Outcome,
    Refused,
    Sent,
    TryLater,
    Unclear,
    Untouchable,
)
from storage.records import ChatState

#: Seconds to wait if a 429 does not say how long, and if the token is rejected.
USUAL_WAIT = 30.0
NO_TOKEN_WAIT = 60.0

#: The message does not exist, or no longer does.
_MISSING = (
    "message to edit not found",
    "message to delete not found",
    "message to forward not found",
    "message to react not found",
    "message_id_invalid",
)
#: The message exists, but we cannot change it.
_UNTOUCHABLE = (
    "message can't be edited",
    "message can't be deleted",
    "the message can't be forwarded",
    "message can't be forwarded",
    "there is no text in the message to edit",
    "there is no caption in the message to edit",
    "there is no media in the message to edit",
)
#: Telegram rejects the picture, or allows text but no pictures in this chat.
_PICTURE = (
    "failed to get http url content",
    "wrong type of the web page content",
    "wrong http url specified",
    "wrong file identifier",
    "wrong remote file identifier",
    "webpage_curl_failed",
    "webpage_media_empty",
    "media_empty",
    "photo_invalid_dimensions",
    "photo_invalid",
    "photo_save_file_invalid",
    "image_process_failed",
    "file must be non-empty",
    "can't use file of type",
    "not enough rights to send photos",
    "not enough rights to send media",
    "chat_send_photos_forbidden",
    "chat_send_media_forbidden",
    "message caption is too long",
    "media_caption_too_long",
)
#: The reader blocked the bot, or their account is gone.
_BLOCKED = (
    "bot was blocked by the user",
    "user is deactivated",
    "bot can't initiate conversation with a user",
    "the bot can't send messages to the bot",
    "bots can't send messages to bots",
    "user not found",
    "peer_id_invalid",
    "input_user_deactivated",
)
#: The chat no longer exists.
_LEFT = ("the group chat was deleted", "the group chat was deactivated")
#: The bot may not write there for now; the right may come back.
_PAUSED = (
    "bot is not a member of the",
    "bot was kicked from",
    "need administrator rights in the channel chat",
    "not enough rights to send",
    "have no rights to send a message",
    "chat_write_forbidden",
    "chat_send_plain_forbidden",
    "chat_restricted",
    "chat_admin_required",
    "channel_private",
    "user_banned_in_channel",
    "channel_invalid",
    "chat_forbidden",
    "have no write access to the chat",
    "chat_guest_send_forbidden",
    "message thread not found",
    "topic_closed",
    "topic_deleted",
)


def parse_outcome(
    status: int, body: bytes, *, chat_id: int, message_id: int = 0, picture: bool = False
) -> Outcome:
    """The outcome of a request about `chat_id`; `message_id` is the message that it was meant to change.

    `picture` says that the request had one: any refusal that is not about the chat may be about it.
    """
    answer = _parse_answer(body)
    if answer is None:
        return _foreign_outcome(status, picture)
    if answer.get("ok") is True:
        return _success_outcome(answer.get("result"), message_id)
    said = str(answer.get("description", ""))
    found = answer.get("parameters")
    more: Mapping[str, Any] = found if isinstance(found, dict) else {}
    match status:
        case 429:
            return TryLater(_wait_seconds(more.get("retry_after")), said, flood=True)
        case 401 | 404:
            return TryLater(NO_TOKEN_WAIT, "TELEGRAM_BOT_TOKEN is not accepted")
        case 400 | 403:
            return _refusal_outcome(said, more, chat_id, message_id, picture and status == 400)
        case 413:
            return Refused(said, picture=picture)
        case _:
            return Unclear(f"{status} {said}"[:200])


def _parse_answer(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and "ok" in answer else None


def _foreign_outcome(status: int, picture: bool) -> Outcome:
    """The outcome of an answer that is not Telegram's, or is cut off."""
    if status == 429:
        return TryLater(USUAL_WAIT, "429 Too Many Requests", flood=True)
    if status == 413:
        return Refused("413 Request Entity Too Large", picture=picture)
    return Unclear(f"{status}, and the answer is not Telegram's")


def _success_outcome(result: object, message_id: int) -> Outcome:
    if isinstance(result, dict) and isinstance(result.get("message_id"), int):
        return Sent(result["message_id"])
    return Sent(message_id) if result is True and message_id else Unclear("200, without a message")


def _wait_seconds(wait: object) -> float:
    return float(wait) if isinstance(wait, int | float) and wait > 0 else USUAL_WAIT


def _refusal_outcome(
    said: str, more: Mapping[str, Any], chat_id: int, message_id: int, picture: bool
) -> Outcome:
    words = said.lower()
    moved = more.get("migrate_to_chat_id")
    if isinstance(moved, int):
        return ChatMoved(moved)
    if "message is not modified" in words:
        return Sent(message_id)
    if _has_phrase(words, _MISSING):
        return Missing()
    if _has_phrase(words, _PICTURE):
        return Refused(said, picture=True)
    if _has_phrase(words, _UNTOUCHABLE):
        return Untouchable(said)
    return _chat_outcome(words, said, chat_id) or Refused(said, picture=picture)


def _chat_outcome(words: str, said: str, chat_id: int) -> ChatGone | None:
    if _has_phrase(words, _BLOCKED):
        return ChatGone(ChatState.BLOCKED if chat_id > 0 else ChatState.PAUSED, said)
    if _has_phrase(words, _LEFT):
        return ChatGone(ChatState.LEFT, said)
    if "chat not found" in words:
        return ChatGone(ChatState.BLOCKED if chat_id > 0 else ChatState.PAUSED, said)
    forbidden = words.startswith("forbidden") and chat_id < 0  # in a channel never about a single message
    return ChatGone(ChatState.PAUSED, said) if forbidden or _has_phrase(words, _PAUSED) else None


def _has_phrase(words: str, texts: tuple[str, ...]) -> bool:
    return any(text in words for text in texts)
