"""Bringing deliveries in line with their post, a slice at a time, so that nothing else ever waits long.

A post carries two marks: how far its followers have been given deliveries, and how far its deliveries have
been told of a correction. Each slice moves a mark in the transaction that does its work, so that a crash
costs nothing and repeats nothing.
"""

from datetime import datetime

from sqlalchemy import Connection, and_, case, insert, literal, or_, select, text, true, update

from storage import chats as chats_by_id
from storage.records import ChatKind, ChatState, DeliveryState, Lane, Post, PostKind
from storage.rows import record
from storage.schema import SPREADING, chats, deliveries, posts, subscriptions

#: Deliveries a slice: about 20 ms on SQLite with two slow cores.
SLICE = 1000

_UNSPREAD = text(SPREADING)
_CHANGEABLE = (
    DeliveryState.OWED,
    DeliveryState.CLAIMED,
    DeliveryState.UNCLEAR,
    DeliveryState.SETTLED,
    DeliveryState.REFUSED,
)
_RANK = case({lane: place for place, lane in enumerate(Lane)}, value=posts.c.lane)
_MOST_URGENT = select(posts).where(_UNSPREAD).order_by(_RANK, posts.c.id).limit(1)


def spread(connection: Connection, now: datetime, default_edition: str = "", size: int = SLICE) -> bool:
    """Do one slice of the most urgent post's work; False where there was none.

    Readers who chose no edition follow `default_edition`.
    """
    row = connection.execute(_MOST_URGENT).first()
    if row is None:
        return False
    post = record(Post, row)
    if post.raised_after is not None:
        mark = _raise(connection, post, now, size)
        connection.execute(update(posts).where(posts.c.id == post.id).values(raised_after=mark))
    else:
        mark = _give(connection, post, default_edition, size)
        connection.execute(update(posts).where(posts.c.id == post.id).values(followers_after=mark))
    return True


def _give(connection: Connection, post: Post, default_edition: str, size: int) -> int | None:
    """Owe the post to the next followers; the last one's chat id, None behind the last of all."""
    edition = chats.c.edition == post.edition
    if post.edition == default_edition:
        edition = or_(edition, chats.c.edition == "")
    followers = (
        select(chats.c.id, chats.c.kind)
        .join(subscriptions, subscriptions.c.chat_id == chats.c.id)
        .where(
            subscriptions.c.what == chats_by_id.EVERYTHING,
            subscriptions.c.chat_id > post.followers_after,
            subscriptions.c.rhythm == chats_by_id.AT_ONCE,
            subscriptions.c.created_at <= post.created_at,
            chats.c.state.in_([ChatState.ACTIVE, ChatState.PAUSED]),
            edition,
        )
        .order_by(subscriptions.c.chat_id)
        .limit(size)
        .subquery()
    )
    there = select(deliveries.c.id).where(
        deliveries.c.post_id == post.id, deliveries.c.chat_id == followers.c.id
    )
    new = select(
        literal(post.id),
        followers.c.id,
        literal(post.lane, deliveries.c.lane.type),
        followers.c.kind != literal(ChatKind.PRIVATE, chats.c.kind.type),
        literal(post.revision),
        literal(post.not_before, deliveries.c.not_before.type),
    ).where(~there.exists())
    columns = ("post_id", "chat_id", "lane", "public", "wanted_revision", "not_before")
    last = connection.execute(select(followers.c.id).order_by(followers.c.id.desc()).limit(1)).scalar()
    connection.execute(insert(deliveries).from_select(columns, new))
    return last


def _raise(connection: Connection, post: Post, now: datetime, size: int) -> int | None:
    """Let the next deliveries want what the post wants; the last one's chat id, None behind the last."""
    mine = deliveries.c.post_id == post.id
    behind = mine & (deliveries.c.chat_id > post.raised_after)
    ids = select(deliveries.c.chat_id).where(behind).order_by(deliveries.c.chat_id)
    page = list(connection.execute(ids.limit(size)).scalars())
    if not page:
        return None
    some = and_(behind, deliveries.c.chat_id <= page[-1], deliveries.c.state.in_(_CHANGEABLE))
    connection.execute(update(deliveries).where(some).values(**_wishes(post, now)))
    return page[-1] if len(page) == size else None


def _wishes(post: Post, now: datetime) -> dict[str, object]:
    """The new facts of a delivery, by what it is now."""
    state, shown = deliveries.c.state, deliveries.c.message_id.is_not(None)
    differs = true() if post.revision == 0 else deliveries.c.shown_revision < post.revision
    done = state.in_([DeliveryState.SETTLED, DeliveryState.REFUSED])
    changes = and_(done, shown, differs, deliveries.c.shown_revision > 0)
    vain = and_(state == DeliveryState.OWED, ~shown, literal(post.revision == 0))
    words = {word: literal(word, state.type) for word in DeliveryState}
    lane = Lane.BREAKING if post.revision == 0 or post.kind is not PostKind.ARTICLE else Lane.ROUTINE
    unsent = and_(state == DeliveryState.OWED, ~shown)
    return {
        "wanted_revision": post.revision,
        "state": case(
            (changes, words[DeliveryState.OWED]), (vain, words[DeliveryState.SKIPPED]), else_=state
        ),
        "lane": case(
            (changes, literal(lane, deliveries.c.lane.type)),
            (unsent, literal(post.lane, deliveries.c.lane.type)),
            else_=deliveries.c.lane,
        ),
        "not_before": case((changes, literal(now, deliveries.c.not_before.type)), else_=_hour(post, unsent)),
    }


def _hour(post: Post, unsent: object) -> object:
    """A post that became breaking no longer waits for its hour."""
    hour = deliveries.c.not_before
    if post.lane is not Lane.BREAKING:
        return hour
    earlier = and_(unsent, hour > post.not_before)  # type: ignore[arg-type]
    return case((earlier, literal(post.not_before, hour.type)), else_=hour)
