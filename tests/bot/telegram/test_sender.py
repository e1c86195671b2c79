"""The sender against a fake Telegram: contents arrive, and answers become outcomes."""

import random
from typing import Any

import pytest

from bot.render.content import Button, Content
from bot.render.text import Html
from bot.sandbox.telegram.chats import MemberStatus as BotStanding
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.limits import NO_LIMITS
from bot.sandbox.transport.in_process import InProcessRequest
from bot.telegram.sender import TelegramSender
from jobs.publish.send_result import (
    ChatAccess,
    ChatGone,
    ChatMoved,
    Missing,
    Outcome,
    Refused,
    Sent,
    TryLater,
    Unclear,
    Untouchable,
)
from storage.records import ChatKind, ChatState
from tests.conftest import MovedClock

LINK = "https://news.example/1"
NEWS = Content(
    text=Html(f'<b>River &amp; rain</b>\n\n<a href="{LINK}">Read the full story</a>'),
    preview=LINK,
    large=True,
    above=True,
    buttons=((Button("Related", command="+related id:1"), Button("Site", url=LINK)),),
)
PHOTO = Content(text=NEWS.text, photo="https://news.example/1.jpg")


@pytest.fixture
def box(clock: MovedClock) -> FakeTelegram:
    return FakeTelegram(clock, random.Random(7), limits=NO_LIMITS)


@pytest.fixture
def sender(box: FakeTelegram) -> TelegramSender:
    return TelegramSender(InProcessRequest(box), box.token)


def said(box: FakeTelegram, chat_id: int) -> list[dict[str, Any]]:
    """The texts of the chat's messages as they are now."""
    return [
        view
        for message in box.visible_messages(chat_id)
        if not (view := box.view_message(message))["service"]
    ]


def message_id(outcome: Outcome) -> int:
    assert isinstance(outcome, Sent), outcome
    return outcome.message_id


async def test_content_arrives_whole(box: FakeTelegram, sender: TelegramSender) -> None:
    channel = box.add_channel("Daily")
    number = message_id(await sender.send(channel.id, NEWS.to_json()))
    [seen] = said(box, channel.id)
    assert seen["message_id"] == number
    assert seen["text"] == "River & rain\n\nRead the full story"
    assert (seen["preview"]["url"], seen["preview"]["large"]) == (LINK, True)
    assert [button["text"] for button in seen["buttons"][0]] == ["Related", "Site"]


async def test_an_edit_changes_the_message_and_repeating_it_changes_nothing(
    box: FakeTelegram, sender: TelegramSender
) -> None:
    channel = box.add_channel("Daily")
    number = message_id(await sender.send(channel.id, NEWS.to_json()))
    other = Content(text=Html("River falls")).to_json()
    assert await sender.edit(channel.id, number, other) == Sent(number)
    assert await sender.edit(channel.id, number, other) == Sent(number)
    assert said(box, channel.id)[0]["text"] == "River falls"
    assert await sender.edit(channel.id, number + 5, other) == Missing()


async def test_a_picture_post_is_corrected_in_its_caption_and_its_picture(
    box: FakeTelegram, sender: TelegramSender
) -> None:
    channel = box.add_channel("Daily")
    number = message_id(await sender.send(channel.id, PHOTO.to_json()))
    caption = Content(text=Html("River falls"), photo=PHOTO.photo).to_json()
    assert await sender.edit(channel.id, number, caption) == Sent(number)
    assert said(box, channel.id)[0]["text"] == "River falls"
    other = Content(text=Html("River falls"), photo="https://news.example/2.jpg").to_json()
    assert await sender.edit(channel.id, number, other, new_picture=True) == Sent(number)
    without = Content(text=Html("No picture now")).to_json()
    assert await sender.edit(channel.id, number, without) == Sent(number)
    assert said(box, channel.id)[0]["text"] == "No picture now"


async def test_a_text_post_that_should_get_a_picture_says_that_it_cannot(
    box: FakeTelegram, sender: TelegramSender
) -> None:
    channel = box.add_channel("Daily")
    number = message_id(await sender.send(channel.id, NEWS.to_json()))
    match await sender.edit(channel.id, number, PHOTO.to_json()):
        case Refused(_, picture):
            assert picture
        case other:
            pytest.fail(f"{other}")


async def test_a_refused_picture_is_distinguished_from_a_refused_text(
    box: FakeTelegram, sender: TelegramSender
) -> None:
    channel = box.add_channel("Daily")
    box.state.find_picture_error = lambda url: "WEBPAGE_CURL_FAILED"
    refused = await sender.send(channel.id, PHOTO.to_json())
    assert isinstance(refused, Refused)
    assert refused.picture
    bad = await sender.send(channel.id, Content(text=Html("<p>x</p>")).to_json())
    assert isinstance(bad, Refused)
    assert not bad.picture


async def test_a_message_is_deleted_once(box: FakeTelegram, sender: TelegramSender) -> None:
    channel = box.add_channel("Daily")
    number = message_id(await sender.send(channel.id, NEWS.to_json()))
    assert await sender.delete(channel.id, number) == Sent(number)
    assert await sender.delete(channel.id, number) == Missing()
    assert said(box, channel.id) == []


async def test_a_lookup_distinguishes_ours_a_colleagues_and_a_missing_message(
    box: FakeTelegram, sender: TelegramSender
) -> None:
    channel = box.add_channel("Daily")
    theirs = box.post(channel.id, "A colleague's post")
    ours = message_id(await sender.send(channel.id, NEWS.to_json()))
    content = NEWS.to_json()
    assert isinstance(await sender.find_message(channel.id, theirs.id, content), Untouchable)
    assert await sender.find_message(channel.id, ours, content) == Sent(ours)
    assert await sender.find_message(channel.id, ours + 1, content) == Missing()
    assert said(box, channel.id)[0]["text"] == "A colleague's post"


async def test_a_lookup_through_the_operators_chat_changes_and_leaves_nothing(
    box: FakeTelegram, sender: TelegramSender
) -> None:
    operator = box.add_person("Operator")
    channel = box.add_channel("Daily", rights=("can_post_messages", "can_edit_messages"))
    theirs = box.post(channel.id, "A colleague's post")
    ours = message_id(await sender.send(channel.id, NEWS.to_json()))
    content, through = NEWS.to_json(), operator.id
    before, there = said(box, channel.id), said(box, operator.id)
    found = await sender.find_message(channel.id, theirs.id, content, through=through)
    assert isinstance(found, Untouchable)
    assert await sender.find_message(channel.id, ours, content, through=through) == Sent(ours)
    assert await sender.find_message(channel.id, ours + 1, content, through=through) == Missing()
    assert said(box, channel.id) == before
    assert said(box, operator.id) == there


async def test_a_lookup_fails_if_the_operator_never_wrote_to_the_bot(
    box: FakeTelegram, sender: TelegramSender
) -> None:
    operator, channel = box.add_person("Operator", started=False), box.add_channel("Daily")
    ours = message_id(await sender.send(channel.id, NEWS.to_json()))
    found = await sender.find_message(channel.id, ours, NEWS.to_json(), through=operator.id)
    assert isinstance(found, Refused)


async def test_what_happens_to_a_chat_has_its_own_outcome(box: FakeTelegram, sender: TelegramSender) -> None:
    reader, group = box.add_person("Aye"), box.add_group("Desk", [])
    assert isinstance(await sender.send(reader.id, NEWS.to_json()), Sent)
    box.block(reader.id)
    gone = await sender.send(reader.id, NEWS.to_json())
    assert isinstance(gone, ChatGone)
    assert gone.state is ChatState.BLOCKED
    supergroup = box.add_supergroup("Desk")
    box.upgrade(group.id, supergroup.id)
    assert await sender.send(group.id, NEWS.to_json()) == ChatMoved(supergroup.id)
    lost = await sender.send(-100999, NEWS.to_json())
    assert isinstance(lost, ChatGone)
    assert lost.state is ChatState.PAUSED


@pytest.mark.parametrize(
    "fault", ["error_500_applied", "gateway_502", "closed_applied", "reset", "truncated", "late"]
)
async def test_a_fault_after_the_request_was_written_is_unclear(
    box: FakeTelegram, sender: TelegramSender, fault: str
) -> None:
    channel = box.add_channel("Daily")
    box.faults.script(fault)
    assert isinstance(await sender.send(channel.id, NEWS.to_json()), Unclear)
    await box.close()


async def test_a_flood_is_a_wait(box: FakeTelegram, sender: TelegramSender) -> None:
    channel = box.add_channel("Daily")
    box.faults.script("flood", seconds=34)
    match await sender.send(channel.id, NEWS.to_json()):
        case TryLater(seconds, _, flood):
            assert (seconds, flood) == (34, True)
        case other:
            pytest.fail(f"{other}")


async def test_the_bots_rights_in_a_chat_are_returned(box: FakeTelegram, sender: TelegramSender) -> None:
    channel = box.add_channel("Daily", username="daily")
    seen = await sender.fetch_chat_access("@daily")
    assert seen == ChatAccess(
        id=channel.id, kind=ChatKind.CHANNEL, title="Daily", username="daily", may_post=True, may_edit=False
    )
    box.set_bot(channel.id, BotStanding.ADMINISTRATOR, ("can_edit_messages",))
    seen = await sender.fetch_chat_access(channel.id)
    assert isinstance(seen, ChatAccess)
    assert (seen.may_post, seen.may_edit) == (False, True)
    assert "post messages" in seen.reason
    gone = await sender.fetch_chat_access("@nobody_here")
    assert isinstance(gone, ChatGone)
