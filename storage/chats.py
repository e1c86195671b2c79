"""Chats: channels, groups and readers, and whether they can be written to."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, text, update

from storage import channel_names
from storage.records import Alarm, Chat, ChatKind, ChatState, DeliveryState
from storage.rows import to_record, to_records
from storage.schema import FANOUT_PENDING, chats, deliveries, posts, showings, subscriptions
from storage.subscriptions import move_subscriptions

#: The reason of a pause that only an operator may end.
BY_OPERATOR = "paused by an operator"

#: Deliveries to these are sent before those to private chats.
PUBLIC_KINDS = frozenset({ChatKind.CHANNEL, ChatKind.SUPERGROUP, ChatKind.GROUP})

#: Below every chat id: where a fan-out begins.
BEFORE_ALL_IDS = -(2**63)

#: The highest of the ids given to channels known only by @name; Telegram uses none so low.
MAX_PLACEHOLDER_ID = -(2**62)
NOT_YET_FOUND = "has not been found yet"


def get(connection: Connection, chat_id: int) -> Chat | None:
    """The chat, or None."""
    row = connection.execute(select(chats).where(chats.c.id == chat_id)).first()
    return to_record(Chat, row) if row else None


def get_many(connection: Connection, chat_ids: Iterable[int]) -> dict[int, Chat]:
    """The chats that are known, by id."""
    found = connection.execute(select(chats).where(chats.c.id.in_(set(chat_ids))))
    return {chat.id: chat for chat in to_records(Chat, found)}


def get_by_username(connection: Connection, username: str) -> Chat | None:
    """The chat that Telegram last said has this @name (in any case, with or without the @), or None."""
    row = connection.execute(
        select(chats).where(_has_username(username), chats.c.id > MAX_PLACEHOLDER_ID)
    ).first()
    return to_record(Chat, row) if row else None


def get_placeholder(connection: Connection, username: str) -> Chat | None:
    """The placeholder of a @name whose channel is not known yet, or None."""
    waiting = (chats.c.id <= MAX_PLACEHOLDER_ID) & chats.c.moved_to.is_(None)
    row = connection.execute(select(chats).where(_has_username(username), waiting)).first()
    return to_record(Chat, row) if row else None


def _has_username(username: str) -> ColumnElement[bool]:
    return func.lower(chats.c.username) == channel_names.normalize_name(username)


def assign_username(connection: Connection, chat_id: int, username: str) -> None:
    """Record that this chat has the @name now, and no other chat has."""
    others = _has_username(username) & (chats.c.id != chat_id) & (chats.c.id > MAX_PLACEHOLDER_ID)
    connection.execute(update(chats).where(others).values(username=""))


def upsert_chat(connection: Connection, chat: Chat) -> Chat:
    """Insert a new chat, or update the kind, title and username of a known one; the chat as stored.

    A known chat keeps its settings and state.
    """
    known = get(connection, chat.id)
    if known is None:
        connection.execute(insert(chats), [_chat_row(chat)])
        return chat
    now = replace(known, kind=chat.kind, title=chat.title, username=chat.username)
    if now != known:
        update_columns(connection, chat.id, kind=now.kind, title=now.title, username=now.username)
    return now


def update_columns(connection: Connection, chat_id: int, **columns: object) -> None:
    """Write these columns of one chat, and no others."""
    connection.execute(update(chats).where(chats.c.id == chat_id).values(**columns))


def _skip_unsent(connection: Connection, chat_id: int, reason: str) -> None:
    owed = (deliveries.c.chat_id == chat_id) & (deliveries.c.state == DeliveryState.OWED)
    unsent = owed & deliveries.c.message_id.is_(None)
    connection.execute(update(deliveries).where(unsent).values(state=DeliveryState.SKIPPED, error=reason))


def list_flooded(connection: Connection, now: datetime) -> list[tuple[int, datetime]]:
    """The rate-limited chats, each with the end of its wait."""
    query = select(chats.c.id, chats.c.flooded_until).where(chats.c.flooded_until > now)
    return [(row.id, row.flooded_until) for row in connection.execute(query)]


def next_retry(connection: Connection, after: datetime) -> datetime | None:
    """The earliest time after `after` when a send may be retried in a paused chat, or None."""
    return connection.execute(select(func.min(chats.c.retry_at)).where(chats.c.retry_at > after)).scalar()


def allow_retries(connection: Connection, now: datetime) -> None:
    """Allow one send in each paused chat whose retry is due."""
    connection.execute(update(chats).where(chats.c.retry_at <= now).values(retry_at=None))


def record_message_id(connection: Connection, chat_id: int, message_id: int) -> None:
    """Raise the highest message id known in a channel or supergroup, whoever sent it."""
    newer = (chats.c.id == chat_id) & (chats.c.last_message_id < message_id)
    connection.execute(update(chats).where(newer).values(last_message_id=message_id))


def move(connection: Connection, old: int, new: int, kind: ChatKind = ChatKind.SUPERGROUP) -> None:
    """Move settings, subscriptions and unsent deliveries to the chat that a group or placeholder became.

    Messages in the old chat are still edited there: Telegram lets a bot edit its messages in a group that
    became a supergroup (tdlib/telegram-bot-api, Client.cpp, `check_chat_access`).
    """
    known = get(connection, old)
    if known is None or old == new:
        return
    if get(connection, new) is None:
        there = empty_chat(new, kind, known.created_at)
        kept = ("edition", "language", "timezone", "quiet_hours", "digest_at", "title", "username", "named")
        facts: dict[str, Any] = {name: getattr(known, name) for name in (*kept, "alarm")}
        moved = replace(there, **facts)
        connection.execute(insert(chats), [_chat_row(moved)])
    gone = {"state": ChatState.LEFT, "reason": "moved", "moved_to": new, "alarm": Alarm.NONE}
    update_columns(connection, old, **gone, named=False, tries=0, retry_at=None)
    move_subscriptions(connection, old, new)
    owed = (deliveries.c.chat_id == old) & deliveries.c.message_id.is_(None)
    known_there = select(deliveries.c.post_id).where(deliveries.c.chat_id == new)
    retargeted = update(deliveries).where(owed, deliveries.c.post_id.not_in(known_there))
    connection.execute(retargeted.values(chat_id=new))
    _skip_unsent(connection, old, "moved")


def erase_chat(connection: Connection, chat_id: int) -> bool:
    """Erase a chat with its subscriptions and deliveries; whether there was anything.

    The basic group that it was is erased too. `Database.erasure` then clears the database's log.
    """
    former = select(chats.c.id).where(chats.c.moved_to == chat_id)
    for group in list(connection.execute(former).scalars()) if chat_id < 0 else ():
        erase_chat(connection, group)
    mine = select(deliveries.c.id).where(deliveries.c.chat_id == chat_id)
    statements = [
        delete(subscriptions).where(subscriptions.c.chat_id == chat_id),
        delete(showings).where(showings.c.delivery_id.in_(mine)),
        delete(deliveries).where(deliveries.c.chat_id == chat_id),
        delete(chats).where(chats.c.id == chat_id),
    ]
    erased = sum(connection.execute(each).rowcount for each in statements)
    return _move_fanout_marks(connection, chat_id) or erased > 0


def _move_fanout_marks(connection: Connection, chat_id: int) -> bool:
    """Set fan-out marks at this chat back to the one before it; whether there were any."""
    moved = 0
    for mark, ids in (
        (posts.c.followers_after, subscriptions.c.chat_id),
        (posts.c.raised_after, deliveries.c.chat_id),
    ):
        before = select(func.coalesce(func.max(ids), BEFORE_ALL_IDS)).where(ids < chat_id).scalar_subquery()
        there = update(posts).where(text(FANOUT_PENDING), mark == chat_id)
        moved += connection.execute(there.values({mark: before})).rowcount
    return moved > 0


def unsubscribe_named(connection: Connection, named: Iterable[int | str]) -> None:
    """Delete the subscriptions of the chats that the settings name: they get every article anyway."""
    mine = subscriptions.c.chat_id.in_(resolve_ids(connection, named))
    connection.execute(delete(subscriptions).where(mine))


def resolve_channels(
    connection: Connection, named: Sequence[int | str], now: datetime, edition: str
) -> list[Chat]:
    """The chats that the settings name by id or @name, in order; a new one is inserted.

    A group that became a supergroup is followed. A @name stands for the channel that first had it
    (`storage.channel_names`); an unknown one is a paused placeholder until `move` gives it Telegram's id.
    """
    return [_resolve_channel(connection, name, now, edition) for name in dict.fromkeys(named)]


def _resolve_channel(connection: Connection, name: int | str, now: datetime, edition: str) -> Chat:
    meant = name
    if isinstance(name, str) and (bound := channel_names.get(connection, name)):
        meant = bound.chat_id
    known = follow_moves(connection, meant) if isinstance(meant, int) else get_placeholder(connection, meant)
    if known is None:
        known = _new_chat(connection, meant, now, edition)
        connection.execute(insert(chats), [_chat_row(known)])
    if not known.named:
        update_columns(connection, known.id, named=True)
    return replace(known, named=True)


def follow_moves(connection: Connection, chat_id: int) -> Chat | None:
    """The chat, or the one that it became; None if it is unknown."""
    known = get(connection, chat_id)
    while known is not None and known.moved_to is not None:
        known = get(connection, known.moved_to)
    return known


def unmark_named(connection: Connection, named: Collection[int]) -> None:
    """Record that CHANNELS names no other chats than these."""
    others = chats.c.named & chats.c.id.not_in(list(named))
    connection.execute(update(chats).where(others).values(named=False, alarm=Alarm.NONE))


def _new_chat(connection: Connection, name: int | str, now: datetime, edition: str) -> Chat:
    if isinstance(name, int):
        kind = ChatKind.PRIVATE if name > 0 else ChatKind.CHANNEL
        return empty_chat(name, kind, now, edition=edition)
    lowest = connection.execute(select(func.min(chats.c.id))).scalar() or 0
    unnamed = empty_chat(min(MAX_PLACEHOLDER_ID, lowest - 1), ChatKind.CHANNEL, now, edition=edition)
    reason = f"{name} {NOT_YET_FOUND}"
    return replace(unnamed, username=name.lstrip("@"), state=ChatState.PAUSED, reason=reason)


def resolve_ids(connection: Connection, named: Iterable[int | str]) -> set[int]:
    """The current ids of the chats that the settings name; a @name that was not found yet has none."""
    found: set[int] = set()
    for name in named:
        known = get(connection, name) if isinstance(name, int) else get_by_username(connection, name)
        while known is not None and known.moved_to is not None:
            known = get(connection, known.moved_to)
        found |= {known.id} if known else {name} if isinstance(name, int) else set()
    return found


def empty_chat(chat_id: int, kind: ChatKind, now: datetime, *, edition: str = "") -> Chat:
    """A new active chat with empty settings."""
    return Chat(
        id=chat_id,
        kind=kind,
        title="",
        username="",
        edition=edition,
        language="",
        timezone="",
        quiet_hours="",
        digest_at="",
        state=ChatState.ACTIVE,
        reason="",
        can_edit=False,
        last_message_id=0,
        created_at=now,
    )


def _chat_row(chat: Chat) -> dict[str, object]:
    return {field: getattr(chat, field) for field in Chat.__dataclass_fields__}
