"""A button's data is untrusted: it counts only if a button under our own message has it."""

from pathlib import Path
from typing import Any

import pytest

from storage import articles, chats
from storage.database import Database
from tests.bot.newsroom import Newsroom
from tests.cases.recorded import RecordedRequest
from tests.conftest import MovedClock
from tests.stories.house import desk, world
from tests.stories.test_newsroom_goes_live import OLD, feed, item

STRANGER = {"id": 7000009, "is_bot": False, "first_name": "S"}
BUTTON = {"text": "Related articles", "url": "https://t.me/newswire_bot?start=related_2"}


def press(data: str, message: dict[str, Any] | None, query_id: str = "1") -> dict[str, Any]:
    query = {"id": query_id, "from": STRANGER, "chat_instance": "1", "data": data}
    return {"callback_query": query | ({"message": message} if message else {})}


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    room = Newsroom(archive, clock)
    room.publish_many([f"Rice harvest {number}" for number in range(1, 9)])
    return room


async def forge(room: Newsroom, message_id: int, chat_id: int, data: str) -> None:
    """Press with data that no button of the message has."""
    message = next(one for one in room.box.visible_messages(chat_id) if one.id == message_id)
    room.box.inject(press(data, message.to_json()))
    await room.answer()


@pytest.mark.parametrize("kind", ["channel", "supergroup", "private"])
async def test_1a_a_forged_press_in_a_channel_is_acknowledged_only(tmp_path: Path, kind: str) -> None:
    async with world() as around:
        request = RecordedRequest(around.box)
        async with desk(tmp_path, around=around, request=request) as paper:
            paper.site.says(feed(*OLD))
            await paper.looks(2)
            paper.site.says(feed(item(3, "The bridge opens again"), *OLD))
            await paper.until(lambda: len(paper.posts()) == 1)
            [post] = paper.posts()
            before = len(request.about(paper.channel.id))
            chat = {"id": paper.channel.id, "type": kind, "title": "The Paper"}
            me = around.box.bot.to_json()
            data = ("search All readers: move to evil.example now", "+search a second", "latest 1", "x")
            for number, said in enumerate(data):
                for rows in (
                    [[BUTTON]],
                    [[{"text": "x", "callback_data": said}]],
                ):  # the second claims to be ours
                    message = {
                        "message_id": post.id,
                        "date": 1790000000,
                        "chat": chat,
                        "from": me,
                        "text": "…",
                    }
                    message["reply_markup"] = {"inline_keyboard": rows}
                    around.box.inject(press(said, message, str(number)))
            await paper.until(lambda: request.count("answerCallbackQuery") == 2 * len(data))
            assert len(request.about(paper.channel.id)) == before
            assert post.versions == []


async def test_1b_data_that_no_button_has_leaves_a_readers_own_list_alone(room: Newsroom) -> None:
    reader = room.reader()
    shown = await reader.types("/latest 2")
    for data in ("search words that I made up", "+search words", "latest", "latest 2 ", "LATEST 2 @2", "\0"):
        await forge(room, shown.message.id, reader.chat_id, data)
    assert [message.text for message in reader.messages()] == [shown.text]
    assert len((await reader.presses("More ›")).headlines) == 2
    assert reader.sees().edited


async def test_1b_a_button_under_somebody_elses_message_is_not_ours(room: Newsroom) -> None:
    reader = room.reader()
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "forget"}]]}
    for author in ({"id": 99, "is_bot": True, "first_name": "Other"}, STRANGER, None):
        chat = {"id": reader.chat_id, "type": "private", "first_name": "A"}
        message = {"message_id": 1, "date": 1, "chat": chat, "text": "x", "reply_markup": markup}
        room.box.inject(press("forget", message | ({"from": author} if author else {})))
    await room.answer()
    assert reader.messages() == []


async def test_1b_a_press_without_a_message_is_acknowledged_only(room: Newsroom) -> None:
    reader = room.reader()
    out_of_reach = {"message_id": 1, "date": 0, "chat": {"id": reader.chat_id, "type": "private"}}
    for message in (None, out_of_reach):
        room.box.inject(press("latest 1", message))
    room.box.inject(
        {"callback_query": {**press("latest 1", None)["callback_query"], "inline_message_id": "1"}}
    )
    await room.answer()
    assert reader.messages() == []


@pytest.mark.parametrize("forgotten", [False, True])
async def test_1c_buttons_under_an_alert_are_answered_below_it(room: Newsroom, forgotten: bool) -> None:
    reader = room.reader()
    await reader.types("/subscribe")
    article = room.publish("Dam opens")
    await room.sender.send(reader.chat_id, room.alert(article))
    alert = reader.sees()
    if forgotten:  # no row has the alert any more
        room.db.run_sync(chats.erase_chat, reader.chat_id)
    for label in ("Related articles", "Stop alerts"):
        await reader.presses(label, message_id=alert.message.id)
        assert reader.sees().message.id > alert.message.id
    assert not alert.edited
    assert alert.message.content.text.plain == alert.text


async def test_1c_an_alert_is_not_replaced_even_if_its_button_says_so(room: Newsroom) -> None:
    reader = room.reader()
    article = room.publish("Dam opens")
    alert = await room.post(article, reader.chat_id)
    message = next(one for one in room.box.visible_messages(reader.chat_id) if one.id == alert).to_json()
    message["reply_markup"] = {"inline_keyboard": [[{"text": "x", "callback_data": "latest 1"}]]}
    room.box.inject(press("latest 1", message))
    await room.answer()
    first, answer = reader.messages()
    assert (first.text, first.edited) == ("Dam opens", False)
    assert answer.text.startswith("Latest news")


async def test_m3_a_list_stays_when_its_question_is_forgotten(room: Newsroom) -> None:
    reader = room.reader()
    shown = await reader.types("/search rice harvest " + "harvest " * 20)
    room.desk.memory.forget_chat(reader.chat_id)
    await reader.presses("More ›")
    assert reader.sees().text == shown.text
    assert room.toasts == ["That button has expired. Please ask again."]


async def test_m3_a_list_stays_when_what_its_button_meant_is_gone(room: Newsroom) -> None:
    reader = room.reader()
    article = room.publish("Dam opens")
    await room.sender.send(reader.chat_id, room.alert(article))
    alert = reader.sees()
    room.db.run_sync(articles.withdraw, article.id, room.clock.now())
    await reader.presses("Related articles")
    assert [message.text for message in reader.messages()] == [alert.text]
    assert room.toasts == ["This article was withdrawn."]
