"""What came of a request, and what follows for the delivery, its chat and the pace; pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from jobs.publish.actions import Delete, Edit, Send
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
from storage.records import Chat, ChatState, DeliveryState

#: So much of an error is kept.
MAX_ERROR_LENGTH = 300
#: Between two blind repetitions of a send lies twice as long each time, up to this.
MAX_REPEAT_DELAY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is to be written after a request, in one transaction."""

    settled: DeliveryResult
    chat_id: int
    chat: ChatGone | ChatMoved | None = None
    seen: int = 0  #: a message of ours in a channel or supergroup, now the newest known
    flooded_until: datetime | None = None
    taken: bool = False  #: a new post was taken by a channel or group that was in trouble
    notice: str = ""  #: for the operators


def settle_outcome(
    due: DueDelivery, step: Send | Edit | Delete, outcome: Outcome, now: datetime, wait: timedelta
) -> Settlement:
    """The delivery's new facts; `wait` is how long an unclear one is left alone."""
    same = with_state(due)
    chat_id = due.delivery.chat_id
    if vain := _cannot_be_done(due, step, outcome):
        moved = outcome if isinstance(outcome, ChatMoved) else None
        return Settlement(
            replace(same, state=DeliveryState.REMOVED, error=vain[:MAX_ERROR_LENGTH]), chat_id, moved
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


def _cannot_be_done(due: DueDelivery, step: Send | Edit | Delete, outcome: Outcome) -> str:
    """Why what stands in a group that became another chat can no longer be changed; "" where that is open."""
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
    """Whether the chat is a group that became a supergroup: what it was told stays there."""
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
    """To be looked at after `wait`; the oftener it was repeated blindly, the longer."""
    once = int(isinstance(step, Send))
    until = now + max(wait, min(wait * 2 ** min(due.delivery.repeats, 10), MAX_REPEAT_DELAY))
    unclear = with_state(due, DeliveryState.UNCLEAR)
    return replace(unclear, look_at=until, unclear=once, error=reason[:MAX_ERROR_LENGTH])


def _refusal_notice(due: DueDelivery, reason: str) -> str:
    """Operators are told where many would have read it."""
    if not due.delivery.public:
        return ""
    about = f"article {due.post.article_id}" if due.post.article_id else f"a {due.post.kind}"
    return f"{chat_label(due)} does not take {about}: {reason[:MAX_ERROR_LENGTH]}"


def chat_label(due: DueDelivery) -> str:
    """The chat as operators know it; a reader is never named."""
    chat = due.chat
    if chat is None or not due.delivery.public:
        return "A private chat"
    return chat.title or (f"@{chat.username}" if chat.username else f"The {chat.kind} {chat.id}")
