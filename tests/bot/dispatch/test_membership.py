"""The bot's own membership is stored as Telegram reports it, for known chats only."""

from datetime import timedelta

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from storage import chats
from storage.database import Database
from storage.records import Alarm, Chat, ChatKind, ChatState
from tests.bot.newsroom import Newsroom
from tests.conftest import MovedClock


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    room = Newsroom(archive, clock)
    room.publish_many(["Rice harvest begins", "Rice harvest ends"])
    return room


def kept(room: Newsroom, chat_id: int) -> Chat:
    chat = room.db.read_sync(chats.get, chat_id)
    assert chat
    return chat


def known(room: Newsroom, chat_id: int, kind: ChatKind = ChatKind.CHANNEL) -> None:
    room.db.run_sync(chats.upsert_chat, chats.empty_chat(chat_id, kind, room.clock.now()))


async def test_rights_lost_and_regained_in_a_channel_are_stored_and_wake_the_publisher(
    room: Newsroom,
) -> None:
    channel = room.box.add_channel("News")
    known(room, channel.id)
    room.box.set_bot(channel.id, MemberStatus.ADMINISTRATOR, ())
    await room.answer()
    assert kept(room, channel.id).state is ChatState.PAUSED
    assert kept(room, channel.id).reason == "the bot may not post there"
    room.box.set_bot(channel.id, MemberStatus.KICKED)
    await room.answer()
    assert kept(room, channel.id).state is ChatState.PAUSED
    assert kept(room, channel.id).reason == "the bot was removed"
    assert room.changes == 2
    room.box.set_bot(channel.id, MemberStatus.ADMINISTRATOR, ("can_post_messages", "can_edit_messages"))
    await room.answer()
    assert (kept(room, channel.id).state, kept(room, channel.id).can_edit) == (ChatState.ACTIVE, True)
    assert room.changes == 3


async def test_what_an_operator_paused_stays_paused(room: Newsroom) -> None:
    channel = room.box.add_channel("News")
    known(room, channel.id)
    room.db.run_sync(
        lambda c: chats.update_columns(c, channel.id, state=ChatState.PAUSED, reason=chats.BY_OPERATOR)
    )
    room.box.set_bot(channel.id, MemberStatus.ADMINISTRATOR, ("can_post_messages",))
    await room.answer()
    assert kept(room, channel.id).reason == chats.BY_OPERATOR


@pytest.mark.parametrize("returns_by", ["a message", "an update"])
async def test_a_chat_that_is_back_has_no_trace_of_its_pause(room: Newsroom, returns_by: str) -> None:
    reader = room.reader()
    await reader.types("/subscribe")
    paused = {"state": ChatState.PAUSED, "reason": "Forbidden", "tries": 4, "alarm": Alarm.LOST}
    retry_at = room.clock.now() + timedelta(hours=1)
    room.db.run_sync(lambda c: chats.update_columns(c, reader.chat_id, retry_at=retry_at, **paused))
    if returns_by == "a message":
        await reader.types("/subscribe")
    else:
        room.box.unblock(reader.user_id)
        await room.answer()
    back = kept(room, reader.chat_id)
    assert (back.state, back.reason, back.tries) == (ChatState.ACTIVE, "", 0)
    assert (back.retry_at, back.alarm) == (None, Alarm.NONE)


async def test_an_unknown_chat_is_not_stored(room: Newsroom) -> None:
    channel = room.box.add_channel("Elsewhere")
    room.box.set_bot(channel.id, MemberStatus.ADMINISTRATOR, ())
    await room.answer()
    assert room.db.read_sync(chats.get, channel.id) is None


async def test_a_group_that_became_a_supergroup_is_followed(room: Newsroom) -> None:
    reader = room.reader()
    group = room.box.add_group("Talk", [reader.user_id])
    known(room, group.id, ChatKind.GROUP)
    supergroup = room.box.add_supergroup("Talk", [reader.user_id])
    room.box.upgrade(group.id, supergroup.id)
    await room.answer()
    assert kept(room, group.id).moved_to == supergroup.id
    assert kept(room, supergroup.id).state is ChatState.ACTIVE
    assert (await reader.in_chat(supergroup.id).types("/latest 1")).headlines == ["Rice harvest ends"]


async def test_only_the_id_of_a_colleagues_post_is_stored(room: Newsroom) -> None:
    channel = room.box.add_channel("News")
    known(room, channel.id)
    post = room.box.post(channel.id, "by hand")
    await room.answer()
    assert kept(room, channel.id).last_message_id == post.id
