"""What the bot can read of chats and members, and its own profile."""

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from tests.bot.sandbox.conftest import Harness


async def test_a_chat_is_described_with_its_newest_pin(harness: Harness) -> None:
    harness.telegram.set_bot(
        harness.channel.id, MemberStatus.ADMINISTRATOR, ("can_post_messages", "can_edit_messages")
    )
    post = await harness.send(harness.channel.id, "Pinned")
    await harness.ask("getUpdates", offset=-1)
    assert await harness.ask("pinChatMessage", chat_id=harness.channel.id, message_id=post.id)
    chat = await harness.ask("getChat", chat_id="@daily")
    assert (chat["title"], chat["pinned_message"]["text"]) == ("Daily", "Pinned")
    updates = await harness.ask("getUpdates")
    assert updates[-1]["channel_post"]["pinned_message"]["message_id"] == post.id
    assert await harness.ask("unpinChatMessage", chat_id=harness.channel.id)
    assert "pinned_message" not in await harness.ask("getChat", chat_id="@daily")


async def test_pinning_takes_its_own_right(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    there = {"chat_id": harness.channel.id, "message_id": post.id}
    expected = "Bad Request: not enough rights to manage pinned messages in the chat"
    assert await harness.refused("pinChatMessage", **there) == expected
    missing = await harness.refused("pinChatMessage", chat_id=harness.channel.id, message_id=99)
    assert missing == "Bad Request: message to pin not found"


async def test_the_bots_rights_in_a_channel_are_told_one_by_one(harness: Harness) -> None:
    member = await harness.ask("getChatMember", chat_id=harness.channel.id, user_id=harness.telegram.bot.id)
    rights = (member["status"], member["can_post_messages"], member["can_edit_messages"])
    assert rights == ("administrator", True, False)


async def test_strangers_have_left_and_nobody_is_no_member(harness: Harness) -> None:
    member = await harness.ask("getChatMember", chat_id=harness.channel.id, user_id=harness.reader.id)
    assert member["status"] == "left"
    wrong = await harness.refused("getChatMember", chat_id=harness.channel.id, user_id=5)
    assert wrong == "Bad Request: PARTICIPANT_ID_INVALID"


async def test_members_and_administrators_are_counted(harness: Harness) -> None:
    group = harness.telegram.add_supergroup("Desk", [harness.reader.id])
    assert await harness.ask("getChatMemberCount", chat_id=group.id) == 3
    statuses = [m["status"] for m in await harness.ask("getChatAdministrators", chat_id=harness.channel.id)]
    assert statuses == ["creator", "administrator"]


async def test_a_public_channel_can_be_looked_at_from_outside_and_a_private_one_not(harness: Harness) -> None:
    private = harness.telegram.add_channel("Private", bot=MemberStatus.LEFT)
    public = harness.telegram.add_channel("Public", username="public", bot=MemberStatus.LEFT)
    assert await harness.ask("getChat", chat_id=public.id)
    expected = "Forbidden: bot is not a member of the channel chat"
    assert await harness.refused("getChat", chat_id=private.id) == expected


async def test_after_leaving_the_bot_is_no_member(harness: Harness) -> None:
    assert await harness.ask("leaveChat", chat_id=harness.channel.id)
    expected = "Forbidden: bot is not a member of the channel chat"
    assert await harness.refused("sendMessage", chat_id=harness.channel.id, text="x") == expected


async def test_commands_are_kept_by_scope_and_language(harness: Harness) -> None:
    menu = [{"command": "latest", "description": "The newest headlines"}]
    burmese = [{"command": "latest", "description": "နောက်ဆုံးရ သတင်းများ"}]
    await harness.ask("setMyCommands", commands=menu)
    await harness.ask("setMyCommands", commands=burmese, language_code="my")
    assert await harness.ask("getMyCommands") == menu
    assert await harness.ask("getMyCommands", language_code="my") == burmese
    await harness.ask("deleteMyCommands", language_code="my")
    assert await harness.ask("getMyCommands", language_code="my") == []


@pytest.mark.parametrize(
    ("command", "description", "expected"),
    [
        ("Latest", "x", "BOT_COMMAND_INVALID"),
        ("x" * 33, "x", "BOT_COMMAND_INVALID"),
        ("", "x", "BOT_COMMAND_INVALID"),
        ("latest", "", "BOT_COMMAND_DESCRIPTION_INVALID"),
        ("latest", "x" * 257, "BOT_COMMAND_DESCRIPTION_INVALID"),
    ],
)
async def test_a_command_that_telegram_would_not_take(
    harness: Harness, command: str, description: str, expected: str
) -> None:
    commands = [{"command": command, "description": description}]
    assert await harness.refused("setMyCommands", commands=commands) == f"Bad Request: {expected}"


async def test_name_and_descriptions_have_their_lengths(harness: Harness) -> None:
    for method, name, most in (
        ("Name", "name", 64),
        ("Description", "description", 512),
        ("ShortDescription", "short_description", 120),
    ):
        await harness.ask(f"setMy{method}", **{name: "x" * most})
        assert await harness.ask(f"getMy{method}") == {name: "x" * most}
        await harness.refused(f"setMy{method}", **{name: "x" * (most + 1)})


async def test_typing_is_shown_and_nonsense_is_not(harness: Harness) -> None:
    assert await harness.ask("sendChatAction", chat_id=harness.reader.id, action="typing")
    wrong = await harness.refused("sendChatAction", chat_id=harness.reader.id, action="dancing")
    assert wrong == "Bad Request: wrong parameter action in request"
