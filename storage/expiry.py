"""What waited too long to be news: owed posts of articles older than they may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage.claims import OWED
from storage.records import DeliveryState, Lane, PostKind
from storage.schema import articles, deliveries, posts

#: Deliveries to readers looked at, or skipped, in one transaction.
SLICE = 1000
TOO_OLD = "too old by the time that it could be sent"


@dataclass(frozen=True, slots=True)
class Late:
    """A channel's delivery that came too late."""

    delivery_id: int
    chat_id: int
    edition: str
    article_id: int


def _too_old(published_before: datetime, owed_before: datetime, public: bool) -> list[object]:
    return [
        OWED,
        deliveries.c.lane == Lane.ROUTINE,
        deliveries.c.public == public,
        deliveries.c.not_before < owed_before,
        deliveries.c.message_id.is_(None),
        posts.c.kind == PostKind.ARTICLE,
        articles.c.published_at < published_before,
    ]


def late(connection: Connection, published_before: datetime, owed_before: datetime) -> list[Late]:
    """Channels' deliveries, due since before `owed_before`, of articles that are too old by now."""
    query = (
        select(deliveries.c.id, deliveries.c.chat_id, posts.c.edition, posts.c.article_id)
        .join(posts, posts.c.id == deliveries.c.post_id)
        .join(articles, articles.c.id == posts.c.article_id)
        .where(*_too_old(published_before, owed_before, True))  # type: ignore[arg-type]
        .order_by(deliveries.c.not_before, deliveries.c.id)
        .limit(SLICE)
    )
    return [Late(*row) for row in connection.execute(query)]


def skip(connection: Connection, delivery_ids: Sequence[int]) -> None:
    """These are not sent any more."""
    owed = deliveries.c.id.in_(list(delivery_ids)) & (deliveries.c.state == DeliveryState.OWED)
    skipped = update(deliveries).where(owed).values(state=DeliveryState.SKIPPED, error=TOO_OLD)
    connection.execute(skipped)


def skip_private(connection: Connection, published_before: datetime, owed_before: datetime) -> int:
    """A slice of the readers' deliveries that are too old; how many. The longest owed are looked at first."""
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
        .limit(SLICE)
    )
    old = [
        row.id
        for row in connection.execute(first)
        if row.kind is PostKind.ARTICLE and row.published_at < published_before
    ]
    if old:
        skip(connection, old)
    return len(old)
