"""Actions of people, and the updates that the bot gets."""

from typing import Any

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from tests.bot.sandbox.conftest import Harness

KEYS = {
    "inline_keyboard": [
        [{"text": "More", "callback_data": "latest 10"}, {"text": "Site", "url": "https://example.org/"}]
    ]
}


async def told(harness: Harness) -> list[dict[str, Any]]:
    """The updates since the last call, without their ids."""
    updates = await harness.ask("getUpdates")
    if updates:
        await harness.ask("getUpdates", offset=updates[-1]["update_id"] + 1)
    return [{key: value for key, value in update.items() if key != "update_id"} for update in updates]


async def test_a_command_arrives_marked_as_one(harness: Harness) -> None:
    harness.telegram.say(harness.reader.id, harness.reader.id, " /latest 5 ")
    (update,) = await told(harness)
    message = update["message"]
    assert message["text"] == "/latest 5"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 7}]
    assert message["from"]["first_name"] == "Aye Aye"
    assert message["chat"] == {"id": harness.reader.id, "type": "private", "first_name": "Aye Aye"}


async def test_a_pressed_button_waits_for_its_answer(harness: Harness) -> None:
    message = await harness.send(harness.reader.id, reply_markup=KEYS)
    query = harness.telegram.press(harness.reader.id, harness.reader.id, message.id, "More")
    (update,) = await told(harness)
    assert update["callback_query"]["data"] == "latest 10"
    assert update["callback_query"]["message"]["message_id"] == message.id
    assert harness.telegram.query_answer(query) is None
    await harness.ask("answerCallbackQuery", callback_query_id=query, text="Here", show_alert="true")
    assert harness.telegram.query_answer(query) == {"text": "Here", "show_alert": True, "url": ""}


async def test_a_button_can_be_named_by_its_data_and_a_link_can_not_be_pressed(harness: Harness) -> None:
    message = await harness.send(harness.reader.id, reply_markup=KEYS)
    assert harness.telegram.press(harness.reader.id, harness.reader.id, message.id, "latest 10")
    with pytest.raises(LookupError, match="no button 'Site' to press"):
        harness.telegram.press(harness.reader.id, harness.reader.id, message.id, "Site")


async def test_a_late_or_unknown_answer_to_a_button_is_refused(harness: Harness) -> None:
    message = await harness.send(harness.reader.id, reply_markup=KEYS)
    query = harness.telegram.press(harness.reader.id, harness.reader.id, message.id, "More")
    harness.clock.move(31)
    for query_id in (query, "17", ""):
        assert await harness.refused("answerCallbackQuery", callback_query_id=query_id) == (
            "Bad Request: query is too old and response timeout expired or query ID is invalid"
        )


async def test_a_toast_is_at_most_two_hundred_characters(harness: Harness) -> None:
    message = await harness.send(harness.reader.id, reply_markup=KEYS)
    query = harness.telegram.press(harness.reader.id, harness.reader.id, message.id, "More")
    wrong = await harness.refused("answerCallbackQuery", callback_query_id=query, text="x" * 201)
    assert wrong == "Bad Request: MESSAGE_TOO_LONG"


async def test_a_forwarded_post_names_the_channel_and_the_post(harness: Harness) -> None:
    post = await harness.send(
        harness.channel.id, '<a href="https://example.org/1">News</a>', parse_mode="HTML"
    )
    harness.telegram.forward(harness.reader.id, harness.reader.id, harness.channel.id, post.id)
    (update,) = await told(harness)
    origin = update["message"]["forward_origin"]
    assert (origin["type"], origin["chat"]["id"], origin["message_id"]) == (
        "channel",
        harness.channel.id,
        post.id,
    )
    assert update["message"]["entities"][0]["url"] == "https://example.org/1"


async def test_a_reply_brings_the_message_it_replies_to(harness: Harness) -> None:
    post = await harness.send(harness.reader.id, "News")
    harness.telegram.say(harness.reader.id, harness.reader.id, "/related", reply_to=post.id)
    (update,) = await told(harness)
    assert update["message"]["reply_to_message"]["text"] == "News"


async def test_blocking_is_told_and_writing_again_unblocks(harness: Harness) -> None:
    harness.telegram.block(harness.reader.id)
    (update,) = await told(harness)
    change = update["my_chat_member"]
    assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == ("member", "kicked")
    harness.telegram.say(harness.reader.id, harness.reader.id, "/start")
    assert [next(iter(update)) for update in await told(harness)] == ["my_chat_member", "message"]
    assert await harness.send(harness.reader.id)


async def test_the_first_word_starts_the_bot(harness: Harness) -> None:
    stranger = harness.telegram.add_person("Stranger", started=False)
    harness.telegram.say(stranger.id, stranger.id, "/start")
    assert await harness.send(stranger.id)


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
async def test_in_a_group_the_bot_sees_what_is_meant_for_it(
    harness: Harness, text: str, arrives: bool
) -> None:
    group = harness.telegram.add_supergroup("Desk", [harness.reader.id])
    harness.telegram.say(harness.reader.id, group.id, text)
    assert bool(await told(harness)) is arrives


async def test_in_a_group_it_sees_replies_to_itself_and_as_an_administrator_everything(
    harness: Harness,
) -> None:
    group = harness.telegram.add_group("Desk", [harness.reader.id])
    post = await harness.send(group.id)
    harness.telegram.say(harness.reader.id, group.id, "why?", reply_to=post.id)
    assert len(await told(harness)) == 1
    harness.telegram.set_bot(group.id, MemberStatus.ADMINISTRATOR)
    harness.telegram.say(harness.reader.id, group.id, "hello")
    assert [next(iter(update)) for update in await told(harness)] == ["my_chat_member", "message"]


async def test_a_colleagues_post_its_edit_and_a_pin_arrive_from_the_channel(harness: Harness) -> None:
    post = harness.telegram.post(harness.channel.id, "by hand")
    harness.telegram.change(harness.channel.id, post.id, "by hand, corrected")
    harness.telegram.pin(harness.channel.id, post.id)
    harness.telegram.rename(harness.channel.id, "Weekly")
    kinds = [next(iter(update)) for update in await told(harness)]
    assert kinds == ["channel_post", "edited_channel_post", "channel_post", "channel_post"]


async def test_a_deletion_by_hand_is_not_told(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    harness.telegram.delete(harness.channel.id, post.id)
    assert await told(harness) == []
    assert harness.telegram.visible_messages(harness.channel.id)[1:] == []


async def test_who_comes_and_goes_is_seen_in_groups(harness: Harness) -> None:
    group = harness.telegram.add_group("Desk")
    harness.telegram.join(harness.reader.id, group.id)
    harness.telegram.leave(harness.reader.id, group.id)
    came, left = await told(harness)
    assert came["message"]["new_chat_members"][0]["id"] == harness.reader.id
    assert left["message"]["left_chat_member"]["id"] == harness.reader.id


async def test_an_upgraded_group_tells_both_sides(harness: Harness) -> None:
    group, supergroup = harness.telegram.add_group("Desk"), harness.telegram.add_supergroup("Desk")
    harness.telegram.upgrade(group.id, supergroup.id)
    old, new = await told(harness)
    assert old["message"]["migrate_to_chat_id"] == supergroup.id
    assert new["message"]["migrate_from_chat_id"] == group.id


async def test_an_inline_query_gets_its_results(harness: Harness) -> None:
    query = harness.telegram.ask(harness.reader.id, "harbour")
    (update,) = await told(harness)
    assert update["inline_query"]["query"] == "harbour"
    article = {"type": "article", "id": "1", "title": "x", "input_message_content": {"message_text": "x"}}
    await harness.ask("answerInlineQuery", inline_query_id=query, results=[article])
    answer = harness.telegram.query_answer(query)
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
async def test_inline_results_that_telegram_would_not_take(
    harness: Harness, results: Any, expected: str
) -> None:
    query = harness.telegram.ask(harness.reader.id, "x")
    wrong = await harness.refused("answerInlineQuery", inline_query_id=query, results=results)
    assert wrong == f"Bad Request: {expected}"


async def test_nobody_can_do_what_is_not_there(harness: Harness) -> None:
    with pytest.raises(LookupError, match="has no message 99"):
        harness.telegram.delete(harness.channel.id, 99)
    with pytest.raises(LookupError):
        harness.telegram.say(4, 4, "x")
