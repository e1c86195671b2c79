"""The next request of a delivery, and what follows from its outcome."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.config import Corrections, Edition, PublishPolicy, Withdrawals
from jobs.publish.send_result import (
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
from jobs.publish.settlement import (
    MAX_ERROR_LENGTH,
    MAX_REPEAT_DELAY,
    Delete,
    Edit,
    NoAction,
    Send,
    chat_label,
    needs_note,
    next_action,
    settle_outcome,
)
from storage import chats
from storage.delivery.claims import DueDelivery
from storage.records import (
    ArticleState,
    ChatKind,
    ChatState,
    Delivery,
    DeliveryState,
    Lane,
    Post,
    PostKind,
)
from tests.jobs.publish.newsroom import CHANNEL, NOW, later
from tests.jobs.publish.test_rules import story

POLICY = PublishPolicy(editions=(Edition(name="", channels=(), feed_urls=()),))
WAIT = timedelta(seconds=75)
POST = Post(
    id=1,
    kind=PostKind.ARTICLE,
    lane=Lane.ROUTINE,
    edition="",
    article_id=1,
    text="",
    silent=False,
    not_before=NOW,
    created_at=NOW,
)
NEW = Delivery(
    id=9,
    post_id=1,
    chat_id=CHANNEL,
    lane=Lane.ROUTINE,
    public=True,
    state=DeliveryState.OWED,
    wanted_revision=1,
    shown_revision=0,
    message_id=None,
    content="",
    content_revision=0,
    after_message_id=0,
    picture=True,
    not_before=NOW,
    attempts=0,
    unclear=0,
    found=0,
    repeats=0,
    claimed_at=None,
    look_at=None,
    error="",
    settled_at=None,
)
SHOWN = replace(NEW, message_id=40, shown_revision=1)
DUE = DueDelivery(NEW, POST, replace(chats.empty_chat(CHANNEL, ChatKind.CHANNEL, NOW), named=True))


PRIVATE = replace(NEW, public=False, chat_id=7)


def titled(title: str, username: str = "") -> DueDelivery:
    channel = chats.empty_chat(CHANNEL, ChatKind.CHANNEL, NOW)
    return DueDelivery(NEW, POST, replace(channel, named=True, title=title, username=username))


def upgraded(delivery: Delivery = SHOWN) -> DueDelivery:
    """In a group that became a supergroup."""
    return DueDelivery(
        delivery, POST, replace(chats.empty_chat(CHANNEL, ChatKind.GROUP, NOW), moved_to=-1005)
    )


def test_what_is_not_shown_is_sent_as_the_article_is_now() -> None:
    assert next_action(NEW, POST, replace(story(), revision=4), POLICY) == Send(4)


def test_what_shows_an_older_revision_is_edited_and_marked() -> None:
    corrected = replace(story(), revision=2, revised_at=later(minutes=5))
    wanting = replace(SHOWN, wanted_revision=2)
    assert next_action(wanting, POST, corrected, POLICY) == Edit(40, 2, later(minutes=5))
    silent = replace(POLICY, corrections=Corrections.SILENT)
    assert next_action(wanting, POST, corrected, silent) == Edit(40, 2)
    assert next_action(wanting, POST, corrected, silent, 2) == Edit(40, 2, new_picture=True)
    assert next_action(wanting, POST, corrected, silent, 1) == Edit(40, 2, new_picture=False)
    assert not Edit(40, 2).withdrawn


def test_what_shows_what_it_should_needs_nothing() -> None:
    assert next_action(SHOWN, POST, story(), POLICY) == NoAction(DeliveryState.SETTLED)


def test_a_withdrawn_article_is_not_sent_and_what_is_shown_goes() -> None:
    gone = replace(story(), state=ArticleState.WITHDRAWN)
    assert next_action(NEW, POST, gone, POLICY) == NoAction(
        DeliveryState.SKIPPED, "the article was withdrawn"
    )
    assert next_action(replace(NEW, wanted_revision=0), POST, story(), POLICY) == NoAction(
        DeliveryState.SKIPPED, "the article was withdrawn"
    )
    unwanted = replace(SHOWN, wanted_revision=0)
    assert next_action(unwanted, POST, gone, POLICY) == Delete(40)
    note = replace(POLICY, withdrawals=Withdrawals.NOTE)
    assert next_action(unwanted, POST, gone, note) == Edit(40, 0, withdrawn=True)
    off = replace(POLICY, withdrawals=Withdrawals.OFF)
    assert isinstance(next_action(unwanted, POST, gone, off), NoAction)


def test_an_article_that_is_no_longer_kept_is_not_sent() -> None:
    assert isinstance(next_action(NEW, POST, None, POLICY), NoAction)


def test_a_notice_is_sent_once_and_never_edited() -> None:
    notice = replace(POST, kind=PostKind.NOTICE, article_id=None)
    assert next_action(NEW, notice, None, POLICY) == Send(1)
    assert next_action(replace(SHOWN, wanted_revision=2), notice, None, POLICY) == NoAction(
        DeliveryState.SETTLED
    )


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Sent(41), DeliveryState.SETTLED),
        (TryLater(3, "429", flood=True), DeliveryState.OWED),
        (TryLater(2, "no connection"), DeliveryState.OWED),
        (Refused("message is too long"), DeliveryState.REFUSED),
        (Refused("WEBPAGE_CURL_FAILED", picture=True), DeliveryState.OWED),
        (Missing(), DeliveryState.REMOVED),
        (Untouchable("message can't be edited"), DeliveryState.REFUSED),
        (ChatGone(ChatState.PAUSED, "no right"), DeliveryState.OWED),
        (ChatGone(ChatState.BLOCKED, "blocked"), DeliveryState.SKIPPED),
        (ChatGone(ChatState.LEFT, "deleted"), DeliveryState.SKIPPED),
        (ChatMoved(-1005), DeliveryState.OWED),
        (Unclear("reset"), DeliveryState.UNCLEAR),
    ],
)
def test_every_outcome_has_its_state(outcome: Outcome, state: DeliveryState) -> None:
    assert settle_outcome(DUE, Send(1), outcome, NOW, WAIT).settled.state is state


def test_a_sent_post_is_known_by_its_number() -> None:
    came = settle_outcome(DUE, Send(3), Sent(41), NOW, WAIT)
    assert (came.settled.message_id, came.settled.shown_revision, came.seen) == (41, 3, 41)
    assert came.settled.shown


def test_a_flood_is_remembered_until_it_ends() -> None:
    assert settle_outcome(DUE, Send(1), TryLater(34, "429", flood=True), NOW, WAIT).flooded_until == later(
        seconds=34
    )
    assert settle_outcome(DUE, Send(1), TryLater(2, "no connection"), NOW, WAIT).flooded_until is None


def test_a_picture_is_refused_once_and_then_left_out() -> None:
    came = settle_outcome(DUE, Send(1), Refused("WEBPAGE_CURL_FAILED", picture=True), NOW, WAIT)
    assert not came.settled.picture
    plain = replace(DUE, delivery=replace(NEW, picture=False))
    again = settle_outcome(plain, Send(1), Refused("WEBPAGE_CURL_FAILED", picture=True), NOW, WAIT)
    assert again.settled.state is DeliveryState.REFUSED


def refusal_notice(due: DueDelivery) -> str:
    return settle_outcome(due, Send(1), Refused("too long"), NOW, WAIT).notice


def test_operators_are_told_of_a_refusal_in_a_channel_of_theirs() -> None:
    assert refusal_notice(titled("Daily")) == "Daily does not take article 1: too long"
    notice = replace(POST, kind=PostKind.NOTICE, article_id=None)
    assert refusal_notice(replace(titled("Daily"), post=notice)) == "Daily does not take a notice: too long"


def test_operators_are_not_told_of_a_refusal_to_a_reader_or_in_a_group_that_merely_follows() -> None:
    reader = replace(chats.empty_chat(7, ChatKind.PRIVATE, NOW), named=True, title="Jane Doe")
    assert refusal_notice(DueDelivery(PRIVATE, POST, reader)) == ""
    assert refusal_notice(DueDelivery(PRIVATE, POST, None)) == ""
    assert refusal_notice(DueDelivery(NEW, POST, None)) == ""
    assert refusal_notice(DueDelivery(NEW, POST, chats.empty_chat(CHANNEL, ChatKind.SUPERGROUP, NOW))) == ""


def test_a_reader_is_never_named() -> None:
    reader = replace(chats.empty_chat(7, ChatKind.PRIVATE, NOW), title="Jane Doe", username="jane")
    assert chat_label(DueDelivery(PRIVATE, POST, reader)) == "A private chat"
    assert chat_label(DueDelivery(NEW, POST, None)) == "A private chat"


def test_a_channel_is_named_by_its_title_its_username_or_its_id() -> None:
    assert chat_label(titled("Daily", "daily")) == "Daily"
    assert chat_label(titled("", "daily")) == "@daily"
    assert chat_label(titled("")) == f"The channel {CHANNEL}"


def test_an_unclear_send_is_counted_and_left_alone_for_its_wait() -> None:
    sent = settle_outcome(DUE, Send(1), Unclear("reset"), NOW, WAIT).settled
    assert (sent.unclear, sent.look_at) == (1, NOW + WAIT)
    shown = replace(DUE, delivery=SHOWN)
    assert settle_outcome(shown, Edit(40, 2), Unclear("reset"), NOW, WAIT).settled.unclear == 0
    assert sent.error == "reset"


def test_an_unclear_send_is_retried_with_exponential_backoff_up_to_an_hour() -> None:
    def wait_after(repeats: int, wait: timedelta = WAIT) -> timedelta:
        due = replace(DUE, delivery=replace(NEW, repeats=repeats))
        look_at = settle_outcome(due, Send(1), Unclear("reset"), NOW, wait).settled.look_at
        assert look_at
        return look_at - NOW

    assert [wait_after(repeats) for repeats in range(4)] == [WAIT, 2 * WAIT, 4 * WAIT, 8 * WAIT]
    assert wait_after(10**6) == MAX_REPEAT_DELAY == timedelta(hours=1)
    assert wait_after(11, timedelta(seconds=1)) == timedelta(seconds=1024)
    assert wait_after(1, timedelta(hours=2)) == timedelta(hours=2)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (ChatMoved(-1005), "its group became a supergroup"),
        (ChatGone(ChatState.LEFT, "gone"), "its group became a supergroup: gone"),
        (Refused("CHAT_INVALID"), "its group became a supergroup: CHAT_INVALID"),
        (Untouchable("can't be edited"), "its group became a supergroup: can't be edited"),
    ],
)
def test_what_a_group_showed_before_it_became_a_supergroup_is_given_up_if_it_cannot_be_changed(
    outcome: Outcome, reason: str
) -> None:
    came = settle_outcome(upgraded(), Edit(40, 2), outcome, NOW, WAIT)
    assert (came.settled.state, came.settled.error, came.notice) == (DeliveryState.REMOVED, reason, "")
    assert came.chat == (outcome if isinstance(outcome, ChatMoved) else None)
    sent = settle_outcome(upgraded(NEW), Send(1), outcome, NOW, WAIT)
    assert sent.settled.state is not DeliveryState.REMOVED


def test_a_message_that_may_still_be_changed_is_not_given_up() -> None:
    assert settle_outcome(upgraded(), Edit(40, 2), Sent(40), NOW, WAIT).settled.state is DeliveryState.SETTLED
    elsewhere = replace(DUE, delivery=SHOWN)
    refused = settle_outcome(elsewhere, Edit(40, 2), Refused("too long"), NOW, WAIT)
    assert refused.settled.state is DeliveryState.REFUSED
    without_chat = settle_outcome(DueDelivery(SHOWN, POST, None), Edit(40, 2), Refused("x"), NOW, WAIT)
    assert without_chat.settled.state is DeliveryState.REFUSED


@pytest.mark.parametrize(
    ("outcome", "anywhere", "upgraded_group"),
    [
        (Untouchable("can't be deleted"), True, True),
        (ChatMoved(-1005), True, True),
        (ChatGone(ChatState.LEFT, "gone"), False, True),
        (Refused("CHAT_INVALID"), False, True),
        (Sent(40), False, False),
        (Missing(), False, False),
        (TryLater(1, "429", flood=True), False, False),
        (Unclear("reset"), False, False),
    ],
)
def test_a_note_takes_the_place_of_a_message_that_cannot_be_deleted_but_may_be_edited(
    outcome: Outcome, anywhere: bool, upgraded_group: bool
) -> None:
    assert needs_note(DUE, outcome) is anywhere
    assert needs_note(upgraded(), outcome) is upgraded_group


def test_a_new_post_ends_the_trouble_of_a_channel() -> None:
    assert DUE.chat
    paused = replace(DUE, chat=replace(DUE.chat, state=ChatState.PAUSED))
    flooded = replace(DUE, chat=replace(DUE.chat, flooded_until=NOW))
    cases: tuple[tuple[DueDelivery, Send | Edit, bool], ...] = (
        (DUE, Send(1), False),
        (paused, Send(1), True),
        (flooded, Send(1), True),
        (replace(paused, delivery=SHOWN), Edit(40, 2), False),
        (replace(paused, delivery=PRIVATE), Send(1), False),
        (replace(DUE, chat=None), Send(1), False),
    )
    for due, step, taken in cases:
        came = settle_outcome(due, step, Sent(40), NOW, WAIT)
        assert came.taken is taken
        assert came.seen == (40 if isinstance(step, Send) and due.delivery.public else 0)


def test_what_is_not_changed_by_an_outcome_stays_as_it_was() -> None:
    shown = replace(DUE, delivery=replace(SHOWN, picture=False))
    came = settle_outcome(shown, Edit(40, 2), TryLater(3, "x" * 999), NOW, WAIT)
    settled = came.settled
    assert (came.chat_id, came.chat, came.seen, came.taken) == (CHANNEL, None, 0, False)
    assert (settled.delivery_id, settled.shown_revision, settled.message_id) == (9, 1, 40)
    assert (settled.picture, settled.shown, settled.error) == (False, False, "x" * MAX_ERROR_LENGTH)
    private = settle_outcome(replace(DUE, delivery=PRIVATE), Send(1), Sent(41), NOW, WAIT).settled
    assert (private.shown, private.message_id) == (False, 41)


@pytest.mark.parametrize(
    "outcome",
    [
        Refused("x" * 999, picture=True),
        Refused("x" * 999),
        ChatGone(ChatState.PAUSED, "x" * 999),
        ChatGone(ChatState.BLOCKED, "x" * 999),
        Unclear("x" * 999),
    ],
)
def test_a_long_error_is_cut(outcome: Outcome) -> None:
    came = settle_outcome(DUE, Send(1), outcome, NOW, WAIT)
    assert came.settled.error == "x" * 300
    assert came.chat == (outcome if isinstance(outcome, ChatGone) else None)
    given_up = settle_outcome(upgraded(), Edit(40, 2), Untouchable("x" * 999), NOW, WAIT).settled
    assert len(given_up.error) == 300


def test_a_chat_that_moved_is_handed_on() -> None:
    assert settle_outcome(DUE, Send(1), ChatMoved(-1005), NOW, WAIT).chat == ChatMoved(-1005)
    assert settle_outcome(DUE, Send(1), Missing(), NOW, WAIT).settled.error == "deleted in the chat"


def test_a_deleted_message_shows_nothing() -> None:
    shown = replace(DUE, delivery=SHOWN)
    assert settle_outcome(shown, Delete(40), Sent(40), NOW, WAIT).settled.shown_revision == 0
