"""What the bot may do in a chat, from the answers of `getChat` and `getChatMember`."""

from typing import Any

import pytest

from bot.telegram.chat_access import parse_chat_access
from storage.records import ChatKind

NO_MESSAGES = {"permissions": {"can_send_messages": False}}


def reason(kind: str, mine: dict[str, Any], **chat: Any) -> str:
    access = parse_chat_access({"id": -1, "type": kind, **chat}, mine)
    assert access.may_post == (not access.reason)
    return access.reason


@pytest.mark.parametrize("kind", ["channel", "supergroup", "group"])
@pytest.mark.parametrize("status", ["left", "kicked"])
def test_who_is_not_a_member_may_not_post(kind: str, status: str) -> None:
    assert reason(kind, {"status": status, "can_post_messages": True}) == f"the bot is not in the {kind}"


def test_a_channel_takes_posts_only_with_the_right_to_post() -> None:
    assert reason("channel", {"status": "creator"}) == ""
    assert reason("channel", {"status": "administrator", "can_post_messages": True}) == ""
    for mine in ({"status": "administrator"}, {"status": "administrator", "can_post_messages": False}):
        assert "right to post messages" in reason("channel", mine)
    assert "right to post messages" in reason("channel", {"status": "member"})


def test_a_restricted_member_of_a_group_may_post_only_with_the_right_to_send() -> None:
    assert reason("supergroup", {"status": "restricted", "can_send_messages": True}, **NO_MESSAGES) == ""
    for mine in ({"status": "restricted"}, {"status": "restricted", "can_send_messages": False}):
        assert reason("supergroup", mine) == "the bot may not write in the supergroup"


@pytest.mark.parametrize("kind", ["supergroup", "group"])
def test_a_members_right_in_a_group_is_that_of_all_members(kind: str) -> None:
    assert reason(kind, {"status": "member"}) == ""
    assert reason(kind, {"status": "member"}, permissions={}) == ""
    assert reason(kind, {"status": "member"}, permissions={"can_send_messages": True}) == ""
    assert reason(kind, {"status": "member"}, **NO_MESSAGES) == f"members may not write in the {kind}"
    for status in ("administrator", "creator"):
        assert reason(kind, {"status": status}, **NO_MESSAGES) == ""


def test_others_posts_may_be_edited_by_the_creator_and_with_the_right() -> None:
    def may_edit(**mine: Any) -> bool:
        return parse_chat_access({"id": -1, "type": "channel"}, mine).may_edit

    assert may_edit(status="creator")
    assert may_edit(status="administrator", can_edit_messages=True)
    assert not may_edit(status="administrator", can_edit_messages=False)
    assert not may_edit(status="administrator")


def test_a_reader_is_never_named() -> None:
    named = {"id": 7, "type": "private", "title": "Jane", "username": "jane"}
    access = parse_chat_access(named, {})
    assert (access.id, access.kind, access.title, access.username) == (7, ChatKind.PRIVATE, "", "")
    assert access.may_post


def test_a_channel_is_known_by_its_title_and_username() -> None:
    access = parse_chat_access({"id": -1, "type": "channel", "title": "Daily", "username": "daily"}, {})
    assert (access.title, access.username) == ("Daily", "daily")
    bare = parse_chat_access({"id": -1, "type": "channel"}, {})
    assert (bare.title, bare.username) == ("", "")
