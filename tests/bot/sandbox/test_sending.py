"""sendMessage and its kin: what is taken, what is refused, in whose words (TELEGRAM.md, sections 3 and 4)."""

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from tests.bot.sandbox.conftest import Town


async def test_a_message_is_kept_and_comes_back(town: Town) -> None:
    sent = await town.ask(
        "sendMessage",
        chat_id=town.channel.id,
        text="<b>One</b> #two",
        parse_mode="HTML",
        link_preview_options={
            "url": "https://example.org/",
            "prefer_large_media": True,
            "is_disabled": False,
        },
        disable_notification="true",
        protect_content=True,
        reply_markup={"inline_keyboard": [[{"text": "Read", "url": "https://example.org"}]]},
    )
    assert sent["text"] == "One #two"
    assert [entity["type"] for entity in sent["entities"]] == ["bold", "hashtag"]
    assert sent["link_preview_options"] == {"url": "https://example.org/", "prefer_large_media": True}
    assert sent["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://example.org/"
    assert sent["has_protected_content"]
    assert sent["date"] == int(town.clock.now().timestamp())
    message = town.message(town.channel.id, sent["message_id"])
    assert message.silent
    assert message.protected


async def test_a_channel_is_found_by_its_name_in_any_capitals(town: Town) -> None:
    assert (await town.ask("SENDMESSAGE", chat_id="@DAILY", text="x"))["chat"]["id"] == town.channel.id


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"text": ""}, "Bad Request: message text is empty"),
        ({}, "Bad Request: message text is empty"),
        ({"text": " \n\t"}, "Bad Request: text must be non-empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "Bad Request: text must be non-empty"),
        ({"text": "x", "parse_mode": "BBCode"}, "Bad Request: unsupported parse_mode"),
        (
            {"text": "<br>", "parse_mode": "html"},
            'Bad Request: can\'t parse entities: Unsupported start tag "br" at byte offset 0',
        ),
        ({"text": "x" * 4097}, "Bad Request: message is too long"),
        ({"text": "x" * 32769}, "Bad Request: text is too long"),
        ({"text": "\ud83d"}, "Bad Request: strings must be encoded in UTF-8"),
        ({"text": "x", "chat_id": ""}, "Bad Request: chat_id is empty"),
        ({"text": "x", "chat_id": 4}, "Bad Request: chat not found"),
        ({"text": "x", "chat_id": "@nobody"}, "Bad Request: chat not found"),
        ({"text": "x", "chat_id": "daily"}, "Bad Request: chat not found"),
        (
            {"text": "x", "reply_parameters": {"message_id": 99}},
            "Bad Request: message to be replied not found",
        ),
        ({"text": "x", "reply_markup": "{"}, "Bad Request: can't parse reply keyboard markup JSON object"),
    ],
)
async def test_a_message_that_telegram_would_not_take(
    town: Town, params: dict[str, object], expected: str
) -> None:
    assert await town.refused("sendMessage", **({"chat_id": town.channel.id} | params)) == expected


async def test_length_counts_characters_after_parsing(town: Town) -> None:
    text = "<b>" + "😀" * 4096 + "</b>"
    assert await town.ask("sendMessage", chat_id=town.reader.id, text=text, parse_mode="HTML")
    assert "too long" in await town.refused(
        "sendMessage", chat_id=town.reader.id, text=text.replace("😀", "😀x", 1), parse_mode="HTML"
    )


async def test_of_more_than_a_hundred_entities_the_rest_is_ignored(town: Town) -> None:
    text = "<b>x</b> " * 120
    sent = await town.ask("sendMessage", chat_id=town.reader.id, text=text, parse_mode="HTML")
    assert len(sent["entities"]) == 100


async def test_entities_may_be_counted_by_the_caller(town: Town) -> None:
    bold = {"type": "bold", "offset": 2, "length": 2}
    sent = await town.ask("sendMessage", chat_id=town.reader.id, text="😀ab", entities=[bold])
    assert sent["entities"] == [bold]
    wrong = await town.refused(
        "sendMessage", chat_id=town.reader.id, text="ab", entities=[bold | {"length": 9}]
    )
    assert wrong.endswith(
        "entity beginning at UTF-16 offset 2 ends after the end of the text at UTF-16 offset 11"
    )


async def test_a_reply_points_at_its_message_or_does_without(town: Town) -> None:
    first = await town.send(town.channel.id)
    reply = await town.ask(
        "sendMessage", chat_id=town.channel.id, text="x", reply_parameters={"message_id": first.id}
    )
    assert reply["reply_to_message"]["message_id"] == first.id
    lonely = {"message_id": 999, "allow_sending_without_reply": True}
    sent = await town.ask("sendMessage", chat_id=town.channel.id, text="x", reply_parameters=lonely)
    assert "reply_to_message" not in sent


async def test_who_never_started_the_bot_or_blocked_it_is_not_written_to(town: Town) -> None:
    stranger = town.box.add_person("Stranger", started=False)
    bot = town.box.add_person("Machine", is_bot=True)
    gone = town.box.add_person("Gone")
    town.box.deactivate(gone.id)
    town.box.block(town.reader.id)
    for chat_id, expected in (
        (stranger.id, "Forbidden: bot can't initiate conversation with a user"),
        (bot.id, "Forbidden: the bot can't send messages to the bot"),
        (gone.id, "Forbidden: user is deactivated"),
        (town.reader.id, "Forbidden: bot was blocked by the user"),
    ):
        assert await town.refused("sendMessage", chat_id=chat_id, text="x") == expected
    town.box.unblock(town.reader.id)
    assert await town.send(town.reader.id)


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (MemberStatus.LEFT, "Forbidden: bot is not a member of the {} chat"),
        (MemberStatus.KICKED, "Forbidden: bot was kicked from the {} chat"),
    ],
)
async def test_a_bot_that_is_not_there_does_not_write(
    town: Town, standing: MemberStatus, expected: str
) -> None:
    places = [town.box.add_group("A"), town.box.add_supergroup("B"), town.channel]
    for chat in places:
        town.box.set_bot(chat.id, standing)
        assert await town.refused("sendMessage", chat_id=chat.id, text="x") == expected.format(chat.kind)


async def test_in_a_channel_it_takes_the_right_to_post(town: Town) -> None:
    town.box.set_bot(town.channel.id, MemberStatus.ADMINISTRATOR, ("can_edit_messages",))
    assert (
        await town.refused("sendMessage", chat_id=town.channel.id, text="x")
        == "Bad Request: need administrator rights in the channel chat"
    )


async def test_in_a_restricted_group_it_takes_the_right_to_write(town: Town) -> None:
    group = town.box.add_supergroup("Quiet")
    group.allowed = frozenset()
    expected = "Bad Request: not enough rights to send text messages to the chat"
    assert await town.refused("sendMessage", chat_id=group.id, text="x") == expected
    town.box.set_bot(group.id, MemberStatus.ADMINISTRATOR)
    assert await town.send(group.id)


async def test_an_upgraded_group_tells_where_it_went(town: Town) -> None:
    group, supergroup = town.box.add_group("Desk"), town.box.add_supergroup("Desk")
    town.box.upgrade(group.id, supergroup.id)
    status, body = await town.box.call("sendMessage", {"chat_id": group.id, "text": "x"})
    assert (status, body["description"], body["parameters"]) == (
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"migrate_to_chat_id": supergroup.id},
    )


async def test_a_dissolved_group_and_a_dissolved_channel_differ(town: Town) -> None:
    group = town.box.add_group("Desk")
    town.box.dissolve(group.id)
    town.box.dissolve(town.channel.id)
    assert (
        await town.refused("sendMessage", chat_id=group.id, text="x")
        == "Forbidden: the group chat was deleted"
    )
    assert (
        await town.refused("sendMessage", chat_id=town.channel.id, text="x") == "Bad Request: chat not found"
    )


async def test_a_forward_names_its_origin_and_its_first_one(town: Town) -> None:
    post = await town.send(town.channel.id, "<b>News</b>", parse_mode="HTML")
    desk = town.box.add_supergroup("Desk")
    forward = await town.ask(
        "forwardMessage", chat_id=desk.id, from_chat_id=town.channel.id, message_id=post.id
    )
    assert forward["forward_origin"]["type"] == "channel"
    assert forward["forward_origin"]["message_id"] == post.id
    assert (forward["text"], forward["entities"][0]["type"]) == ("News", "bold")
    again = await town.ask(
        "forwardMessage", chat_id=town.reader.id, from_chat_id=desk.id, message_id=forward["message_id"]
    )
    assert again["forward_origin"] == forward["forward_origin"]


async def test_what_may_not_be_forwarded_or_copied(town: Town) -> None:
    secret = await town.send(town.channel.id, protect_content=True)
    place = {"chat_id": town.reader.id, "from_chat_id": town.channel.id}
    for method, message_id, expected in (
        ("forwardMessage", 99, "message to forward not found"),
        ("copyMessage", 99, "message to copy not found"),
        ("forwardMessage", 1, "the message can't be forwarded"),
        ("copyMessage", 1, "the message can't be copied"),
        ("forwardMessage", secret.id, "message has protected content and can't be forwarded"),
        ("copyMessage", secret.id, "the message can't be copied"),
    ):
        assert await town.refused(method, message_id=message_id, **place) == f"Bad Request: {expected}"


async def test_a_copy_has_no_origin_and_answers_with_an_id_alone(town: Town) -> None:
    post = await town.send(town.channel.id, "News")
    copy = await town.ask(
        "copyMessage", chat_id=town.reader.id, from_chat_id=town.channel.id, message_id=post.id
    )
    assert list(copy) == ["message_id"]
    assert town.message(town.reader.id, copy["message_id"]).origin is None


async def test_an_unknown_method_and_a_wrong_token(town: Town) -> None:
    assert await town.refused("sendCarrierPigeon") == "Not Found: method not found"
    answer = await town.box.serve_request("7:wrong", "getMe", {})
    assert getattr(answer, "status", 0) == 401
    assert b'"description":"Unauthorized"' in getattr(answer, "body", b"")
