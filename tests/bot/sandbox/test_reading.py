"""What the bot may know of chats and members, and what it says about itself."""

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from tests.bot.sandbox.conftest import Town


async def test_a_chat_is_described_with_its_newest_pin(town: Town) -> None:
    town.box.set_bot(town.channel.id, MemberStatus.ADMINISTRATOR, ("can_post_messages", "can_edit_messages"))
    post = await town.send(town.channel.id, "Pinned")
    await town.ask("getUpdates", offset=-1)
    assert await town.ask("pinChatMessage", chat_id=town.channel.id, message_id=post.id)
    chat = await town.ask("getChat", chat_id="@daily")
    assert (chat["title"], chat["pinned_message"]["text"]) == ("Daily", "Pinned")
    updates = await town.ask("getUpdates")
    assert updates[-1]["channel_post"]["pinned_message"]["message_id"] == post.id
    assert await town.ask("unpinChatMessage", chat_id=town.channel.id)
    assert "pinned_message" not in await town.ask("getChat", chat_id="@daily")


async def test_pinning_takes_its_own_right(town: Town) -> None:
    post = await town.send(town.channel.id)
    there = {"chat_id": town.channel.id, "message_id": post.id}
    expected = "Bad Request: not enough rights to manage pinned messages in the chat"
    assert await town.refused("pinChatMessage", **there) == expected
    missing = await town.refused("pinChatMessage", chat_id=town.channel.id, message_id=99)
    assert missing == "Bad Request: message to pin not found"


async def test_the_bots_rights_in_a_channel_are_told_one_by_one(town: Town) -> None:
    member = await town.ask("getChatMember", chat_id=town.channel.id, user_id=town.box.bot.id)
    rights = (member["status"], member["can_post_messages"], member["can_edit_messages"])
    assert rights == ("administrator", True, False)


async def test_strangers_have_left_and_nobody_is_no_member(town: Town) -> None:
    member = await town.ask("getChatMember", chat_id=town.channel.id, user_id=town.reader.id)
    assert member["status"] == "left"
    wrong = await town.refused("getChatMember", chat_id=town.channel.id, user_id=5)
    assert wrong == "Bad Request: PARTICIPANT_ID_INVALID"


async def test_members_and_administrators_are_counted(town: Town) -> None:
    group = town.box.add_supergroup("Desk", [town.reader.id])
    assert await town.ask("getChatMemberCount", chat_id=group.id) == 3
    statuses = [m["status"] for m in await town.ask("getChatAdministrators", chat_id=town.channel.id)]
    assert statuses == ["creator", "administrator"]


async def test_a_public_channel_can_be_looked_at_from_outside_and_a_private_one_not(town: Town) -> None:
    private = town.box.add_channel("Private", bot=MemberStatus.LEFT)
    public = town.box.add_channel("Public", username="public", bot=MemberStatus.LEFT)
    assert await town.ask("getChat", chat_id=public.id)
    expected = "Forbidden: bot is not a member of the channel chat"
    assert await town.refused("getChat", chat_id=private.id) == expected


async def test_after_leaving_the_bot_is_no_member(town: Town) -> None:
    assert await town.ask("leaveChat", chat_id=town.channel.id)
    expected = "Forbidden: bot is not a member of the channel chat"
    assert await town.refused("sendMessage", chat_id=town.channel.id, text="x") == expected


async def test_commands_are_kept_by_scope_and_language(town: Town) -> None:
    menu = [{"command": "latest", "description": "The newest headlines"}]
    burmese = [{"command": "latest", "description": "နောက်ဆုံးရ သတင်းများ"}]
    await town.ask("setMyCommands", commands=menu)
    await town.ask("setMyCommands", commands=burmese, language_code="my")
    assert await town.ask("getMyCommands") == menu
    assert await town.ask("getMyCommands", language_code="my") == burmese
    await town.ask("deleteMyCommands", language_code="my")
    assert await town.ask("getMyCommands", language_code="my") == []


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
    town: Town, command: str, description: str, expected: str
) -> None:
    commands = [{"command": command, "description": description}]
    assert await town.refused("setMyCommands", commands=commands) == f"Bad Request: {expected}"


async def test_name_and_descriptions_have_their_lengths(town: Town) -> None:
    for method, name, most in (
        ("Name", "name", 64),
        ("Description", "description", 512),
        ("ShortDescription", "short_description", 120),
    ):
        await town.ask(f"setMy{method}", **{name: "x" * most})
        assert await town.ask(f"getMy{method}") == {name: "x" * most}
        await town.refused(f"setMy{method}", **{name: "x" * (most + 1)})


async def test_typing_is_shown_and_nonsense_is_not(town: Town) -> None:
    assert await town.ask("sendChatAction", chat_id=town.reader.id, action="typing")
    wrong = await town.refused("sendChatAction", chat_id=town.reader.id, action="dancing")
    assert wrong == "Bad Request: wrong parameter action in request"
