"""No update makes an answer appear in a channel or change a delivered message."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import CallbackQuery, Message, Update

from bot.dispatch import UpdateDispatcher
from bot.dispatch.parse import ButtonPress, ParsedQuestion, chat_kind
from bot.telegram.sender import TelegramSender
from storage import chats
from storage.database import Database
from storage.records import ChatKind
from tests.bot.newsroom import OPERATOR, Newsroom
from tests.cases.recorded import RecordedRequest
from tests.conftest import MovedClock, quiet
from tests.jobs.publish.harness import DatabaseHere

Json = dict[str, Any]
DATA = ["latest 1", "+latest 1", "forget", "+unsubscribe", "search rice", "+related id:1", "status", "", "\0"]
TEXTS = ["/latest", "/subscribe", "/forget", "/start read_1", "/status", "/retract 1", "/story", "rice", "2"]
TYPES = ["channel", "supergroup", "group", "private"]


class Scene:
    """A newsroom with a post in its channel, an alert, and an alert whose delivery was deleted."""

    def __init__(self, database: Database, clock: MovedClock) -> None:
        clock.settle = quiet
        self.room = room = Newsroom(DatabaseHere(database.engine), clock)
        self.request = RecordedRequest(room.box)
        sender = TelegramSender(self.request, room.box.token)
        self.dispatch = UpdateDispatcher(room.desk, sender, clock)
        self.channel = room.box.add_channel("The Paper").id
        self.group = room.box.add_supergroup("Talk").id
        self.reader, self.other, self.editor = room.reader("A"), room.reader("B"), room.operator()
        self.article = room.publish("Dam opens")

    async def open(self) -> None:
        room = self.room
        kept = chats.empty_chat(self.channel, ChatKind.CHANNEL, room.clock.now())
        room.db.run_sync(chats.upsert_chat, kept)
        self.post = await room.post(self.article, self.channel)
        self.alert = await room.post(self.article, self.reader.chat_id)
        await room.sender.send(self.other.chat_id, room.alert(self.article))
        self.forgotten = self.other.sees().message

    def violations(self) -> list[tuple[str, Json]]:
        """Requests that only the publisher may make."""
        delivered = {
            (self.channel, self.post),
            (self.reader.chat_id, self.alert),
            (self.other.chat_id, self.forgotten.id),
        }
        return [
            (method, given)
            for method, given in self.request.made
            if given.get("chat_id") == self.channel
            or (given.get("chat_id"), given.get("message_id")) in delivered
        ]

    def update(self, drawn: Json) -> Update | None:
        """An update built from what hypothesis drew."""
        users = {
            "reader": self.reader.user_id,
            "other": self.other.user_id,
            "editor": OPERATOR,
            "bot": self.room.box.bot.id,
        }
        user = {"id": users[drawn["user"]], "is_bot": drawn["user"] == "bot", "first_name": "x"}
        # Telegram sends our message as it really is, whatever the press claims
        message = self.forgotten.to_json() if drawn["true"] else self._message(drawn)
        if drawn["what"] == "callback_query":
            query = {"id": "1", "from": user, "chat_instance": "1", "data": drawn["data"], "message": message}
            return Update.de_json({"update_id": 1, "callback_query": query}, self.room.bot)
        return Update.de_json({"update_id": 1, drawn["what"]: message | {"from": user}}, self.room.bot)

    def _message(self, drawn: Json) -> Json:
        places = {"channel": self.channel, "group": self.group, "reader": self.reader.chat_id, "none": -1009}
        numbers = {"post": self.post, "alert": self.alert, "none": 999}
        chat = {"id": places[drawn["place"]], "type": drawn["type"], "title": "x"}
        button = {"text": "x", "callback_data": drawn["button"] or "x"}
        message = {"message_id": numbers[drawn["number"]], "date": 1, "chat": chat, "text": drawn["text"]}
        message |= {"reply_markup": {"inline_keyboard": [[button]]}, "from": self.room.box.bot.to_json()}
        return message | ({"sender_chat": chat} if drawn["nameless"] else {})


anything = st.fixed_dictionaries(
    {
        "what": st.sampled_from(["callback_query", "message", "edited_message", "channel_post"]),
        "true": st.booleans(),
        "user": st.sampled_from(["reader", "other", "editor", "bot"]),
        "place": st.sampled_from(["channel", "group", "reader", "none"]),
        "type": st.sampled_from(TYPES),
        "number": st.sampled_from(["post", "alert", "none"]),
        "data": st.sampled_from(DATA),
        "button": st.sampled_from(DATA),
        "text": st.sampled_from(TEXTS),
        "nameless": st.booleans(),
    }
)


@pytest.fixture
async def scene(archive: Database, clock: MovedClock) -> Scene:
    scene = Scene(archive, clock)
    await scene.open()
    return scene


async def play(scene: Scene, drawn: Json) -> None:
    """Handle one update."""
    scene.request.made.clear()
    update = scene.update(drawn)
    assert update
    handled = asyncio.ensure_future(scene.dispatch.dispatch_update(update))
    while not handled.done():
        await scene.room.clock.advance(1)
    if update.callback_query:
        assert scene.request.count("answerCallbackQuery") == 1


async def test_1_no_answer_reaches_a_channel_or_touches_a_delivery(scene: Scene) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=200)
    @given(anything)
    def check(drawn: Json) -> None:
        asyncio.run_coroutine_threadsafe(play(scene, drawn), loop).result(60)
        assert scene.violations() == []

    await asyncio.to_thread(check)


def _believing(query: CallbackQuery, _bot_id: int) -> ParsedQuestion | None:
    """A press parsed without checking its data against its message."""
    message = query.message
    assert isinstance(message, Message)
    command, _, words = (query.data or "").removeprefix("+").partition(" ")
    pressed = ButtonPress(
        query_id=query.id, message_id=message.message_id, reply_below=(query.data or "").startswith("+")
    )
    kind, user = chat_kind(message.chat), query.from_user.id
    chat_id = message.chat.id
    return ParsedQuestion(
        chat_id=chat_id, kind=kind, user_id=user, asker=user, command=command, words=words, pressed=pressed
    )


FORGED = {
    "what": "callback_query",
    "true": True,
    "user": "reader",
    "place": "reader",
    "type": "private",
    "number": "none",
    "data": "latest 1",
    "button": "latest 1",
    "text": "x",
    "nameless": False,
}


@pytest.mark.parametrize(
    ("check", "instead", "drawn"),
    [
        ("bot.dispatch.dispatcher.parse_press", _believing, FORGED),
        (
            "bot.dispatch.dispatcher._is_channel",
            lambda *_: False,
            FORGED | {"true": False, "place": "channel"},
        ),
        (
            "bot.dispatch.answers.ReplySender._may_replace",
            None,
            FORGED | {"true": False, "number": "alert"},
        ),
    ],
)
async def test_1_without_any_one_of_the_checks_an_update_does_harm(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, check: str, instead: Callable[..., Any] | None, drawn: Json
) -> None:
    await play(scene, drawn)
    assert scene.violations() == []
    monkeypatch.setattr(check, instead or _always)
    await play(scene, drawn)
    assert scene.violations() != []


async def _always(*_: Any) -> bool:
    return True
