"""sendMessage, sendPhoto, forwardMessage and copyMessage: what is accepted, and the errors of the rest."""

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from tests.bot.sandbox.conftest import Harness


async def test_a_message_is_kept_and_comes_back(harness: Harness) -> None:
    sent = await harness.ask(
        "sendMessage",
        chat_id=harness.channel.id,
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
    assert sent["date"] == int(harness.clock.now().timestamp())
    message = harness.message(harness.channel.id, sent["message_id"])
    assert message.silent
    assert message.protected


async def test_a_channel_is_found_by_its_name_in_any_capitals(harness: Harness) -> None:
    assert (await harness.ask("SENDMESSAGE", chat_id="@DAILY", text="x"))["chat"]["id"] == harness.channel.id


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
    harness: Harness, params: dict[str, object], expected: str
) -> None:
    assert await harness.refused("sendMessage", **({"chat_id": harness.channel.id} | params)) == expected


async def test_length_counts_characters_after_parsing(harness: Harness) -> None:
    text = "<b>" + "😀" * 4096 + "</b>"
    assert await harness.ask("sendMessage", chat_id=harness.reader.id, text=text, parse_mode="HTML")
    assert "too long" in await harness.refused(
        "sendMessage", chat_id=harness.reader.id, text=text.replace("😀", "😀x", 1), parse_mode="HTML"
    )


async def test_of_more_than_a_hundred_entities_the_rest_is_ignored(harness: Harness) -> None:
    text = "<b>x</b> " * 120
    sent = await harness.ask("sendMessage", chat_id=harness.reader.id, text=text, parse_mode="HTML")
    assert len(sent["entities"]) == 100


async def test_entities_may_be_counted_by_the_caller(harness: Harness) -> None:
    bold = {"type": "bold", "offset": 2, "length": 2}
    sent = await harness.ask("sendMessage", chat_id=harness.reader.id, text="😀ab", entities=[bold])
    assert sent["entities"] == [bold]
    wrong = await harness.refused(
        "sendMessage", chat_id=harness.reader.id, text="ab", entities=[bold | {"length": 9}]
    )
    assert wrong.endswith(
        "entity beginning at UTF-16 offset 2 ends after the end of the text at UTF-16 offset 11"
    )


async def test_a_reply_points_at_its_message_or_does_without(harness: Harness) -> None:
    first = await harness.send(harness.channel.id)
    reply = await harness.ask(
        "sendMessage", chat_id=harness.channel.id, text="x", reply_parameters={"message_id": first.id}
    )
    assert reply["reply_to_message"]["message_id"] == first.id
    lonely = {"message_id": 999, "allow_sending_without_reply": True}
    sent = await harness.ask("sendMessage", chat_id=harness.channel.id, text="x", reply_parameters=lonely)
    assert "reply_to_message" not in sent


async def test_who_never_started_the_bot_or_blocked_it_is_not_written_to(harness: Harness) -> None:
    stranger = harness.telegram.add_person("Stranger", started=False)
    bot = harness.telegram.add_person("Machine", is_bot=True)
    gone = harness.telegram.add_person("Gone")
    harness.telegram.deactivate(gone.id)
    harness.telegram.block(harness.reader.id)
    for chat_id, expected in (
        (stranger.id, "Forbidden: bot can't initiate conversation with a user"),
        (bot.id, "Forbidden: the bot can't send messages to the bot"),
        (gone.id, "Forbidden: user is deactivated"),
        (harness.reader.id, "Forbidden: bot was blocked by the user"),
    ):
        assert await harness.refused("sendMessage", chat_id=chat_id, text="x") == expected
    harness.telegram.unblock(harness.reader.id)
    assert await harness.send(harness.reader.id)


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (MemberStatus.LEFT, "Forbidden: bot is not a member of the {} chat"),
        (MemberStatus.KICKED, "Forbidden: bot was kicked from the {} chat"),
    ],
)
async def test_a_bot_that_is_not_there_does_not_write(
    harness: Harness, standing: MemberStatus, expected: str
) -> None:
    places = [harness.telegram.add_group("A"), harness.telegram.add_supergroup("B"), harness.channel]
    for chat in places:
        harness.telegram.set_bot(chat.id, standing)
        assert await harness.refused("sendMessage", chat_id=chat.id, text="x") == expected.format(chat.kind)


async def test_in_a_channel_it_takes_the_right_to_post(harness: Harness) -> None:
    harness.telegram.set_bot(harness.channel.id, MemberStatus.ADMINISTRATOR, ("can_edit_messages",))
    assert (
        await harness.refused("sendMessage", chat_id=harness.channel.id, text="x")
        == "Bad Request: need administrator rights in the channel chat"
    )


async def test_in_a_restricted_group_it_takes_the_right_to_write(harness: Harness) -> None:
    group = harness.telegram.add_supergroup("Quiet")
    group.allowed = frozenset()
    expected = "Bad Request: not enough rights to send text messages to the chat"
    assert await harness.refused("sendMessage", chat_id=group.id, text="x") == expected
    harness.telegram.set_bot(group.id, MemberStatus.ADMINISTRATOR)
    assert await harness.send(group.id)


async def test_an_upgraded_group_tells_where_it_went(harness: Harness) -> None:
    group, supergroup = harness.telegram.add_group("Desk"), harness.telegram.add_supergroup("Desk")
    harness.telegram.upgrade(group.id, supergroup.id)
    status, body = await harness.telegram.call("sendMessage", {"chat_id": group.id, "text": "x"})
    assert (status, body["description"], body["parameters"]) == (
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"migrate_to_chat_id": supergroup.id},
    )


async def test_a_dissolved_group_and_a_dissolved_channel_differ(harness: Harness) -> None:
    group = harness.telegram.add_group("Desk")
    harness.telegram.dissolve(group.id)
    harness.telegram.dissolve(harness.channel.id)
    assert (
        await harness.refused("sendMessage", chat_id=group.id, text="x")
        == "Forbidden: the group chat was deleted"
    )
    assert (
        await harness.refused("sendMessage", chat_id=harness.channel.id, text="x")
        == "Bad Request: chat not found"
    )


async def test_a_forward_names_its_origin_and_its_first_one(harness: Harness) -> None:
    post = await harness.send(harness.channel.id, "<b>News</b>", parse_mode="HTML")
    desk = harness.telegram.add_supergroup("Desk")
    forward = await harness.ask(
        "forwardMessage", chat_id=desk.id, from_chat_id=harness.channel.id, message_id=post.id
    )
    assert forward["forward_origin"]["type"] == "channel"
    assert forward["forward_origin"]["message_id"] == post.id
    assert (forward["text"], forward["entities"][0]["type"]) == ("News", "bold")
    again = await harness.ask(
        "forwardMessage", chat_id=harness.reader.id, from_chat_id=desk.id, message_id=forward["message_id"]
    )
    assert again["forward_origin"] == forward["forward_origin"]


async def test_what_may_not_be_forwarded_or_copied(harness: Harness) -> None:
    secret = await harness.send(harness.channel.id, protect_content=True)
    place = {"chat_id": harness.reader.id, "from_chat_id": harness.channel.id}
    for method, message_id, expected in (
        ("forwardMessage", 99, "message to forward not found"),
        ("copyMessage", 99, "message to copy not found"),
        ("forwardMessage", 1, "the message can't be forwarded"),
        ("copyMessage", 1, "the message can't be copied"),
        ("forwardMessage", secret.id, "message has protected content and can't be forwarded"),
        ("copyMessage", secret.id, "the message can't be copied"),
    ):
        assert await harness.refused(method, message_id=message_id, **place) == f"Bad Request: {expected}"


async def test_a_copy_has_no_origin_and_answers_with_an_id_alone(harness: Harness) -> None:
    post = await harness.send(harness.channel.id, "News")
    copy = await harness.ask(
        "copyMessage", chat_id=harness.reader.id, from_chat_id=harness.channel.id, message_id=post.id
    )
    assert list(copy) == ["message_id"]
    assert harness.message(harness.reader.id, copy["message_id"]).origin is None


async def test_an_unknown_method_and_a_wrong_token(harness: Harness) -> None:
    assert await harness.refused("sendCarrierPigeon") == "Not Found: method not found"
    answer = await harness.telegram.serve_request("7:wrong", "getMe", {})
    assert getattr(answer, "status", 0) == 401
    assert b'"description":"Unauthorized"' in getattr(answer, "body", b"")
