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
from jobs.publish.settlement import Delete, Edit, NoAction, Send, next_action, settle_outcome
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


def test_what_is_not_shown_is_sent_as_the_article_is_now() -> None:
    assert next_action(NEW, POST, replace(story(), revision=4), POLICY) == Send(4)


def test_what_shows_an_older_revision_is_edited_and_marked() -> None:
    corrected = replace(story(), revision=2, revised_at=later(minutes=5))
    wanting = replace(SHOWN, wanted_revision=2)
    assert next_action(wanting, POST, corrected, POLICY) == Edit(40, 2, later(minutes=5))
    silent = replace(POLICY, corrections=Corrections.SILENT)
    assert next_action(wanting, POST, corrected, silent) == Edit(40, 2)
    assert next_action(wanting, POST, corrected, silent, 2) == Edit(40, 2, new_picture=True)


def test_what_shows_what_it_should_needs_nothing() -> None:
    assert next_action(SHOWN, POST, story(), POLICY) == NoAction(DeliveryState.SETTLED)


def test_a_withdrawn_article_is_not_sent_and_what_is_shown_goes() -> None:
    gone = replace(story(), state=ArticleState.WITHDRAWN)
    assert next_action(NEW, POST, gone, POLICY) == NoAction(
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


def test_operators_hear_of_a_refusal_where_many_would_have_read_it() -> None:
    assert "article 1" in settle_outcome(DUE, Send(1), Refused("too long"), NOW, WAIT).notice
    private = replace(DUE, delivery=replace(NEW, public=False, chat_id=7), chat=None)
    assert settle_outcome(private, Send(1), Refused("too long"), NOW, WAIT).notice == ""


def test_an_unclear_send_is_counted_and_left_alone_for_its_wait() -> None:
    sent = settle_outcome(DUE, Send(1), Unclear("reset"), NOW, WAIT).settled
    assert (sent.unclear, sent.look_at) == (1, NOW + WAIT)
    shown = replace(DUE, delivery=SHOWN)
    assert settle_outcome(shown, Edit(40, 2), Unclear("reset"), NOW, WAIT).settled.unclear == 0


def test_a_deleted_message_shows_nothing() -> None:
    shown = replace(DUE, delivery=SHOWN)
    assert settle_outcome(shown, Delete(40), Sent(40), NOW, WAIT).settled.shown_revision == 0
