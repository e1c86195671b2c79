"""Figures: how much there is of everything, for metrics, health and `status`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from storage.records import Alarm, Chat, ChatKind, ChatState, FeedState, Lane
from storage.rows import records
from storage.schema import articles, chats, deliveries, feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The state of the desk at one moment. Of readers only how many."""

    articles: int
    newest_seen_at: datetime | None
    feeds: dict[FeedState, int]
    failing_feeds: int
    last_good_look_at: datetime | None
    chats: dict[tuple[ChatKind, ChatState], int]
    owed: dict[Lane, int]  #: due now and not sent
    oldest_due_at: datetime | None
    unclear: int
    troubled: tuple[Chat, ...]  #: channels of the settings that cannot be written to


_TROUBLED = select(chats).where(chats.c.named, chats.c.alarm != Alarm.NONE).order_by(chats.c.id)


def figures(connection: Connection, now: datetime) -> Figures:
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
    return Figures(
        articles=connection.execute(select(func.count()).select_from(articles)).scalar_one(),
        newest_seen_at=connection.execute(newest).scalar(),
        feeds={row[0]: row[1] for row in connection.execute(states)},
        failing_feeds=connection.execute(
            select(func.count()).where(feeds.c.failures > 0, feeds.c.state == FeedState.ACTIVE)
        ).scalar_one(),
        last_good_look_at=connection.execute(select(func.max(feeds.c.succeeded_at))).scalar(),
        chats={(row[0], row[1]): row[2] for row in connection.execute(kinds)},
        owed={row[0]: row[1] for row in connection.execute(lanes)},
        oldest_due_at=connection.execute(select(func.min(deliveries.c.not_before)).where(*due)).scalar(),
        unclear=connection.execute(unclear).scalar_one(),
        troubled=tuple(records(Chat, connection.execute(_TROUBLED))),
    )
