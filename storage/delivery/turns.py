"""Turns: feeds take turns in planning and in each channel, however much one of them brings.

An article takes the turn of the feed that its content is from, so no other feed can delay it behind its own.
Posts without an article (notices, digests, catch-up posts) take turns as a feed of their own, number 0.
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

#: The turn of what is from no feed.
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
    """The feed whose turn an article's post takes."""
    found = connection.execute(select(_FEED).where(articles.c.id == article_id)).scalar()
    return found or NO_FEED


def next_unplanned(connection: Connection, count: int) -> list[int]:
    """The next `count` articles to be planned: the first of each feed, then the second of each, and so on."""
    next_ones = _in_turn_order("articles.planned_at IS NULL", articles.c.id).limit(count)
    return list(connection.execute(next_ones).scalars())


def next_revised(connection: Connection, count: int) -> list[int]:
    """The same for planned articles that were corrected or withdrawn since their posts were updated.

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
    """A feed's next delivery in a channel or group, in one lane."""

    delivery_id: int
    chat_id: int
    feed_id: int
    lane: Lane  #: its own
    not_before: datetime
    served_at: datetime  #: when the feed last had a turn in this chat


_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def queue_heads(connection: Connection, now: datetime) -> list[QueueHead]:
    """The longest owed due delivery of each chat, feed and lane of channels and groups.

    Takes one index lookup for each of them, however much is owed.
    """
    rows = connection.execute(_HEADS, {"now": now})
    return [
        QueueHead(number, chat, feed, lane, due, served or _NEVER)
        for number, chat, feed, lane, due, served in rows
    ]


def next_of_each_chat(found: Collection[QueueHead]) -> list[tuple[Lane, QueueHead]]:
    """For each chat the delivery whose turn it is, and the lane in which it is sent.

    The feed that had the latest turn waits while another has something; among the others the most urgent lane
    goes first, then the feed that has waited longest. A delivery that precedes a more urgent one is sent in
    the lane of that one.
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
    """Step from each chat, feed and lane to the next in the index `ix_deliveries_owed_in_turn`."""
    here, before, other = deliveries, deliveries.alias("before"), deliveries.alias("other")
    first = _first_after(None, ())
    steps = select(first.label("id")).cte("steps", recursive=True)
    # SQLite does not use an index for (lane, chat, feed) > (?, ?, ?): the same, column by column
    following = func.coalesce(*(_first_after(before, _QUEUE[:length]) for length in (3, 2, 1)))
    steps = steps.union_all(select(following).select_from(steps.join(before, before.c.id == steps.c.id)))
    same = (other.c.chat_id == here.c.chat_id) & (other.c.feed_id == here.c.feed_id)
    served = select(func.max(other.c.claimed_at)).where(text("other.public"), same).scalar_subquery()
    facts = (here.c.id, here.c.chat_id, here.c.feed_id, here.c.lane, here.c.not_before, served)
    due = here.c.not_before <= bindparam("now", type_=here.c.not_before.type)
    return select(*facts).join(steps, steps.c.id == here.c.id).where(due)


#: The columns that identify a queue, and with two more its order.
_QUEUE = ("lane", "chat_id", "feed_id")
_ORDER = (*_QUEUE, "not_before", "id")


def _first_after(before: FromClause | None, columns: Sequence[str]) -> ScalarSelect[int]:
    """The first public delivery owed after `before` in the last of these columns, equal in the others."""
    behind = deliveries.alias("behind")
    order = [behind.c[name] for name in _ORDER]
    query = select(behind.c.id).where(text("behind.state = 'owed' AND behind.public")).order_by(*order)
    if before is not None:
        *alike, last = columns
        query = query.where(*(behind.c[name] == before.c[name] for name in alike))
        query = query.where(behind.c[last] > before.c[last]).correlate(before)
    return query.limit(1).scalar_subquery()


_HEADS = _heads_query()
