"""deleteMessage and deleteMessages, and when they are refused."""

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from tests.bot.sandbox.conftest import Harness

TWO_DAYS = 48 * 3600


async def gone(harness: Harness, chat_id: int, message_id: int) -> str:
    """The error of deleteMessage, or "" if it succeeded."""
    _, body = await harness.telegram.call("deleteMessage", {"chat_id": chat_id, "message_id": message_id})
    return str(body.get("description", "")).removeprefix("Bad Request: ")


async def test_an_own_post_goes_and_is_not_found_then(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    assert await gone(harness, harness.channel.id, post.id) == ""
    assert await gone(harness, harness.channel.id, post.id) == "message to delete not found"
    assert post not in harness.telegram.visible_messages(harness.channel.id)


async def test_a_colleagues_post_takes_the_right_to_delete(harness: Harness) -> None:
    post = harness.telegram.post(harness.channel.id, "x")
    assert await gone(harness, harness.channel.id, post.id) == "message can't be deleted"
    harness.telegram.set_bot(harness.channel.id, MemberStatus.ADMINISTRATOR, ("can_delete_messages",))
    assert await gone(harness, harness.channel.id, post.id) == ""
    assert harness.telegram.visibility.foreign_changes() == [post]


async def test_after_two_days_nothing_is_deleted(harness: Harness) -> None:
    group = harness.telegram.add_group("Desk")
    sent = {
        chat_id: await harness.send(chat_id) for chat_id in (harness.channel.id, harness.reader.id, group.id)
    }
    harness.clock.move(TWO_DAYS + 1)
    answers = {chat_id: await gone(harness, chat_id, message.id) for chat_id, message in sent.items()}
    assert answers == {
        harness.channel.id: "message can't be deleted",
        harness.reader.id: "message can't be deleted for everyone",
        group.id: "message can't be deleted for everyone",
    }


async def test_the_first_message_of_a_channel_stays(harness: Harness) -> None:
    harness.telegram.set_bot(harness.channel.id, MemberStatus.ADMINISTRATOR, ("can_delete_messages",))
    assert await gone(harness, harness.channel.id, 1) == "message can't be deleted"


async def test_a_readers_message_goes_in_a_private_chat_and_not_in_a_group(harness: Harness) -> None:
    group = harness.telegram.add_group("Desk", [harness.reader.id])
    private = harness.telegram.say(harness.reader.id, harness.reader.id, "x")
    public = harness.telegram.say(harness.reader.id, group.id, "x")
    assert await gone(harness, harness.reader.id, private.id) == ""
    assert await gone(harness, group.id, public.id) == "message can't be deleted for everyone"


async def test_many_go_at_once_and_missing_ones_are_passed_over(harness: Harness) -> None:
    posts = [await harness.send(harness.channel.id, str(number)) for number in range(3)]
    ids = [posts[0].id, 999, posts[2].id]
    assert await harness.ask("deleteMessages", chat_id=harness.channel.id, message_ids=ids)
    assert [
        m.content.text.plain for m in harness.telegram.visible_messages(harness.channel.id) if not m.service
    ] == ["1"]


async def test_one_that_must_stay_keeps_all(harness: Harness) -> None:
    own, other = await harness.send(harness.channel.id), harness.telegram.post(harness.channel.id, "x")
    await harness.refused("deleteMessages", chat_id=harness.channel.id, message_ids=[own.id, other.id])
    assert own in harness.telegram.visible_messages(harness.channel.id)


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("deleteMessage", {"message_id": 1}, "chat identifier is not specified"),
        ("deleteMessage", {"chat_id": "@daily"}, "message identifier is not specified"),
        ("deleteMessages", {"chat_id": "@daily"}, "message identifiers are not specified"),
        (
            "deleteMessages",
            {"chat_id": "@daily", "message_ids": list(range(101))},
            "too many message identifiers specified",
        ),
    ],
)
async def test_what_is_not_said_is_asked_for(
    harness: Harness, method: str, params: dict[str, object], expected: str
) -> None:
    assert await harness.refused(method, **params) == f"Bad Request: {expected}"
