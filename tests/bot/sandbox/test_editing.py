"""editMessageText in every state of message and chat, by which unclear sends are looked up; other edits."""

from typing import Any

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from tests.bot.sandbox.conftest import Harness

NOT_FOUND = "Bad Request: message to edit not found"
CANT = "Bad Request: message can't be edited"
SAME = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly "
    "the same as a current content and reply markup of the message"
)
PICTURE = "https://example.org/a.png"


async def probe(harness: Harness, message_id: int, text: str = "Hello", **params: Any) -> str:
    """The error of editMessageText, or "" if it succeeded."""
    given = {"chat_id": harness.channel.id, "message_id": message_id, "text": text} | params
    _, body = await harness.telegram.call("editMessageText", given)
    return str(body.get("description", ""))


async def test_a_message_that_is_not_there_or_was_deleted_is_not_found(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    assert await probe(harness, post.id + 1) == NOT_FOUND
    harness.telegram.delete(harness.channel.id, post.id)
    assert await probe(harness, post.id) == NOT_FOUND


async def test_a_private_message_of_another_chat_is_not_found(harness: Harness) -> None:
    other = harness.telegram.add_person("Other")
    said = await harness.send(other.id)
    assert await probe(harness, said.id, chat_id=harness.reader.id) == NOT_FOUND


@pytest.mark.parametrize("message_id", [0, -3, "x", ""])
async def test_an_impossible_id_is_not_found(harness: Harness, message_id: object) -> None:
    given = {"chat_id": harness.channel.id, "message_id": message_id, "text": "x"}
    assert await harness.refused("editMessageText", **given) == NOT_FOUND


async def test_the_bots_own_message_with_the_same_content_is_not_modified(harness: Harness) -> None:
    keys = {"inline_keyboard": [[{"text": "Read", "url": "https://example.org/"}]]}
    post = await harness.send(harness.channel.id, "<b>Hello</b>", parse_mode="HTML", reply_markup=keys)
    same: dict[str, Any] = {"text": "<strong>Hello</strong>", "parse_mode": "HTML", "reply_markup": keys}
    assert await probe(harness, post.id, **same) == SAME
    assert post.versions == []


async def test_only_the_preview_does_not_make_it_another_content(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    assert await probe(harness, post.id, link_preview_options={"is_disabled": True}) == SAME


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Hello!"},
        {"text": "<b>Hello</b>", "parse_mode": "HTML"},
        {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}},
    ],
)
async def test_the_bots_own_message_with_other_content_is_overwritten(
    harness: Harness, change: dict[str, Any]
) -> None:
    post = await harness.send(harness.channel.id)
    assert await probe(harness, post.id, **change) == ""
    assert len(post.versions) == 1
    assert post.edited_at == harness.clock.now()


async def test_a_colleagues_post_is_not_touched_without_the_right_whatever_it_says(harness: Harness) -> None:
    post = harness.telegram.post(harness.channel.id, "Hello")
    assert await probe(harness, post.id, "Hello") == CANT
    assert await probe(harness, post.id, "Other") == CANT
    assert harness.telegram.visibility.foreign_changes() == []


async def test_with_the_right_a_colleagues_post_is_compared_and_overwritten(harness: Harness) -> None:
    harness.telegram.set_bot(
        harness.channel.id, MemberStatus.ADMINISTRATOR, ("can_post_messages", "can_edit_messages")
    )
    post = harness.telegram.post(harness.channel.id, "Hello")
    assert await probe(harness, post.id, "Hello") == SAME
    assert harness.telegram.visibility.foreign_changes() == []
    assert await probe(harness, post.id, "Other") == ""
    assert harness.telegram.visibility.foreign_changes() == [post]


async def test_a_forward_and_a_service_message_can_not_be_edited(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    other = harness.telegram.add_channel("Other")
    forward = await harness.ask(
        "forwardMessage", chat_id=other.id, from_chat_id=harness.channel.id, message_id=post.id
    )
    assert await probe(harness, forward["message_id"], chat_id=other.id) == CANT
    assert await probe(harness, 1) == CANT


async def test_a_readers_message_can_not_be_edited(harness: Harness) -> None:
    said = harness.telegram.say(harness.reader.id, harness.reader.id, "Hello")
    assert await probe(harness, said.id, chat_id=harness.reader.id) == CANT


async def test_a_photo_has_a_caption_and_no_text(harness: Harness) -> None:
    photo = await harness.ask("sendPhoto", chat_id=harness.channel.id, photo=PICTURE, caption="One")
    text = await harness.send(harness.channel.id)
    assert await probe(harness, photo["message_id"]) == "Bad Request: there is no text in the message to edit"
    there = {"chat_id": harness.channel.id, "caption": "Two"}
    wrong = await harness.refused("editMessageCaption", message_id=text.id, **there)
    assert wrong == "Bad Request: there is no caption in the message to edit"
    edited = await harness.ask("editMessageCaption", message_id=photo["message_id"], **there)
    assert (edited["caption"], "edit_date" in edited) == ("Two", True)
    assert await harness.refused("editMessageCaption", message_id=photo["message_id"], **there) == SAME


async def test_an_edit_that_is_too_long_is_refused_in_other_words_than_a_send(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    assert await probe(harness, post.id, "x" * 4097) == "Bad Request: MESSAGE_TOO_LONG"
    photo = await harness.ask("sendPhoto", chat_id=harness.channel.id, photo=PICTURE)
    wrong = await harness.refused(
        "editMessageCaption", chat_id=harness.channel.id, message_id=photo["message_id"], caption="x" * 1025
    )
    assert wrong == "Bad Request: MEDIA_CAPTION_TOO_LONG"


async def test_buttons_change_alone(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    keys = {"inline_keyboard": [[{"text": "Read", "callback_data": "read 1"}]]}
    there = {"chat_id": harness.channel.id, "message_id": post.id}
    assert (await harness.ask("editMessageReplyMarkup", reply_markup=keys, **there))["reply_markup"] == keys
    assert await harness.refused("editMessageReplyMarkup", reply_markup=keys, **there) == SAME
    assert "reply_markup" not in await harness.ask("editMessageReplyMarkup", **there)


async def test_a_text_becomes_a_photo_and_a_photo_another(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    there = {"chat_id": harness.channel.id, "message_id": post.id}
    media = {"type": "photo", "media": PICTURE, "caption": "<b>x</b>", "parse_mode": "HTML"}
    edited = await harness.ask("editMessageMedia", media=media, **there)
    assert edited["caption_entities"][0]["type"] == "bold"
    assert await harness.refused("editMessageMedia", media=media, **there) == SAME
    film = await harness.refused("editMessageMedia", media=media | {"type": "film"}, **there)
    assert film == 'Bad Request: can\'t parse InputMedia: type "film" is unsupported'


async def test_an_edit_without_chat_and_message_speaks_of_inline_ones(harness: Harness) -> None:
    wrong = await harness.refused("editMessageText", text="x")
    assert wrong == "Bad Request: inline message identifier is not specified"


async def test_after_the_right_to_post_is_gone_own_posts_can_not_be_edited(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    harness.telegram.set_bot(harness.channel.id, MemberStatus.ADMINISTRATOR, ())
    assert await probe(harness, post.id, "x") == CANT
    harness.telegram.set_bot(harness.channel.id, MemberStatus.KICKED)
    assert await probe(harness, post.id, "x") == "Forbidden: bot was kicked from the channel chat"


async def test_an_empty_reaction_tells_whether_a_message_is_there_and_changes_nothing(
    harness: Harness,
) -> None:
    post = await harness.send(harness.channel.id)
    there = {"chat_id": harness.channel.id, "reaction": []}
    assert await harness.ask("setMessageReaction", message_id=post.id, **there) is True
    wrong = await harness.refused("setMessageReaction", message_id=post.id + 1, **there)
    assert wrong == "Bad Request: message to react not found"
    odd = {
        "chat_id": harness.channel.id,
        "message_id": post.id,
        "reaction": [{"type": "emoji", "emoji": "x"}],
    }
    assert await harness.refused("setMessageReaction", **odd) == "Bad Request: REACTION_INVALID"
