"""The bot's own membership is stored as Telegram reports it, for known chats only."""

from datetime import timedelta
from typing import Any

import pytest
from telegram import Chat as TelegramChat
from telegram import (
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberMember,
    ChatMemberRestricted,
    ChatMemberUpdated,
    User,
)

from bot.dispatch.membership import has_blocked_bot, parse_membership, store_membership
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


BOT = User(id=1, first_name="Newswire", is_bot=True)
GROUPS = (ChatKind.GROUP, ChatKind.SUPERGROUP)


def administrator(**rights: Any) -> ChatMemberAdministrator:
    no_rights: dict[str, Any] = dict.fromkeys(
        [
            "can_be_edited",
            "is_anonymous",
            "can_manage_chat",
            "can_delete_messages",
            "can_manage_video_chats",
            "can_restrict_members",
            "can_promote_members",
            "can_change_info",
            "can_invite_users",
            "can_post_stories",
            "can_edit_stories",
            "can_delete_stories",
        ],
        False,
    )
    return ChatMemberAdministrator(BOT, **no_rights, **rights)


def restricted(*, can_send_messages: bool) -> ChatMemberRestricted:
    other_rights: dict[str, Any] = dict.fromkeys(
        [
            "is_member",
            "can_change_info",
            "can_invite_users",
            "can_pin_messages",
            "can_send_polls",
            "can_send_other_messages",
            "can_add_web_page_previews",
            "can_manage_topics",
            "can_send_audios",
            "can_send_documents",
            "can_send_photos",
            "can_send_videos",
            "can_send_video_notes",
            "can_send_voice_notes",
            "can_edit_tag",
            "can_react_to_messages",
        ],
        True,
    )
    forever: Any = 0
    return ChatMemberRestricted(BOT, until_date=forever, can_send_messages=can_send_messages, **other_rights)


def state(kind: ChatKind, member: ChatMember) -> ChatState:
    membership = parse_membership(kind, member)
    assert bool(membership.reason) == (membership.state is not ChatState.ACTIVE)
    return membership.state


@pytest.mark.parametrize("member", [ChatMemberLeft(BOT), ChatMemberBanned(BOT, 0)])  # type: ignore[arg-type]
def test_who_is_removed_may_not_post(member: ChatMember) -> None:
    assert state(ChatKind.PRIVATE, member) is ChatState.BLOCKED
    assert [state(kind, member) for kind in (ChatKind.CHANNEL, *GROUPS)] == [ChatState.PAUSED] * 3


def test_a_channel_takes_posts_only_of_an_administrator_with_the_right_to_post() -> None:
    assert state(ChatKind.CHANNEL, administrator(can_post_messages=True)) is ChatState.ACTIVE
    assert state(ChatKind.CHANNEL, administrator(can_post_messages=False)) is ChatState.PAUSED
    assert state(ChatKind.CHANNEL, ChatMemberMember(BOT)) is ChatState.PAUSED


def test_a_group_takes_posts_of_all_but_restricted_members() -> None:
    for kind in GROUPS:
        for member in (administrator(), ChatMemberMember(BOT), restricted(can_send_messages=True)):
            assert state(kind, member) is ChatState.ACTIVE
        assert state(kind, restricted(can_send_messages=False)) is ChatState.PAUSED


def test_only_a_right_lets_the_bot_edit_others_posts() -> None:
    for may_post in (False, True):
        for may_edit in (False, True):
            member = administrator(can_post_messages=may_post, can_edit_messages=may_edit)
            assert parse_membership(ChatKind.CHANNEL, member).can_edit is may_edit
    assert not parse_membership(ChatKind.CHANNEL, administrator(can_post_messages=True)).can_edit
    assert not parse_membership(ChatKind.SUPERGROUP, ChatMemberMember(BOT)).can_edit


def changed(chat_id: int, kind: ChatKind, now: ChatMember, clock: MovedClock) -> ChatMemberUpdated:
    chat = TelegramChat(id=chat_id, type=str(kind))
    return ChatMemberUpdated(chat, BOT, clock.now(), ChatMemberMember(BOT), now)


def test_only_a_reader_can_block_the_bot(clock: MovedClock) -> None:
    left = ChatMemberLeft(BOT)
    assert has_blocked_bot(changed(7, ChatKind.PRIVATE, left, clock))
    assert not has_blocked_bot(changed(7, ChatKind.PRIVATE, ChatMemberMember(BOT), clock))
    assert not has_blocked_bot(changed(-7, ChatKind.GROUP, left, clock))


def test_a_membership_is_stored_only_if_the_chat_is_known_and_wakes_delivery_if_it_may_go_on(
    archive: Database, clock: MovedClock
) -> None:
    def store(chat_id: int, kind: ChatKind, member: ChatMember) -> tuple[bool, ChatState | None, bool]:
        change = changed(chat_id, kind, member, clock)
        due = archive.run_sync(store_membership, change, (), clock.now())
        chat = archive.read_sync(chats.get, chat_id)
        return due, chat.state if chat else None, bool(chat and chat.can_edit)

    assert store(-7, ChatKind.CHANNEL, administrator()) == (False, None, False)
    archive.run_sync(chats.upsert_chat, chats.empty_chat(-7, ChatKind.CHANNEL, clock.now()))
    editor = administrator(can_post_messages=True, can_edit_messages=True)
    poster = administrator(can_post_messages=True)
    assert store(-7, ChatKind.CHANNEL, editor) == (False, ChatState.ACTIVE, True)
    assert store(-7, ChatKind.CHANNEL, poster) == (False, ChatState.ACTIVE, False)
    assert store(-7, ChatKind.CHANNEL, ChatMemberLeft(BOT)) == (True, ChatState.PAUSED, False)
    assert store(-7, ChatKind.CHANNEL, poster) == (True, ChatState.ACTIVE, False)
