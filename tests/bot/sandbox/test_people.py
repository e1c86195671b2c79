"""What people do, and what the bot is told of it."""

from typing import Any

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from tests.bot.sandbox.conftest import Town

KEYS = {
    "inline_keyboard": [
        [{"text": "More", "callback_data": "latest 10"}, {"text": "Site", "url": "https://example.org/"}]
    ]
}


async def told(town: Town) -> list[dict[str, Any]]:
    """The updates since the last time, without their numbers."""
    updates = await town.ask("getUpdates")
    if updates:
        await town.ask("getUpdates", offset=updates[-1]["update_id"] + 1)
    return [{key: value for key, value in update.items() if key != "update_id"} for update in updates]


async def test_a_command_arrives_marked_as_one(town: Town) -> None:
    town.box.say(town.reader.id, town.reader.id, " /latest 5 ")
    (update,) = await told(town)
    message = update["message"]
    assert message["text"] == "/latest 5"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 7}]
    assert message["from"]["first_name"] == "Aye Aye"
    assert message["chat"] == {"id": town.reader.id, "type": "private", "first_name": "Aye Aye"}


async def test_a_pressed_button_waits_for_its_answer(town: Town) -> None:
    message = await town.send(town.reader.id, reply_markup=KEYS)
    query = town.box.press(town.reader.id, town.reader.id, message.id, "More")
    (update,) = await told(town)
    assert update["callback_query"]["data"] == "latest 10"
    assert update["callback_query"]["message"]["message_id"] == message.id
    assert town.box.query_answer(query) is None
    await town.ask("answerCallbackQuery", callback_query_id=query, text="Here", show_alert="true")
    assert town.box.query_answer(query) == {"text": "Here", "show_alert": True, "url": ""}


async def test_a_button_can_be_named_by_its_data_and_a_link_can_not_be_pressed(town: Town) -> None:
    message = await town.send(town.reader.id, reply_markup=KEYS)
    assert town.box.press(town.reader.id, town.reader.id, message.id, "latest 10")
    with pytest.raises(LookupError, match="no button 'Site' to press"):
        town.box.press(town.reader.id, town.reader.id, message.id, "Site")


async def test_a_late_or_unknown_answer_to_a_button_is_refused(town: Town) -> None:
    message = await town.send(town.reader.id, reply_markup=KEYS)
    query = town.box.press(town.reader.id, town.reader.id, message.id, "More")
    town.clock.move(31)
    for query_id in (query, "17", ""):
        assert await town.refused("answerCallbackQuery", callback_query_id=query_id) == (
            "Bad Request: query is too old and response timeout expired or query ID is invalid"
        )


async def test_a_toast_is_at_most_two_hundred_characters(town: Town) -> None:
    message = await town.send(town.reader.id, reply_markup=KEYS)
    query = town.box.press(town.reader.id, town.reader.id, message.id, "More")
    wrong = await town.refused("answerCallbackQuery", callback_query_id=query, text="x" * 201)
    assert wrong == "Bad Request: MESSAGE_TOO_LONG"


async def test_a_forwarded_post_names_the_channel_and_the_post(town: Town) -> None:
    post = await town.send(town.channel.id, '<a href="https://example.org/1">News</a>', parse_mode="HTML")
    town.box.forward(town.reader.id, town.reader.id, town.channel.id, post.id)
    (update,) = await told(town)
    origin = update["message"]["forward_origin"]
    assert (origin["type"], origin["chat"]["id"], origin["message_id"]) == (
        "channel",
        town.channel.id,
        post.id,
    )
    assert update["message"]["entities"][0]["url"] == "https://example.org/1"


async def test_a_reply_brings_the_message_it_replies_to(town: Town) -> None:
    post = await town.send(town.reader.id, "News")
    town.box.say(town.reader.id, town.reader.id, "/related", reply_to=post.id)
    (update,) = await told(town)
    assert update["message"]["reply_to_message"]["text"] == "News"


async def test_blocking_is_told_and_writing_again_unblocks(town: Town) -> None:
    town.box.block(town.reader.id)
    (update,) = await told(town)
    change = update["my_chat_member"]
    assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == ("member", "kicked")
    town.box.say(town.reader.id, town.reader.id, "/start")
    assert [next(iter(update)) for update in await told(town)] == ["my_chat_member", "message"]
    assert await town.send(town.reader.id)


async def test_the_first_word_starts_the_bot(town: Town) -> None:
    stranger = town.box.add_person("Stranger", started=False)
    town.box.say(stranger.id, stranger.id, "/start")
    assert await town.send(stranger.id)


@pytest.mark.parametrize(
    ("text", "arrives"),
    [
        ("hello", False),
        ("/latest", True),
        ("/latest@newswire_bot", True),
        ("/latest@other_bot", False),
        ("look, @newswire_bot", True),
    ],
)
async def test_in_a_group_the_bot_sees_what_is_meant_for_it(town: Town, text: str, arrives: bool) -> None:
    group = town.box.add_supergroup("Desk", [town.reader.id])
    town.box.say(town.reader.id, group.id, text)
    assert bool(await told(town)) is arrives


async def test_in_a_group_it_sees_replies_to_itself_and_as_an_administrator_everything(town: Town) -> None:
    group = town.box.add_group("Desk", [town.reader.id])
    post = await town.send(group.id)
    town.box.say(town.reader.id, group.id, "why?", reply_to=post.id)
    assert len(await told(town)) == 1
    town.box.set_bot(group.id, MemberStatus.ADMINISTRATOR)
    town.box.say(town.reader.id, group.id, "hello")
    assert [next(iter(update)) for update in await told(town)] == ["my_chat_member", "message"]


async def test_a_colleagues_post_its_edit_and_a_pin_arrive_from_the_channel(town: Town) -> None:
    post = town.box.post(town.channel.id, "by hand")
    town.box.change(town.channel.id, post.id, "by hand, corrected")
    town.box.pin(town.channel.id, post.id)
    town.box.rename(town.channel.id, "Weekly")
    kinds = [next(iter(update)) for update in await told(town)]
    assert kinds == ["channel_post", "edited_channel_post", "channel_post", "channel_post"]


async def test_a_deletion_by_hand_is_not_told(town: Town) -> None:
    post = await town.send(town.channel.id)
    town.box.delete(town.channel.id, post.id)
    assert await told(town) == []
    assert town.box.visible_messages(town.channel.id)[1:] == []


async def test_who_comes_and_goes_is_seen_in_groups(town: Town) -> None:
    group = town.box.add_group("Desk")
    town.box.join(town.reader.id, group.id)
    town.box.leave(town.reader.id, group.id)
    came, left = await told(town)
    assert came["message"]["new_chat_members"][0]["id"] == town.reader.id
    assert left["message"]["left_chat_member"]["id"] == town.reader.id


async def test_an_upgraded_group_tells_both_sides(town: Town) -> None:
    group, supergroup = town.box.add_group("Desk"), town.box.add_supergroup("Desk")
    town.box.upgrade(group.id, supergroup.id)
    old, new = await told(town)
    assert old["message"]["migrate_to_chat_id"] == supergroup.id
    assert new["message"]["migrate_from_chat_id"] == group.id


async def test_an_inline_query_gets_its_results(town: Town) -> None:
    query = town.box.ask(town.reader.id, "harbour")
    (update,) = await told(town)
    assert update["inline_query"]["query"] == "harbour"
    article = {"type": "article", "id": "1", "title": "x", "input_message_content": {"message_text": "x"}}
    await town.ask("answerInlineQuery", inline_query_id=query, results=[article])
    answer = town.box.query_answer(query)
    assert answer is not None
    assert answer["results"] == [article]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([{"id": str(number)} for number in range(51)], "RESULTS_TOO_MUCH"),
        ([{"id": ""}], "RESULT_ID_INVALID"),
        ([{"id": "x" * 65}], "RESULT_ID_INVALID"),
        ([{"id": "x"}, {"id": "x"}], "RESULT_ID_DUPLICATE"),
        (
            [{"id": "x", "input_message_content": {"message_text": "<b>", "parse_mode": "HTML"}}],
            "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
    ],
)
async def test_inline_results_that_telegram_would_not_take(town: Town, results: Any, expected: str) -> None:
    query = town.box.ask(town.reader.id, "x")
    wrong = await town.refused("answerInlineQuery", inline_query_id=query, results=results)
    assert wrong == f"Bad Request: {expected}"


async def test_nobody_can_do_what_is_not_there(town: Town) -> None:
    with pytest.raises(LookupError, match="has no message 99"):
        town.box.delete(town.channel.id, 99)
    with pytest.raises(LookupError):
        town.box.say(4, 4, "x")
