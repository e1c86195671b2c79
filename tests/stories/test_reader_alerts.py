"""A reader subscribes to alerts, stops them, and asks what is stored."""

import pytest

from storage import chats, subscriptions
from storage.database import Database
from storage.records import ChatState
from tests.bot.newsroom import Newsroom
from tests.conftest import MovedClock


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    return Newsroom(archive, clock)


def subscriptions_of(room: Newsroom, chat_id: int) -> list[tuple[str, str]]:
    return [(each.what, each.rhythm) for each in room.db.read_sync(subscriptions.list_subscriptions, chat_id)]


async def test_subscribing_keeps_the_chats_id_and_the_wish_and_no_name(room: Newsroom) -> None:
    reader = room.reader("Aye Aye", username="ayeaye")
    answer = await reader.types("/subscribe")
    assert answer.text == "Done. I'll send you every article as it appears. To stop, send /unsubscribe."
    assert subscriptions_of(room, reader.chat_id) == [("all", "at once")]
    kept = room.db.read_sync(chats.get, reader.chat_id)
    assert kept
    assert (kept.title, kept.username, kept.language) == ("", "", "")


async def test_subscribing_twice_is_said_and_changes_nothing(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/subscribe")
    answer = await reader.types("/subscribe")
    assert answer.text == "You already get every article. To stop, send /unsubscribe."
    assert len(subscriptions_of(room, reader.chat_id)) == 1


async def test_one_tap_stops_and_nothing_is_kept(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/subscribe")
    answer = await reader.presses("Stop alerts")
    assert answer.text == "Done. No more alerts. To get them again, send /subscribe."
    assert room.toasts == ["Alerts are off."]
    assert room.db.read_sync(chats.get, reader.chat_id) is None
    assert (await reader.presses("Get every article")).text.startswith("Done. I'll send")


async def test_the_stop_button_under_an_alert_leaves_the_news_standing(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/subscribe")
    article = room.publish("Rice harvest begins")
    content = room.alert(article)
    await room.sender.send(reader.chat_id, content)
    alert = reader.sees()
    await reader.presses("Stop alerts")
    assert [shown.text for shown in reader.messages()][-2:] == [
        alert.text,
        "Done. No more alerts. To get them again, send /subscribe.",
    ]


async def test_stopping_what_never_began_is_said(room: Newsroom) -> None:
    answer = await room.reader().types("/unsubscribe")
    assert answer.text == "You're not getting alerts. To start, send /subscribe."


async def test_a_wish_for_a_section_is_answered_with_what_works(room: Newsroom) -> None:
    reader = room.reader()
    answer = await reader.types("/subscribe sports")
    assert answer.text == "For now it's all or nothing: send /subscribe on its own."
    assert subscriptions_of(room, reader.chat_id) == []


async def test_privacy_says_what_is_kept_and_forget_erases_it(room: Newsroom) -> None:
    reader = room.reader()
    assert (await reader.types("/privacy")).text.startswith("I keep nothing about you.")
    await reader.types("/subscribe")
    assert (await reader.types("/privacy")).text.startswith("I keep this chat's ID")
    erased = await reader.presses("Erase it")
    assert erased.text == "Done. I keep nothing about you, and alerts are off."
    assert room.db.read_sync(chats.get, reader.chat_id) is None
    assert subscriptions_of(room, reader.chat_id) == []


async def test_forget_also_forgets_the_last_list(room: Newsroom) -> None:
    room.publish("Rice harvest begins")
    reader = room.reader()
    await reader.types("/latest")
    await reader.types("/forget")
    assert (await reader.types("/related 1")).text.startswith("There's no recent list in this chat.")


async def test_in_a_group_a_member_is_led_to_a_private_chat_which_asks_first(room: Newsroom) -> None:
    reader = room.reader()
    group = room.box.add_supergroup("Talk", [reader.user_id])
    answer = await reader.in_chat(group.id).types("/subscribe")
    assert answer.text.startswith("Only administrators of this group can do that")
    assert answer.urls == ["https://t.me/newswire_bot?start=subscribe"]
    assert room.db.read_sync(chats.get, group.id) is None
    assert (await reader.types("/start subscribe")).text == "Shall I send you every article?"
    assert (await reader.presses("Get every article")).text.startswith("Done. I'll send you every")


async def test_a_reader_who_blocks_the_bot_is_erased_and_comes_back_as_a_stranger(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/subscribe")
    room.box.block(reader.user_id)
    await room.answer()
    assert room.db.read_sync(chats.get, reader.chat_id) is None
    assert room.db.erasure.is_pending
    room.box.unblock(reader.user_id)
    await room.answer()
    assert room.db.read_sync(chats.get, reader.chat_id) is None
    assert subscriptions_of(room, reader.chat_id) == []


async def test_who_subscribes_is_reached_though_telegram_never_told_of_the_unblocking(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/subscribe")
    room.db.run_sync(lambda c: chats.update_columns(c, reader.chat_id, state=ChatState.BLOCKED))
    await reader.types("/subscribe")
    back = room.db.read_sync(chats.get, reader.chat_id)
    assert back
    assert back.state is ChatState.ACTIVE


async def test_a_stranger_who_blocks_the_bot_is_not_kept(room: Newsroom) -> None:
    reader = room.reader()
    room.box.block(reader.user_id)
    await room.answer()
    assert room.db.read_sync(chats.get, reader.chat_id) is None


async def test_an_answer_to_a_reader_who_has_just_blocked_the_bot_ends_quietly(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/subscribe")
    room.box.say(reader.user_id, reader.chat_id, "/latest")
    [update] = room.updates()
    room.box.block(reader.user_id)
    await room.dispatch.dispatch_update(update)
    assert len(reader.messages()) == 1
