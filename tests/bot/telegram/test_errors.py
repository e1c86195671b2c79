"""Every answer of the Bot API has exactly one outcome."""

import json

import pytest

from bot.telegram.errors import NO_TOKEN_WAIT, USUAL_WAIT, parse_outcome
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

CHANNEL, READER, MESSAGE = -1001, 7, 40
BAD, FORBIDDEN = "Bad Request: ", "Forbidden: "
PICTURE = "a picture"
PAUSED, BLOCKED, LEFT = ChatState.PAUSED, ChatState.BLOCKED, ChatState.LEFT


def came(status: int, description: str, chat_id: int = CHANNEL, **parameters: object) -> Outcome:
    body = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
    return parse_outcome(status, json.dumps(body).encode(), chat_id=chat_id, message_id=MESSAGE)


@pytest.mark.parametrize("words", ["user is deactivated", "what nobody has seen before"])
def test_a_forbidden_channel_is_paused_and_still_owed_its_posts(words: str) -> None:
    assert came(403, FORBIDDEN + words) == ChatGone(ChatState.PAUSED, FORBIDDEN + words)
    assert came(400, BAD + "PEER_ID_INVALID") == ChatGone(ChatState.PAUSED, BAD + "PEER_ID_INVALID")


REFUSALS = [
    (400, BAD + "message text is empty", Refused),
    (400, BAD + "text must be non-empty", Refused),
    (400, BAD + "message is too long", Refused),
    (400, BAD + "MESSAGE_TOO_LONG", Refused),
    (400, BAD + "message caption is too long", PICTURE),
    (400, BAD + "MEDIA_CAPTION_TOO_LONG", PICTURE),
    (400, BAD + 'can\'t parse entities: Unsupported start tag "p" at byte offset 3', Refused),
    (400, BAD + "unsupported parse_mode", Refused),
    (400, BAD + "chat not found", PAUSED),
    (400, BAD + "chat_id is empty", Refused),
    (403, FORBIDDEN + "bot was blocked by the user", BLOCKED),
    (403, FORBIDDEN + "user is deactivated", BLOCKED),
    (403, FORBIDDEN + "bot can't initiate conversation with a user", BLOCKED),
    (403, FORBIDDEN + "the bot can't send messages to the bot", BLOCKED),
    (403, FORBIDDEN + "bot is not a member of the channel chat", PAUSED),
    (403, FORBIDDEN + "bot was kicked from the supergroup chat", PAUSED),
    (403, FORBIDDEN + "the group chat was deleted", LEFT),
    (400, BAD + "need administrator rights in the channel chat", PAUSED),
    (400, BAD + "not enough rights to send text messages to the chat", PAUSED),
    (400, BAD + "not enough rights to send photos to the chat", PICTURE),
    (400, BAD + "CHAT_WRITE_FORBIDDEN", PAUSED),
    (400, BAD + "message thread not found", PAUSED),
    (400, BAD + "TOPIC_CLOSED", PAUSED),
    (400, BAD + "message to edit not found", Missing),
    (400, BAD + "message to delete not found", Missing),
    (400, BAD + "message to forward not found", Missing),
    (400, BAD + "message can't be edited", Untouchable),
    (400, BAD + "message can't be deleted", Untouchable),
    (400, BAD + "message can't be deleted for everyone", Untouchable),
    (400, BAD + "the message can't be forwarded", Untouchable),
    (400, BAD + "there is no text in the message to edit", Untouchable),
    (400, BAD + "there is no caption in the message to edit", Untouchable),
    (400, BAD + "failed to get HTTP URL content", PICTURE),
    (400, BAD + "wrong type of the web page content", PICTURE),
    (400, BAD + "wrong HTTP URL specified", PICTURE),
    (400, BAD + "wrong file identifier/HTTP URL specified", PICTURE),
    (400, BAD + "PHOTO_INVALID_DIMENSIONS", PICTURE),
    (400, BAD + "IMAGE_PROCESS_FAILED", PICTURE),
    (400, BAD + "BUTTON_DATA_INVALID", Refused),
    (400, BAD + "reply markup is too long", Refused),
    (400, BAD + "something that nobody has seen before", Refused),
    (413, "Request Entity Too Large", Refused),
]


@pytest.mark.parametrize(("status", "description", "meaning"), REFUSALS)
def test_a_refusal_has_its_own_outcome(
    status: int, description: str, meaning: type | ChatState | str
) -> None:
    match came(status, description, chat_id=7 if meaning is BLOCKED else CHANNEL):
        case ChatGone(state, reason):
            assert (state, reason) == (meaning, description)
        case Refused(reason, picture):
            assert meaning == (PICTURE if picture else Refused)
            assert reason == description
        case found:
            assert type(found) is meaning


@pytest.mark.parametrize(("status", "description", "meaning"), REFUSALS)
def test_any_refusal_of_a_picture_may_be_about_it_unless_it_names_the_chat(
    status: int, description: str, meaning: type | ChatState | str
) -> None:
    answer = json.dumps({"ok": False, "error_code": status, "description": description}).encode()
    outcome = parse_outcome(status, answer, chat_id=CHANNEL, picture=True)
    assert isinstance(outcome, ChatGone) == isinstance(meaning, ChatState)
    if isinstance(outcome, Refused):
        assert outcome == Refused(description, picture=True)
    assert parse_outcome(413, b"<html>", chat_id=CHANNEL, picture=True) == Refused(
        "413 Request Entity Too Large", picture=True
    )


def test_a_reader_not_found_is_gone_and_a_channel_may_come_back() -> None:
    assert came(400, BAD + "chat not found", READER) == ChatGone(BLOCKED, BAD + "chat not found")
    assert came(400, BAD + "chat not found", CHANNEL) == ChatGone(PAUSED, BAD + "chat not found")


def test_an_edit_that_changes_nothing_counts_as_sent() -> None:
    said = (
        BAD + "message is not modified: specified new message content and reply markup are exactly the same"
    )
    assert came(400, said) == Sent(MESSAGE)


def test_a_flood_has_its_wait() -> None:
    said = "Too Many Requests: retry after 34"
    assert came(429, said, retry_after=34) == TryLater(34, said, flood=True)
    assert came(429, said) == TryLater(USUAL_WAIT, said, flood=True)
    assert parse_outcome(429, b"<html>", chat_id=READER) == TryLater(
        USUAL_WAIT, "429 Too Many Requests", flood=True
    )


def test_a_migrated_group_has_its_new_id() -> None:
    said = BAD + "group chat was upgraded to a supergroup chat"
    assert came(400, said, migrate_to_chat_id=-100777) == ChatMoved(-100777)


@pytest.mark.parametrize("status", [401, 404])
def test_a_rejected_token_is_retried_later(status: int) -> None:
    match came(status, "Unauthorized"):
        case TryLater(seconds, reason, flood):
            assert (seconds, flood) == (NO_TOKEN_WAIT, False)
            assert "TELEGRAM_BOT_TOKEN" in reason
        case other:
            pytest.fail(f"{other}")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"ok":true,"result":{"message_id":4'),
        (200, b'{"ok":true,"result":'),
        (200, b""),
        (200, b'{"ok":true,"result":true}'),
        (200, b'{"ok":true,"result":{}}'),
        (200, b"[1]"),
        (200, b"\xff\xfe"),
        (502, b"<html>Bad Gateway</html>"),
        (504, b""),
        (500, b'{"ok":false,"error_code":500,"description":"Internal Server Error: restart"}'),
        (404, b"<html>not found</html>"),
        (302, b""),
    ],
)
def test_a_truncated_answer_is_unclear(status: int, body: bytes) -> None:
    assert isinstance(parse_outcome(status, body, chat_id=CHANNEL), Unclear)


def test_a_message_and_a_plain_true_are_sent() -> None:
    said = b'{"ok":true,"result":{"message_id":41,"date":1,"text":"x"}}'
    assert parse_outcome(200, said, chat_id=CHANNEL) == Sent(41)
    assert parse_outcome(200, b'{"ok":true,"result":true}', chat_id=CHANNEL, message_id=MESSAGE) == Sent(
        MESSAGE
    )
