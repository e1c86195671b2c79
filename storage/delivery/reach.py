"""Reach: how many chats show an article, or are about to, and so would be affected by a withdrawal."""

from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, or_, select, union

from storage.delivery import planning
from storage.delivery.fanout import select_followers
from storage.records import ChatKind, DeliveryState, Post, PostKind
from storage.rows import to_records
from storage.schema import chats, deliveries, posts

_IN_FLIGHT = (DeliveryState.OWED, DeliveryState.CLAIMED, DeliveryState.UNCLEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Chats, counted by their kind."""

    channels: int
    groups: int
    readers: int


def count_reach(connection: Connection, article_id: int, default_edition: str = "") -> Reach:
    """The chats that show the article or are owed it, including followers that have no delivery yet.

    Readers who chose no edition follow `default_edition`.
    """
    own = deliveries.c.post_id.in_(planning.post_ids_of_article(connection, article_id))
    shown = deliveries.c.message_id.is_not(None) & (deliveries.c.shown_revision > 0)
    stands = shown & deliveries.c.state.in_([DeliveryState.SETTLED, DeliveryState.REFUSED])
    there = select(deliveries.c.chat_id).where(own, or_(stands, deliveries.c.state.in_(_IN_FLIGHT)))
    to_come = _pending_followers(connection, article_id, default_edition)
    each = union(there, *to_come).subquery()
    query = select(chats.c.kind, func.count()).join(each, each.c.chat_id == chats.c.id)
    by_kind = {row[0]: row[1] for row in connection.execute(query.group_by(chats.c.kind))}
    return Reach(
        channels=by_kind.get(ChatKind.CHANNEL, 0),
        groups=by_kind.get(ChatKind.GROUP, 0) + by_kind.get(ChatKind.SUPERGROUP, 0),
        readers=by_kind.get(ChatKind.PRIVATE, 0),
    )


def _pending_followers(
    connection: Connection, article_id: int, default_edition: str
) -> list[Select[tuple[int]]]:
    """For each post that is being fanned out, its followers without a delivery."""
    pending = select(posts).where(
        posts.c.article_id == article_id,
        posts.c.kind == PostKind.ARTICLE,
        posts.c.followers_after.is_not(None),
    )
    found = to_records(Post, connection.execute(pending))
    return [
        select_followers(post, default_edition).with_only_columns(chats.c.id.label("chat_id"))
        for post in found
    ]
