"""Reports: an article's history and the backlog, for `newswire why` and `status`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, text

from storage.records import (
    Alarm,
    Chat,
    ChatKind,
    ChatState,
    Decision,
    Delivery,
    DeliveryState,
    FeedState,
    Lane,
    Post,
)
from storage.rows import to_records
from storage.schema import articles, chats, decisions, deliveries, feeds, posts, showings


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleHistory:
    """What each edition decided about an article, what was posted, and what chats show."""

    decisions: list[Decision]
    posts: list[Post]
    deliveries: list[Delivery]  #: to channels and groups, one by one
    private: dict[DeliveryState, int]  #: to readers: how many are still kept (ALERT_RETENTION), by state
    shown: list[tuple[int, int, datetime]]  #: (chat id, revision, when) where many read it, in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is owed and not yet sent, and the chats that cannot be sent to."""

    owed: dict[Lane, int]
    oldest: datetime | None  #: since when the longest waiting is due
    unclear: int  #: requests with an unknown outcome
    repeated: int  #: unclear sends that were repeated without a lookup, if still stored
    paused: list[Chat]  #: channels and groups that cannot be written to, each with its reason
    waiting: list[Chat]  #: those to which Telegram lets nothing be sent yet, `flooded_until`


def article_of_message(connection: Connection, chat_id: int, message_id: int) -> int | None:
    """The article that this message of ours is about, or None."""
    there = (deliveries.c.chat_id == chat_id) & (deliveries.c.message_id == message_id)
    query = select(posts.c.article_id).join(deliveries, deliveries.c.post_id == posts.c.id).where(there)
    return connection.execute(query.order_by(posts.c.id.desc()).limit(1)).scalar()


def article_history(connection: Connection, article_id: int) -> ArticleHistory:
    """The decisions, posts and deliveries of an article."""
    decided = select(decisions).where(decisions.c.article_id == article_id).order_by(decisions.c.edition)
    said = select(posts).where(posts.c.article_id == article_id).order_by(posts.c.id)
    ours = deliveries.c.post_id.in_(select(posts.c.id).where(posts.c.article_id == article_id))
    public = select(deliveries).where(ours, deliveries.c.public).order_by(deliveries.c.id)
    private = select(deliveries.c.state, func.count()).where(ours, deliveries.c.public.is_(False))
    shown = (
        select(deliveries.c.chat_id, showings.c.revision, showings.c.shown_at)
        .join(showings, showings.c.delivery_id == deliveries.c.id)
        .where(ours)
        .order_by(showings.c.shown_at, deliveries.c.id)
    )
    return ArticleHistory(
        decisions=to_records(Decision, connection.execute(decided)),
        posts=to_records(Post, connection.execute(said)),
        deliveries=to_records(Delivery, connection.execute(public)),
        private={row[0]: row[1] for row in connection.execute(private.group_by(deliveries.c.state))},
        shown=[(row[0], row[1], row[2]) for row in connection.execute(shown)],
    )


def delivery_backlog(connection: Connection, now: datetime) -> Backlog:
    """What is due now and not sent, by lane; what is unclear; which channels are paused."""
    due = (text("deliveries.state = 'owed'"), deliveries.c.not_before <= now)
    counted = select(deliveries.c.lane, func.count(), func.min(deliveries.c.not_before)).where(*due)
    rows = list(connection.execute(counted.group_by(deliveries.c.lane)))
    is_open = text("deliveries.state IN ('claimed', 'unclear')")
    unclear = select(func.count()).where(is_open, deliveries.c.state == DeliveryState.UNCLEAR)
    repeated = select(func.sum(deliveries.c.repeats)).where(text("deliveries.repeats > 0"))
    lost = (chats.c.state == ChatState.PAUSED) | ((chats.c.state == ChatState.LEFT) & chats.c.named)
    paused = select(chats).where(lost).order_by(chats.c.id)
    public = chats.c.kind != ChatKind.PRIVATE
    waiting = select(chats).where(chats.c.flooded_until > now, public).order_by(chats.c.id)
    return Backlog(
        owed={lane: next((row[1] for row in rows if row[0] is lane), 0) for lane in Lane},
        oldest=min((row[2] for row in rows), default=None),
        unclear=connection.execute(unclear).scalar_one(),
        repeated=connection.execute(repeated).scalar() or 0,
        paused=to_records(Chat, connection.execute(paused)),
        waiting=to_records(Chat, connection.execute(waiting)),
    )


def posting_delays(connection: Connection, count: int = 100) -> list[timedelta]:
    """Of the newest `count` posts in channels and groups: from when each could go until it was first shown.

    It could go when its article was seen, or later where quiet hours or an editor's hold kept it.
    """
    query = (
        select(func.min(showings.c.shown_at), articles.c.seen_at, posts.c.not_before)
        .join(deliveries, deliveries.c.id == showings.c.delivery_id)
        .join(posts, posts.c.id == deliveries.c.post_id)
        .join(articles, articles.c.id == posts.c.article_id)
        .where(deliveries.c.public)
        .group_by(deliveries.c.id, articles.c.seen_at, posts.c.not_before)
        .order_by(deliveries.c.id.desc())
        .limit(count)
    )
    return [shown - max(seen, not_before) for shown, seen, not_before in connection.execute(query)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The state of the desk at one moment. Of readers only how many."""

    articles: int
    newest_seen_at: datetime | None
    feeds: dict[FeedState, int]
    failing_feeds: int
    last_good_update_at: datetime | None
    chats: dict[tuple[ChatKind, ChatState], int]
    owed: dict[Lane, int]  #: due now and not sent
    oldest_due_at: datetime | None
    unclear: int
    troubled: tuple[Chat, ...]  #: channels of the settings that cannot be written to


_TROUBLED = select(chats).where(chats.c.named, chats.c.alarm != Alarm.NONE).order_by(chats.c.id)


def collect_statistics(connection: Connection, now: datetime) -> Statistics:
    """Count. Every question is answered from an index or a small table."""

    due = (text("deliveries.state = 'owed'"), deliveries.c.not_before <= now)
    is_open = text("deliveries.state IN ('claimed', 'unclear')")
    lanes = select(deliveries.c.lane, func.count()).where(*due).group_by(deliveries.c.lane)
    kinds = select(chats.c.kind, chats.c.state, func.count()).group_by(chats.c.kind, chats.c.state)
    states = select(feeds.c.state, func.count()).group_by(feeds.c.state)
    unclear = (
        select(func.count()).select_from(deliveries).where(is_open, text("deliveries.state = 'unclear'"))
    )
    newest = select(articles.c.seen_at).order_by(articles.c.id.desc()).limit(1)
    return Statistics(
        articles=connection.execute(select(func.count()).select_from(articles)).scalar_one(),
        newest_seen_at=connection.execute(newest).scalar(),
        feeds={row[0]: row[1] for row in connection.execute(states)},
        failing_feeds=connection.execute(
            select(func.count()).where(feeds.c.failures > 0, feeds.c.state == FeedState.ACTIVE)
        ).scalar_one(),
        last_good_update_at=connection.execute(select(func.max(feeds.c.succeeded_at))).scalar(),
        chats={(row[0], row[1]): row[2] for row in connection.execute(kinds)},
        owed={row[0]: row[1] for row in connection.execute(lanes)},
        oldest_due_at=connection.execute(select(func.min(deliveries.c.not_before)).where(*due)).scalar(),
        unclear=connection.execute(unclear).scalar_one(),
        troubled=tuple(to_records(Chat, connection.execute(_TROUBLED))),
    )
