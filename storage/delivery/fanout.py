"""Fan-out: brings deliveries in line with their post, in slices, so that other writers never wait long.

A post has two marks: how far its followers have been given deliveries, and how far its deliveries want its
new revision. Each slice moves a mark in the transaction that does its work, so a crash loses and repeats
nothing.
"""

from datetime import datetime

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    case,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    update,
)

from storage.delivery import planning, turns
from storage.records import ChatKind, ChatState, DeliveryState, Lane, Post, PostKind
from storage.rows import to_record
from storage.schema import FANOUT_PENDING, chats, deliveries, posts, subscriptions
from storage.subscriptions import AT_ONCE, EVERYTHING

#: Deliveries in a slice: about 20 ms on SQLite with two slow cores.
SLICE_SIZE = 1000

_FANOUT_PENDING = text(FANOUT_PENDING)
_CHANGEABLE = (
    DeliveryState.OWED,
    DeliveryState.CLAIMED,
    DeliveryState.UNCLEAR,
    DeliveryState.SETTLED,
    DeliveryState.REFUSED,
)
_WITHDRAWN = posts.c.revision == 0
_LANE = case({lane: place for place, lane in enumerate(Lane)}, value=posts.c.lane)
_RANK = case((_WITHDRAWN, 0), else_=_LANE)
#: The feeds after the one that had the last turn, then the others from the first.
_HAD_ITS_TURN = posts.c.feed_id <= bindparam("last_feed", type_=posts.c.feed_id.type)
_NEXT = (
    select(posts)
    .where(_FANOUT_PENDING)
    .order_by(_RANK, _HAD_ITS_TURN, posts.c.feed_id, _WITHDRAWN.desc(), posts.c.id)
    .limit(1)
)


def fan_out_slice(
    connection: Connection,
    now: datetime,
    default_edition: str = "",
    size: int = SLICE_SIZE,
    last_feed: int = turns.NO_FEED,
) -> Post | None:
    """Process one slice of the most urgent post; that post, or None if there is none.

    Among equally urgent ones it is a post of the feed after `last_feed`, which had the last turn. Readers who
    chose no edition follow `default_edition`.
    """
    row = connection.execute(_NEXT, {"last_feed": last_feed}).first()
    if row is None:
        return None
    post = to_record(Post, row)
    if post.raised_after is not None:
        mark = _raise_revision(connection, post, now, size)
        connection.execute(update(posts).where(posts.c.id == post.id).values(raised_after=mark))
    else:
        mark = _add_deliveries(connection, post, default_edition, size)
        connection.execute(update(posts).where(posts.c.id == post.id).values(followers_after=mark))
    return post


def _add_deliveries(connection: Connection, post: Post, default_edition: str, size: int) -> int | None:
    """Owe the post to the next followers; the last one's chat id, None after the last of all.

    A chat that has the article already, by another edition, is left out.
    """
    some = select_followers(post, default_edition).order_by(subscriptions.c.chat_id).limit(size).subquery()
    about = post.article_id if post.kind is PostKind.ARTICLE else None
    same = [post.id] if about is None else planning.post_ids_of_article(connection, about)
    there = select(deliveries.c.id).where(deliveries.c.post_id.in_(same), deliveries.c.chat_id == some.c.id)
    public = some.c.kind != literal(ChatKind.PRIVATE, chats.c.kind.type)
    new = select(
        literal(post.id),
        some.c.id,
        literal(post.lane, deliveries.c.lane.type),
        public,
        case((public, literal(post.feed_id)), else_=literal(turns.NO_FEED)),
        literal(post.revision),
        literal(post.not_before, deliveries.c.not_before.type),
    ).where(~there.exists())
    columns = ("post_id", "chat_id", "lane", "public", "feed_id", "wanted_revision", "not_before")
    last = connection.execute(select(some.c.id).order_by(some.c.id.desc()).limit(1)).scalar()
    connection.execute(insert(deliveries).from_select(columns, new))
    return last


def select_followers(post: Post, default_edition: str) -> Select[tuple[int, ChatKind]]:
    """The chats, with their kinds, that follow the post's edition and come after its mark."""
    edition = chats.c.edition == post.edition
    if post.edition == default_edition:
        edition = or_(edition, chats.c.edition == "")
    return (
        select(chats.c.id, chats.c.kind)
        .join(subscriptions, subscriptions.c.chat_id == chats.c.id)
        .where(
            subscriptions.c.what == EVERYTHING,
            subscriptions.c.chat_id > post.followers_after,
            subscriptions.c.rhythm == AT_ONCE,
            subscriptions.c.created_at <= post.created_at,
            chats.c.state.in_([ChatState.ACTIVE, ChatState.PAUSED]),
            edition,
        )
    )


def _raise_revision(connection: Connection, post: Post, now: datetime, size: int) -> int | None:
    """Let the next deliveries want the post's revision; the last one's chat id, None after the last."""
    mine = deliveries.c.post_id == post.id
    behind = mine & (deliveries.c.chat_id > post.raised_after)
    ids = select(deliveries.c.chat_id).where(behind).order_by(deliveries.c.chat_id)
    page = list(connection.execute(ids.limit(size)).scalars())
    if not page:
        return None
    some = and_(behind, deliveries.c.chat_id <= page[-1], deliveries.c.state.in_(_CHANGEABLE))
    connection.execute(update(deliveries).where(some).values(**_updated_columns(post, now)))
    return page[-1] if len(page) == size else None


def _updated_columns(post: Post, now: datetime) -> dict[str, object]:
    """The new values of a delivery, by its state."""
    state, shown = deliveries.c.state, deliveries.c.message_id.is_not(None)
    differs = true() if post.revision == 0 else deliveries.c.shown_revision < post.revision
    done = state.in_([DeliveryState.SETTLED, DeliveryState.REFUSED])
    changes = and_(done, shown, differs, deliveries.c.shown_revision > 0)
    vain = and_(state == DeliveryState.OWED, ~shown, literal(post.revision == 0))
    words = {word: literal(word, state.type) for word in DeliveryState}
    lane = Lane.BREAKING if post.revision == 0 or post.kind is not PostKind.ARTICLE else Lane.ROUTINE
    return {
        "wanted_revision": post.revision,
        "state": case(
            (changes, words[DeliveryState.OWED]), (vain, words[DeliveryState.SKIPPED]), else_=state
        ),
        "lane": case((changes, literal(lane, deliveries.c.lane.type)), else_=deliveries.c.lane),
        "not_before": case(
            (changes, literal(now, deliveries.c.not_before.type)), else_=deliveries.c.not_before
        ),
    }
