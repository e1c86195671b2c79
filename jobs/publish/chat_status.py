"""Whether the bot may post in a chat: the one place that decides it from all sources, and tells operators.

A refused send begins a pause that only a successful send or a membership update ends, because Telegram says
even of a closed topic that the bot may post. The send is retried with exponential backoff: after 1, 2, 4 ...
60 minutes. A pause that a membership update or a query began ends with either of these.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from storage import chats
from storage.database import Connection
from storage.delivery.planning import add_notice
from storage.records import Alarm, Chat, ChatKind, ChatState

#: The first and the longest wait before a send is retried that was refused because of the chat.
FIRST_RETRY_DELAY, MAX_RETRY_DELAY = timedelta(minutes=1), timedelta(hours=1)
#: Operators are told of a 429 that lasts longer than this.
FLOOD_ALERT_AFTER = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class StatusSource(StrEnum):
    """How we learned about a chat."""

    ERROR = "error"  #: Telegram refused a request because of the chat
    SENT = "sent"  #: Telegram took a new post
    MEMBERSHIP = "membership"  #: an update said that the bot's own membership changed
    QUERY = "query"  #: Telegram was asked for the bot's rights


def record_status(
    connection: Connection,
    chat_id: int,
    source: StatusSource,
    operators: Sequence[int],
    now: datetime,
    *,
    why_not: str = "",
    gone: bool = False,
) -> bool:
    """Record what was learned, and whether it changed anything.

    `why_not`: why the bot may not post, "" if it may; `gone`: the chat will not come back.
    """
    known = chats.get(connection, chat_id)
    return known is not None and _save_status(
        connection, known, next_status(known, source, now, why_not, gone), operators, now
    )


def record_flood_wait(
    connection: Connection, chat_id: int, until: datetime, operators: Sequence[int], now: datetime
) -> None:
    """Record that Telegram lets nothing be sent to the chat before `until`."""
    if known := chats.get(connection, chat_id):
        _save_status(connection, known, replace(known, flooded_until=until), operators, now)


def next_status(
    chat: Chat, source: StatusSource, now: datetime, why_not: str = "", gone: bool = False
) -> Chat:
    """The chat after what was learned; pure. Arguments as in `record_status`."""
    if chat.moved_to is not None or chat.reason == chats.BY_OPERATOR:
        return chat
    if not why_not:
        return _mark_active(chat, source) if _ends_pause(chat, source) else chat
    if source is not StatusSource.ERROR:
        if chat.state is ChatState.LEFT:
            return chat
        return replace(chat, state=ChatState.PAUSED, reason=why_not, tries=0, retry_at=None)
    if chat.state is ChatState.PAUSED and not chat.tries:
        return chat  # an update or a query gave the reason, and one of them ends it
    state = ChatState.LEFT if gone else ChatState.PAUSED
    wait = min(FIRST_RETRY_DELAY * 2 ** min(chat.tries, 10), MAX_RETRY_DELAY)
    return replace(chat, state=state, reason=why_not, tries=chat.tries + 1, retry_at=now + wait)


def _ends_pause(chat: Chat, source: StatusSource) -> bool:
    match source:
        case StatusSource.SENT:
            return chat.state is not ChatState.PAUSED or chat.tries > 0
        case StatusSource.QUERY:
            return chat.tries == 0
        case _:
            return True


def _mark_active(chat: Chat, source: StatusSource) -> Chat:
    wait = None if source is StatusSource.SENT else chat.flooded_until
    return replace(chat, state=ChatState.ACTIVE, reason="", tries=0, retry_at=None, flooded_until=wait)


def is_reported(chat: Chat) -> bool:
    """Whether operators are told of the chat: CHANNELS names it, so it does not merely follow.

    They are not told of a chat that they paused themselves, nor of one that became another.
    """
    return chat.named and chat.moved_to is None and chat.reason != chats.BY_OPERATOR


def channel_alarm(chat: Chat, now: datetime) -> Alarm:
    """What operators should be told of a chat; pure."""
    unmet = chat.id <= chats.MAX_PLACEHOLDER_ID and chat.reason.endswith(chats.NOT_YET_FOUND)
    if unmet or not is_reported(chat):
        return Alarm.NONE
    if chat.state is not ChatState.ACTIVE:
        return Alarm.LOST
    if chat.flooded_until is None:
        return Alarm.NONE
    lasting = chat.alarm is Alarm.WAITING or chat.flooded_until - now > FLOOD_ALERT_AFTER
    return Alarm.WAITING if lasting else Alarm.NONE


def _save_status(
    connection: Connection, known: Chat, then: Chat, operators: Sequence[int], now: datetime
) -> bool:
    """Write what changed; if operators do not know it yet, with a notice and a line in the log."""
    then = replace(then, alarm=channel_alarm(then, now))
    names = [field.name for field in fields(Chat)]
    changed = {name: getattr(then, name) for name in names if getattr(then, name) != getattr(known, name)}
    if not changed:
        return False
    chats.update_columns(connection, known.id, **changed)
    if then.alarm is not known.alarm:
        words = describe_channel_alarm(then)
        log.warning("channel status changed", channel=then.display_name, status=words)
        add_notice(connection, operators, words, now)
    return True


def describe_channel_alarm(chat: Chat) -> str:
    """The notice about a channel: its alarm, and what to do."""
    match chat.alarm:
        case Alarm.NONE:
            return f"✅ {chat.display_name} can be written to again."
        case Alarm.WAITING:
            assert chat.flooded_until
            until = f"{chat.flooded_until:%Y-%m-%d %H:%M} UTC"
            return (
                f"⚠️ Telegram lets nothing be sent to {chat.display_name} until {until}. "
                "What it is owed is kept; other chats go on."
            )
        case Alarm.LOST if chat.state is ChatState.LEFT:
            return f"⚠️ {chat.display_name} is gone: {_strip_error_prefix(chat.reason)}."
        case Alarm.LOST:
            return (
                f"⚠️ {chat.display_name} cannot be written to: {_strip_error_prefix(chat.reason)}. "
                f"What it is owed is kept until it can be. {_suggest_fix(chat)}"
            )


def _suggest_fix(chat: Chat) -> str:
    if "TOPIC_CLOSED" in chat.reason:
        return "In the group: open the topic General, or give the bot the right Manage Topics."
    if chat.kind is ChatKind.CHANNEL:
        return "In the channel: Administrators, the bot, Post Messages."
    return "In the group: add the bot, and let it send messages."


def _strip_error_prefix(reason: str) -> str:
    return reason.removeprefix("Bad Request: ").removeprefix("Forbidden: ").rstrip(".")
