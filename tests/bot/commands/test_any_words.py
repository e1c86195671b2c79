"""Any input to any command gets a quick answer that Telegram accepts."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.commands import COMMANDS, Command, Reply, Request
from bot.dispatch.parse import ButtonPress, ParsedQuestion, PointedMessage, remove_unstorable
from bot.dispatch.routing import build_request, route_command, unknown_command_reply
from bot.sandbox.formatting.entities import format_text, utf16_length
from bot.sandbox.formatting.links import check_link
from bot.sandbox.formatting.parse_html import parse_html
from storage import chats
from storage.database import Database
from storage.records import ChatKind
from tests.bot.newsroom import BURMESE, ENGLISH, OPERATOR, Newsroom
from tests.conftest import MovedClock

TYPED = (
    "5 ၅ -1 0 21 999999 @5 @0 @9999 by:date id:1 id:99999999999999999999 ~ ~1f2e3d4c5b6a #World World "
    "ကမ္ဘာ့သတင်း https://news.example/1 https://news.example/\0 https://\ud800.example https://t.me/c/1/2 "
    'https://t.me/news/9 t.me/x http://[ rice " -rice section: section:World from:2026 to:99999-99 from:0000 '
    "<b> &amp; \u202e \0 \ud800 %s {0} {name} ' OR -- /latest related_1 read_1 split join _ \n 🏴\U000e0067"
)
PIECES = st.sampled_from(TYPED.split(" "))
PRESSED = ButtonPress(query_id="1", message_id=1, reply_below=False)
WORDS = (st.text(max_size=200) | st.lists(PIECES, max_size=6).map(" ".join) | PIECES).map(remove_unstorable)
LONG = st.sampled_from(["a", "က", "rice ", "မြစ်ရေ ", '"', "- ", "a:", "@9 ", "e\u0301", "👩‍👩‍👧"]).map(
    lambda piece: piece * (4096 // len(piece))
)
POINTED = st.builds(
    PointedMessage,
    message=st.none() | st.tuples(st.integers(-(2**52), 2**52), st.integers(1, 2**31)),
    links=st.lists(WORDS, max_size=3).map(tuple),
    text=WORDS | LONG,
)


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    room = Newsroom(archive, clock, ENGLISH, BURMESE)
    for number in range(1, 8):
        room.publish(
            f"Rice harvest <{number}> & prices", summary="Rice rises. " * 20, sections=("World news", "2026")
        )
        room.publish(
            f"စပါးရိတ်သိမ်းမှု {number}", summary="ဆန်ဈေး တက်သည်။ " * 20, sections=("ကမ္ဘာ့သတင်း" * 5,), language="my"
        )
    return room


def asked(**facts: Any) -> ParsedQuestion:
    usual: dict[str, Any] = {"chat_id": 5, "kind": ChatKind.PRIVATE, "user_id": 5, "user_language": "en"}
    return ParsedQuestion(**{**usual, **facts})


async def answered(room: Newsroom, question: ParsedQuestion) -> Reply:
    stranger = chats.empty_chat(question.chat_id, question.kind, room.clock.now())
    request: Request = build_request(question, stranger, room.desk, room.clock.now())
    command: Command | None = route_command(question, request)
    reply = (
        await command.answer(request, room.desk)
        if command
        else unknown_command_reply(question, request, room.desk)
    )
    room.desk.memory.remember_list(question.chat_id, 1, reply.articles)
    return reply


def telegram_takes(reply: Reply) -> None:
    text, entities = parse_html(reply.html)
    assert 0 < utf16_length(format_text(text, entities).plain) <= 4096
    assert len(reply.html.encode()) <= 32_768
    assert len(entities) <= 100
    for button in (button for row in reply.buttons for button in row):
        assert button.label.strip()
        assert bool(button.command) != bool(button.url)
        assert len(button.command.encode()) <= 64
        assert not button.url or check_link(button.url)
    assert len(reply.toast) <= 200


SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(
    name=st.sampled_from([*(name for command in COMMANDS for name in command.names), "", "nothing", "lates"]),
    words=WORDS | LONG,
    pointed=st.just(PointedMessage()) | POINTED,
    language=st.sampled_from(["en", "my", "fr", ""]),
    user_id=st.sampled_from([5, OPERATOR]),
    kind=st.sampled_from([ChatKind.PRIVATE, ChatKind.SUPERGROUP]),
)
async def test_any_words_after_any_command_are_answered(
    room: Newsroom,
    name: str,
    words: str,
    pointed: PointedMessage,
    language: str,
    user_id: int,
    kind: ChatKind,
) -> None:
    if name == "retract":
        words = words.replace("news.example", "elsewhere.example")  # or there would soon be no articles left
    facts = {"command": name, "words": words, "pointed": pointed, "user_language": language, "kind": kind}
    reply = await answered(room, asked(**facts, user_id=user_id, chat_id=user_id))
    telegram_takes(reply)
    for button in (button for row in reply.buttons for button in row if button.command):
        command, _, rest = button.command.removeprefix("+").partition(" ")
        press = {"command": command, "words": rest, "pressed": PRESSED}
        pressed = await answered(room, asked(**press, user_language=language))
        telegram_takes(pressed)


@SHARED
@given(words=WORDS | LONG)
async def test_a_button_asks_the_same_question_again(room: Newsroom, words: str) -> None:
    for name in ("search", "related", "latest"):
        reply = await answered(room, asked(command=name, words=words))
        for button in (
            button for row in reply.buttons for button in row if button.label in ("More ›", "‹ Back")
        ):
            command, _, rest = button.command.partition(" ")
            page = await answered(room, asked(command=command, words=rest))
            assert page.html.split("\n")[0] == reply.html.split("\n")[0]
            assert not set(page.articles) & set(reply.articles)
