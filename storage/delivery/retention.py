"""Retention: deliveries that waited too long to be sent, and private ones that ended long ago."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, text, update

from storage.delivery.claims import OPEN, OWED
from storage.records import DeliveryState, Lane, PostKind
from storage.schema import articles, deliveries, posts

#: Deliveries to readers read, or skipped, in one transaction.
SLICE_SIZE = 1000
#: Final states, unless the article is corrected.
ENDED = frozenset(
    {
        DeliveryState.SETTLED,
        DeliveryState.SKIPPED,
        DeliveryState.REFUSED,
        DeliveryState.REMOVED,
    }
)
TOO_OLD = "too old by the time that it could be sent"
LISTED_LATER = "what it lists comes in a later post"
PERHAPS_SHOWN = "sent several times without an answer: perhaps shown, and too old to be repeated"

#: Sends that may have succeeded.
_UNSURE = (OPEN, deliveries.c.state == DeliveryState.UNCLEAR, deliveries.c.message_id.is_(None))


@dataclass(frozen=True, slots=True)
class ExpiredDelivery:
    """A delivery to a channel of an article that is too old by now."""

    delivery_id: int
    chat_id: int
    edition: str
    article_id: int


def _expired_conditions(published_before: datetime, owed_before: datetime, public: bool) -> list[object]:
    return [
        OWED,
        deliveries.c.lane == Lane.ROUTINE,
        deliveries.c.public == public,
        deliveries.c.not_before < owed_before,
        deliveries.c.message_id.is_(None),
        posts.c.kind == PostKind.ARTICLE,
        articles.c.published_at < published_before,
    ]


def delete_ended(connection: Connection, before: datetime, after_id: int = 0) -> tuple[int, int | None]:
    """Delete a slice of the readers' deliveries that ended before then.

    Reads those with ids above `after_id`; how many were deleted, and the next `after_id`, None if
    the rest is newer.
    """
    query = select(deliveries.c.id, deliveries.c.not_before, deliveries.c.settled_at, deliveries.c.state)
    mine = query.where(deliveries.c.public.is_(False), deliveries.c.id > after_id)
    page = connection.execute(mine.order_by(deliveries.c.id).limit(SLICE_SIZE)).all()
    old = [row.id for row in page if row.state in ENDED and (row.settled_at or row.not_before) < before]
    if old:
        connection.execute(delete(deliveries).where(deliveries.c.id.in_(old)))
    over = len(page) < SLICE_SIZE or all(row.not_before >= before for row in page)
    return len(old), None if over else page[-1].id


def list_expired(
    connection: Connection, published_before: datetime, owed_before: datetime
) -> list[ExpiredDelivery]:
    """Channels' deliveries, due since before `owed_before`, of articles that are too old by now."""
    query = (
        select(deliveries.c.id, deliveries.c.chat_id, posts.c.edition, posts.c.article_id)
        .join(posts, posts.c.id == deliveries.c.post_id)
        .join(articles, articles.c.id == posts.c.article_id)
        .where(*_expired_conditions(published_before, owed_before, True))  # type: ignore[arg-type]
        .order_by(deliveries.c.not_before, deliveries.c.id)
        .limit(SLICE_SIZE)
    )
    return [ExpiredDelivery(*row) for row in connection.execute(query)]


def skip_deliveries(connection: Connection, delivery_ids: Sequence[int]) -> None:
    """Skip these as too old."""
    owed = deliveries.c.id.in_(list(delivery_ids)) & (deliveries.c.state == DeliveryState.OWED)
    skipped = update(deliveries).where(owed).values(state=DeliveryState.SKIPPED, error=TOO_OLD)
    connection.execute(skipped)


def skip_repeated(connection: Connection, owed_before: datetime) -> None:
    """Skip repeated sends of posts from before then that are still unclear."""
    old = select(posts.c.id).where(posts.c.id == deliveries.c.post_id, posts.c.created_at < owed_before)
    in_vain = update(deliveries).where(*_UNSURE, deliveries.c.repeats > 0, old.exists())
    connection.execute(in_vain.values(state=DeliveryState.SKIPPED, error=PERHAPS_SHOWN))


def count_repeated(connection: Connection, since: datetime) -> int:
    """How many unclear sends to readers since then were repeated, or will be."""
    lately = [deliveries.c.public.is_(False), deliveries.c.claimed_at >= since]
    unsure = select(func.count()).select_from(deliveries).where(*_UNSURE, *lately)
    again = (
        select(func.count())
        .select_from(deliveries)
        .where(text("deliveries.repeats > 0"), deliveries.c.state != DeliveryState.UNCLEAR, *lately)
    )
    return connection.execute(unsure).scalar_one() + connection.execute(again).scalar_one()


def advance_lookups(connection: Connection, latest: datetime) -> None:
    """Let lookups of unclear sends be due by then."""
    later = update(deliveries).where(*_UNSURE, deliveries.c.look_at > latest)
    connection.execute(later.values(look_at=latest))


def cancel_catch_ups(connection: Connection, edition: str, chat_id: int) -> list[int]:
    """Skip catch-up posts that were not sent to a chat yet; the ids of the articles that they list."""
    query = (
        select(deliveries.c.id, posts.c.text)
        .join(posts, posts.c.id == deliveries.c.post_id)
        .where(
            OWED,
            deliveries.c.chat_id == chat_id,
            deliveries.c.attempts == 0,
            posts.c.kind == PostKind.CATCH_UP,
            posts.c.edition == edition,
        )
        .order_by(deliveries.c.id)
    )
    found = connection.execute(query).all()
    again = update(deliveries).where(deliveries.c.id.in_([row.id for row in found]))
    connection.execute(again.values(state=DeliveryState.SKIPPED, error=LISTED_LATER))
    return [int(number) for row in found for number in row.text.split()]


def skip_expired_private(connection: Connection, published_before: datetime, owed_before: datetime) -> int:
    """Skip a slice of the readers' deliveries that are too old, the longest owed first; how many."""
    first = (
        select(deliveries.c.id, posts.c.kind, articles.c.published_at)
        .join(posts, posts.c.id == deliveries.c.post_id)
        .outerjoin(articles, articles.c.id == posts.c.article_id)
        .where(
            OWED,
            deliveries.c.lane == Lane.ROUTINE,
            deliveries.c.public.is_(False),
            deliveries.c.not_before < owed_before,
            deliveries.c.message_id.is_(None),
        )
        .order_by(deliveries.c.not_before, deliveries.c.id)
        .limit(SLICE_SIZE)
    )
    old = [
        row.id
        for row in connection.execute(first)
        if row.kind is PostKind.ARTICLE and row.published_at < published_before
    ]
    if old:
        skip_deliveries(connection, old)
    return len(old)
