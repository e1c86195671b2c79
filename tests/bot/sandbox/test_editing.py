"""The probe table of TELEGRAM.md, section 6, line by line; and the other edits."""

from typing import Any

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from tests.bot.sandbox.conftest import Town

NOT_FOUND = "Bad Request: message to edit not found"
CANT = "Bad Request: message can't be edited"
SAME = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly "
    "the same as a current content and reply markup of the message"
)
PICTURE = "https://example.org/a.png"


async def probe(town: Town, message_id: int, text: str = "Hello", **params: Any) -> str:
    """What editMessageText answers: the refusal, or "" where it went through."""
    given = {"chat_id": town.channel.id, "message_id": message_id, "text": text} | params
    _, body = await town.box.call("editMessageText", given)
    return str(body.get("description", ""))


async def test_a_message_that_is_not_there_or_was_deleted_is_not_found(town: Town) -> None:
    post = await town.send(town.channel.id)
    assert await probe(town, post.id + 1) == NOT_FOUND
    town.box.delete(town.channel.id, post.id)
    assert await probe(town, post.id) == NOT_FOUND


async def test_a_private_message_of_another_chat_is_not_found(town: Town) -> None:
    other = town.box.add_person("Other")
    said = await town.send(other.id)
    assert await probe(town, said.id, chat_id=town.reader.id) == NOT_FOUND


@pytest.mark.parametrize("message_id", [0, -3, "x", ""])
async def test_an_impossible_id_is_not_found(town: Town, message_id: object) -> None:
    given = {"chat_id": town.channel.id, "message_id": message_id, "text": "x"}
    assert await town.refused("editMessageText", **given) == NOT_FOUND


async def test_the_bots_own_message_with_the_same_content_is_not_modified(town: Town) -> None:
    keys = {"inline_keyboard": [[{"text": "Read", "url": "https://example.org/"}]]}
    post = await town.send(town.channel.id, "<b>Hello</b>", parse_mode="HTML", reply_markup=keys)
    same: dict[str, Any] = {"text": "<strong>Hello</strong>", "parse_mode": "HTML", "reply_markup": keys}
    assert await probe(town, post.id, **same) == SAME
    assert post.versions == []


async def test_only_the_preview_does_not_make_it_another_content(town: Town) -> None:
    post = await town.send(town.channel.id)
    assert await probe(town, post.id, link_preview_options={"is_disabled": True}) == SAME


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Hello!"},
        {"text": "<b>Hello</b>", "parse_mode": "HTML"},
        {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}},
    ],
)
async def test_the_bots_own_message_with_other_content_is_overwritten(
    town: Town, change: dict[str, Any]
) -> None:
    post = await town.send(town.channel.id)
    assert await probe(town, post.id, **change) == ""
    assert len(post.versions) == 1
    assert post.edited_at == town.clock.now()


async def test_a_colleagues_post_is_not_touched_without_the_right_whatever_it_says(town: Town) -> None:
    post = town.box.post(town.channel.id, "Hello")
    assert await probe(town, post.id, "Hello") == CANT
    assert await probe(town, post.id, "Other") == CANT
    assert town.box.visibility.foreign_changes() == []


async def test_with_the_right_a_colleagues_post_is_compared_and_overwritten(town: Town) -> None:
    town.box.set_bot(town.channel.id, MemberStatus.ADMINISTRATOR, ("can_post_messages", "can_edit_messages"))
    post = town.box.post(town.channel.id, "Hello")
    assert await probe(town, post.id, "Hello") == SAME
    assert town.box.visibility.foreign_changes() == []
    assert await probe(town, post.id, "Other") == ""
    assert town.box.visibility.foreign_changes() == [post]


async def test_a_forward_and_a_service_message_can_not_be_edited(town: Town) -> None:
    post = await town.send(town.channel.id)
    other = town.box.add_channel("Other")
    forward = await town.ask(
        "forwardMessage", chat_id=other.id, from_chat_id=town.channel.id, message_id=post.id
    )
    assert await probe(town, forward["message_id"], chat_id=other.id) == CANT
    assert await probe(town, 1) == CANT


async def test_a_readers_message_can_not_be_edited(town: Town) -> None:
    said = town.box.say(town.reader.id, town.reader.id, "Hello")
    assert await probe(town, said.id, chat_id=town.reader.id) == CANT


async def test_a_photo_has_a_caption_and_no_text(town: Town) -> None:
    photo = await town.ask("sendPhoto", chat_id=town.channel.id, photo=PICTURE, caption="One")
    text = await town.send(town.channel.id)
    assert await probe(town, photo["message_id"]) == "Bad Request: there is no text in the message to edit"
    there = {"chat_id": town.channel.id, "caption": "Two"}
    wrong = await town.refused("editMessageCaption", message_id=text.id, **there)
    assert wrong == "Bad Request: there is no caption in the message to edit"
    edited = await town.ask("editMessageCaption", message_id=photo["message_id"], **there)
    assert (edited["caption"], "edit_date" in edited) == ("Two", True)
    assert await town.refused("editMessageCaption", message_id=photo["message_id"], **there) == SAME


async def test_an_edit_that_is_too_long_is_refused_in_other_words_than_a_send(town: Town) -> None:
    post = await town.send(town.channel.id)
    assert await probe(town, post.id, "x" * 4097) == "Bad Request: MESSAGE_TOO_LONG"
    photo = await town.ask("sendPhoto", chat_id=town.channel.id, photo=PICTURE)
    wrong = await town.refused(
        "editMessageCaption", chat_id=town.channel.id, message_id=photo["message_id"], caption="x" * 1025
    )
    assert wrong == "Bad Request: MEDIA_CAPTION_TOO_LONG"


async def test_buttons_change_alone(town: Town) -> None:
    post = await town.send(town.channel.id)
    keys = {"inline_keyboard": [[{"text": "Read", "callback_data": "read 1"}]]}
    there = {"chat_id": town.channel.id, "message_id": post.id}
    assert (await town.ask("editMessageReplyMarkup", reply_markup=keys, **there))["reply_markup"] == keys
    assert await town.refused("editMessageReplyMarkup", reply_markup=keys, **there) == SAME
    assert "reply_markup" not in await town.ask("editMessageReplyMarkup", **there)


async def test_a_text_becomes_a_photo_and_a_photo_another(town: Town) -> None:
    post = await town.send(town.channel.id)
    there = {"chat_id": town.channel.id, "message_id": post.id}
    media = {"type": "photo", "media": PICTURE, "caption": "<b>x</b>", "parse_mode": "HTML"}
    edited = await town.ask("editMessageMedia", media=media, **there)
    assert edited["caption_entities"][0]["type"] == "bold"
    assert await town.refused("editMessageMedia", media=media, **there) == SAME
    film = await town.refused("editMessageMedia", media=media | {"type": "film"}, **there)
    assert film == 'Bad Request: can\'t parse InputMedia: type "film" is unsupported'


async def test_an_edit_without_chat_and_message_speaks_of_inline_ones(town: Town) -> None:
    wrong = await town.refused("editMessageText", text="x")
    assert wrong == "Bad Request: inline message identifier is not specified"


async def test_after_the_right_to_post_is_gone_own_posts_can_not_be_edited(town: Town) -> None:
    post = await town.send(town.channel.id)
    town.box.set_bot(town.channel.id, MemberStatus.ADMINISTRATOR, ())
    assert await probe(town, post.id, "x") == CANT
    town.box.set_bot(town.channel.id, MemberStatus.KICKED)
    assert await probe(town, post.id, "x") == "Forbidden: bot was kicked from the channel chat"


async def test_an_empty_reaction_tells_whether_a_message_is_there_and_changes_nothing(town: Town) -> None:
    post = await town.send(town.channel.id)
    there = {"chat_id": town.channel.id, "reaction": []}
    assert await town.ask("setMessageReaction", message_id=post.id, **there) is True
    wrong = await town.refused("setMessageReaction", message_id=post.id + 1, **there)
    assert wrong == "Bad Request: message to react not found"
    odd = {"chat_id": town.channel.id, "message_id": post.id, "reaction": [{"type": "emoji", "emoji": "x"}]}
    assert await town.refused("setMessageReaction", **odd) == "Bad Request: REACTION_INVALID"
