"""The next request of a delivery, and what follows from its outcome for the delivery and its chat; pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from jobs.config import Corrections, PublishPolicy, Withdrawals
from jobs.publish.chat_status import is_reported
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
from storage.delivery.claims import DueDelivery
from storage.delivery.deliveries import DeliveryResult
from storage.records import Article, ArticleState, Chat, ChatState, Delivery, DeliveryState, Post, PostKind

#: Characters of an error that are kept.
MAX_ERROR_LENGTH = 300
#: The longest wait of the exponential backoff with which an unclear send to a reader is retried.
MAX_REPEAT_DELAY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Send:
    """A new message."""

    revision: int


@dataclass(frozen=True, slots=True)
class Edit:
    """New content for a message; `withdrawn`: a note that the article is gone."""

    message_id: int
    revision: int
    corrected_at: datetime | None = None
    withdrawn: bool = False
    new_picture: bool = False  #: another picture than the one shown


@dataclass(frozen=True, slots=True)
class Delete:
    """The message is deleted."""

    message_id: int


@dataclass(frozen=True, slots=True)
class NoAction:
    """No request: the delivery ends in `state`."""

    state: DeliveryState
    reason: str = ""


Action = Send | Edit | Delete | NoAction


def next_action(
    delivery: Delivery, post: Post, article: Article | None, policy: PublishPolicy, picture_since: int = 0
) -> Action:
    """The request that closes the difference between what the chat shows and what it should show.

    The article is the current one, so a correction that comes before the send is what is sent.
    `picture_since` is the revision that brought the article's picture.
    """
    if post.kind is not PostKind.ARTICLE:
        return Send(1) if delivery.message_id is None else NoAction(DeliveryState.SETTLED)
    if article is None:
        return NoAction(DeliveryState.SKIPPED, "the article is no longer kept")
    if delivery.message_id is None:
        unwanted = delivery.wanted_revision == 0 or article.state is ArticleState.WITHDRAWN
        return (
            NoAction(DeliveryState.SKIPPED, "the article was withdrawn")
            if unwanted
            else Send(article.revision)
        )
    if delivery.wanted_revision == 0:
        return _withdrawal_action(delivery.message_id, policy)
    if delivery.shown_revision >= delivery.wanted_revision:
        return NoAction(DeliveryState.SETTLED)
    return Edit(
        delivery.message_id,
        article.revision,
        article.revised_at if policy.corrections is Corrections.MARK else None,
        new_picture=delivery.shown_revision < picture_since,
    )


def _withdrawal_action(message_id: int, policy: PublishPolicy) -> Action:
    match policy.withdrawals:
        case Withdrawals.OFF:
            return NoAction(DeliveryState.SKIPPED, "withdrawn articles stay")
        case Withdrawals.NOTE:
            return Edit(message_id, 0, withdrawn=True)
        case Withdrawals.DELETE:
            return Delete(message_id)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is written after a request, in one transaction."""

    settled: DeliveryResult
    chat_id: int
    chat: ChatGone | ChatMoved | None = None
    seen: int = 0  #: the id of a new message of ours in a channel or group; 0 for none
    flooded_until: datetime | None = None
    taken: bool = False  #: a channel or group that was paused or rate limited took a new post
    notice: str = ""  #: for the operators


def settle_outcome(
    due: DueDelivery, step: Send | Edit | Delete, outcome: Outcome, now: datetime, wait: timedelta
) -> Settlement:
    """What follows from the outcome; `wait` is the time until an unclear request is looked up."""
    same = with_state(due)
    chat_id = due.delivery.chat_id
    if reason := _out_of_reach(due, step, outcome):
        moved = outcome if isinstance(outcome, ChatMoved) else None
        return Settlement(
            replace(same, state=DeliveryState.REMOVED, error=reason[:MAX_ERROR_LENGTH]), chat_id, moved
        )
    match outcome:
        case Sent(message_id):
            return _settle_sent(due, step, message_id)
        case TryLater(seconds, reason, flood):
            until = now + timedelta(seconds=seconds) if flood else None
            return Settlement(replace(same, error=reason[:MAX_ERROR_LENGTH]), chat_id, flooded_until=until)
        case Refused(reason, picture) if picture and due.delivery.picture:
            return Settlement(replace(same, picture=False, error=reason[:MAX_ERROR_LENGTH]), chat_id)
        case Refused(reason) | Untouchable(reason):
            refused = replace(same, state=DeliveryState.REFUSED, error=reason[:MAX_ERROR_LENGTH])
            return Settlement(refused, chat_id, notice=_refusal_notice(due, reason))
        case Missing():
            gone = replace(same, state=DeliveryState.REMOVED, error="deleted in the chat")
            return Settlement(gone, chat_id)
        case ChatGone(state, reason):
            kept = DeliveryState.OWED if state is ChatState.PAUSED else DeliveryState.SKIPPED
            return Settlement(replace(same, state=kept, error=reason[:MAX_ERROR_LENGTH]), chat_id, outcome)
        case ChatMoved():
            return Settlement(same, chat_id, outcome)
        case Unclear(reason):
            return Settlement(_mark_unclear(due, step, now, wait, reason), chat_id)
        case _:
            assert_never(outcome)


def _out_of_reach(due: DueDelivery, step: Send | Edit | Delete, outcome: Outcome) -> str:
    """Why a message in a group that became a supergroup can no longer be changed; "" if it may be."""
    if isinstance(step, Send):
        return ""
    match outcome:
        case ChatMoved():
            return "its group became a supergroup"
        case ChatGone(_, reason) | Refused(reason) | Untouchable(reason) if has_moved(due):
            return f"its group became a supergroup: {reason}"
        case _:
            return ""


def has_moved(due: DueDelivery) -> bool:
    """Whether the chat is a group that became a supergroup: its messages stay in the old one."""
    return due.chat is not None and due.chat.moved_to is not None


def with_state(due: DueDelivery, state: DeliveryState = DeliveryState.OWED) -> DeliveryResult:
    """The delivery in `state`, its other facts as they were."""
    delivery = due.delivery
    return DeliveryResult(
        delivery_id=delivery.id,
        state=state,
        shown_revision=delivery.shown_revision,
        message_id=delivery.message_id,
        picture=delivery.picture,
    )


def _settle_sent(due: DueDelivery, step: Send | Edit | Delete, message_id: int) -> Settlement:
    delivery = due.delivery
    revision = 0 if isinstance(step, Delete) else step.revision
    settled = replace(
        with_state(due, DeliveryState.SETTLED),
        shown_revision=revision,
        message_id=message_id,
        shown=delivery.public,
    )
    new = message_id if isinstance(step, Send) and delivery.public else 0
    return Settlement(settled, delivery.chat_id, seen=new, taken=bool(new) and _is_in_trouble(due.chat))


def _is_in_trouble(chat: Chat | None) -> bool:
    return chat is not None and (chat.state is not ChatState.ACTIVE or chat.flooded_until is not None)


def _mark_unclear(
    due: DueDelivery, step: Send | Edit | Delete, now: datetime, wait: timedelta, reason: str
) -> DeliveryResult:
    """Unclear until `wait` is over, or longer after each blind retry: exponential backoff."""
    until = now + max(wait, min(wait * 2 ** min(due.delivery.repeats, 10), MAX_REPEAT_DELAY))
    unclear = with_state(due, DeliveryState.UNCLEAR)
    return replace(
        unclear, look_at=until, unclear=int(isinstance(step, Send)), error=reason[:MAX_ERROR_LENGTH]
    )


def _refusal_notice(due: DueDelivery, reason: str) -> str:
    """Operators are told of the same chats as `chat_status` tells them of: those that CHANNELS names."""
    if not (due.delivery.public and due.chat and is_reported(due.chat)):
        return ""
    about = f"article {due.post.article_id}" if due.post.article_id else f"a {due.post.kind}"
    return f"{chat_label(due)} does not take {about}: {reason[:MAX_ERROR_LENGTH]}"


def chat_label(due: DueDelivery) -> str:
    """The chat's title, @name or id, for operators; a reader is never named."""
    chat = due.chat
    if chat is None or not due.delivery.public:
        return "A private chat"
    return chat.title or (f"@{chat.username}" if chat.username else f"The {chat.kind} {chat.id}")


def needs_note(due: DueDelivery, outcome: Outcome) -> bool:
    """Whether Telegram does not delete a message that may still be edited."""
    match outcome:
        case Untouchable() | ChatMoved():
            return True
        case ChatGone() | Refused():
            return has_moved(due)
        case _:
            return False
