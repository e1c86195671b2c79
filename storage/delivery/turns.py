"""Feeds take turns: which articles, and which of a channel's deliveries, are next, whoever brings how many.

An article's turn is that of the feed whose words it has, so that no other feed can put it behind its own.
What has no article (notices, digests, catch-up posts) takes turns as a feed of its own, number 0.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    ScalarSelect,
    Select,
    bindparam,
    func,
    select,
    text,
)

from storage.records import ArticleState, Lane
from storage.schema import REVISION_PENDING, articles, deliveries, entries

#: The turn of what no feed has brought.
NO_FEED = 0

_FIRST_SHOWN_BY = (
    select(entries.c.feed_id)
    .where(entries.c.article_id == articles.c.id)
    .order_by(entries.c.seen_at, entries.c.feed_id)
    .limit(1)
    .scalar_subquery()
)
_FEED = func.coalesce(articles.c.feed_id, _FIRST_SHOWN_BY)


def feed_of_article(connection: Connection, article_id: int | None) -> int:
    """Whose turn an article's post takes."""
    found = connection.execute(select(_FEED).where(articles.c.id == article_id)).scalar()
    return found or NO_FEED


def next_unplanned(connection: Connection, count: int) -> list[int]:
    """The next `count` articles to be planned: the first of each feed, then the second of each, and so on."""
    next_ones = _in_turn_order("articles.planned_at IS NULL", articles.c.id).limit(count)
    return list(connection.execute(next_ones).scalars())


def next_revised(connection: Connection, count: int) -> list[int]:
    """The same of planned ones that were corrected or withdrawn since the chats were told.

    A feed's withdrawals come first.
    """
    next_ones = _in_turn_order(
        REVISION_PENDING, articles.c.state != ArticleState.WITHDRAWN, articles.c.id
    ).limit(count)
    return list(connection.execute(next_ones).scalars())


def _in_turn_order(which: str, *order: ColumnElement[Any]) -> Select[Any]:
    number = func.row_number().over(partition_by=_FEED, order_by=order).label("number")
    some = select(articles.c.id, number).where(text(which)).subquery()
    return select(some.c.id).order_by(some.c.number, some.c.id)


@dataclass(frozen=True, slots=True)
class QueueHead:
    """What a feed would like to say next in a channel or group, in one lane."""

    delivery_id: int
    chat_id: int
    feed_id: int
    lane: Lane  #: its own
    not_before: datetime
    served_at: datetime  #: when the feed last had a turn in this chat


_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def queue_heads(connection: Connection, now: datetime) -> list[QueueHead]:
    """What is due to channels and groups: of each chat, feed and lane the longest owed.

    The index is looked into once for each of them, however much is owed.
    """
    rows = connection.execute(_HEADS, {"now": now})
    return [
        QueueHead(number, chat, feed, lane, due, served or _NEVER)
        for number, chat, feed, lane, due, served in rows
    ]


def next_of_each_chat(found: Collection[QueueHead]) -> list[tuple[Lane, QueueHead]]:
    """Of each chat the delivery whose turn it is, and the lane in which it goes out.

    Of the feeds that have something, the one that had the latest turn waits; of the others the most urgent
    lane goes first, then who waits longest for a turn. A delivery that goes before a more urgent one goes in
    its place.
    """
    by_chat = groupby(sorted(found, key=lambda head: head.chat_id), key=lambda head: head.chat_id)
    return [_choose_next([*some]) for _, some in by_chat]


def _choose_next(found: Sequence[QueueHead]) -> tuple[Lane, QueueHead]:
    last = max(found, key=lambda head: head.served_at)
    others = [head for head in found if head.feed_id != last.feed_id or last.served_at == _NEVER] or found
    chosen = min(
        others, key=lambda head: (_lane_rank(head), head.served_at, head.not_before, head.delivery_id)
    )
    return min(found, key=_lane_rank).lane, chosen


def _lane_rank(head: QueueHead) -> int:
    return list(Lane).index(head.lane)


def _heads_query() -> Select[Any]:
    """From each chat, feed and lane to the next by one step in the index `ix_deliveries_owed_in_turn`."""
    here, before, other = deliveries, deliveries.alias("before"), deliveries.alias("other")
    first = _first_after(None, ())
    steps = select(first.label("id")).cte("steps", recursive=True)
    # SQLite does not look for (lane, chat, feed) > (?, ?, ?) in an index: the same, one after the other
    following = func.coalesce(*(_first_after(before, _QUEUE[:length]) for length in (3, 2, 1)))
    steps = steps.union_all(select(following).select_from(steps.join(before, before.c.id == steps.c.id)))
    same = (other.c.chat_id == here.c.chat_id) & (other.c.feed_id == here.c.feed_id)
    served = select(func.max(other.c.claimed_at)).where(text("other.public"), same).scalar_subquery()
    facts = (here.c.id, here.c.chat_id, here.c.feed_id, here.c.lane, here.c.not_before, served)
    due = here.c.not_before <= bindparam("now", type_=here.c.not_before.type)
    return select(*facts).join(steps, steps.c.id == here.c.id).where(due)


#: The columns that name a queue, and with the last two its order.
_QUEUE = ("lane", "chat_id", "feed_id")
_ORDER = (*_QUEUE, "not_before", "id")


def _first_after(before: FromClause | None, columns: Sequence[str]) -> ScalarSelect[int]:
    """The first delivery owed in public behind `before` in the last of these columns, alike in the others."""
    behind = deliveries.alias("behind")
    order = [behind.c[name] for name in _ORDER]
    query = select(behind.c.id).where(text("behind.state = 'owed' AND behind.public")).order_by(*order)
    if before is not None:
        *alike, last = columns
        query = query.where(*(behind.c[name] == before.c[name] for name in alike))
        query = query.where(behind.c[last] > before.c[last]).correlate(before)
    return query.limit(1).scalar_subquery()


_HEADS = _heads_query()
