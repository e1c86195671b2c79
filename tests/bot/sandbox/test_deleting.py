"""deleteMessage: what goes, what stays and why."""

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from tests.bot.sandbox.conftest import Town

TWO_DAYS = 48 * 3600


async def gone(town: Town, chat_id: int, message_id: int) -> str:
    """What deleteMessage answers: the refusal, or "" where it went through."""
    _, body = await town.box.call("deleteMessage", {"chat_id": chat_id, "message_id": message_id})
    return str(body.get("description", "")).removeprefix("Bad Request: ")


async def test_an_own_post_goes_and_is_not_found_then(town: Town) -> None:
    post = await town.send(town.channel.id)
    assert await gone(town, town.channel.id, post.id) == ""
    assert await gone(town, town.channel.id, post.id) == "message to delete not found"
    assert post not in town.box.visible_messages(town.channel.id)


async def test_a_colleagues_post_takes_the_right_to_delete(town: Town) -> None:
    post = town.box.post(town.channel.id, "x")
    assert await gone(town, town.channel.id, post.id) == "message can't be deleted"
    town.box.set_bot(town.channel.id, MemberStatus.ADMINISTRATOR, ("can_delete_messages",))
    assert await gone(town, town.channel.id, post.id) == ""
    assert town.box.visibility.foreign_changes() == [post]


async def test_after_two_days_nothing_is_deleted(town: Town) -> None:
    group = town.box.add_group("Desk")
    sent = {chat_id: await town.send(chat_id) for chat_id in (town.channel.id, town.reader.id, group.id)}
    town.clock.move(TWO_DAYS + 1)
    answers = {chat_id: await gone(town, chat_id, message.id) for chat_id, message in sent.items()}
    assert answers == {
        town.channel.id: "message can't be deleted",
        town.reader.id: "message can't be deleted for everyone",
        group.id: "message can't be deleted for everyone",
    }


async def test_the_first_message_of_a_channel_stays(town: Town) -> None:
    town.box.set_bot(town.channel.id, MemberStatus.ADMINISTRATOR, ("can_delete_messages",))
    assert await gone(town, town.channel.id, 1) == "message can't be deleted"


async def test_a_readers_message_goes_in_a_private_chat_and_not_in_a_group(town: Town) -> None:
    group = town.box.add_group("Desk", [town.reader.id])
    private = town.box.say(town.reader.id, town.reader.id, "x")
    public = town.box.say(town.reader.id, group.id, "x")
    assert await gone(town, town.reader.id, private.id) == ""
    assert await gone(town, group.id, public.id) == "message can't be deleted for everyone"


async def test_many_go_at_once_and_missing_ones_are_passed_over(town: Town) -> None:
    posts = [await town.send(town.channel.id, str(number)) for number in range(3)]
    ids = [posts[0].id, 999, posts[2].id]
    assert await town.ask("deleteMessages", chat_id=town.channel.id, message_ids=ids)
    assert [m.content.text.plain for m in town.box.visible_messages(town.channel.id) if not m.service] == [
        "1"
    ]


async def test_one_that_must_stay_keeps_all(town: Town) -> None:
    own, other = await town.send(town.channel.id), town.box.post(town.channel.id, "x")
    await town.refused("deleteMessages", chat_id=town.channel.id, message_ids=[own.id, other.id])
    assert own in town.box.visible_messages(town.channel.id)


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
    town: Town, method: str, params: dict[str, object], expected: str
) -> None:
    assert await town.refused(method, **params) == f"Bad Request: {expected}"
