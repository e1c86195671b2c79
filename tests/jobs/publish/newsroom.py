"""A small newsroom in a database: the vocabulary of the delivery tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

from sqlalchemy import insert, select

from storage import articles, chats, feeds, subscriptions
from storage.database import Connection
from storage.delivery.fanout import fan_out_slice
from storage.delivery.planning import NewPost, add_post
from storage.records import Article, Chat, ChatKind, Delivery, DeliveryState, Lane, PostKind
from storage.rows import to_record
from storage.schema import deliveries, entries
from storage.schema import posts as posts_table

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FEED = "https://news.example/feed"
CHANNEL = -1001000000001


def article(
    connection: Connection,
    title: str = "River rises",
    *,
    now: datetime = NOW,
    published: datetime | None = None,
    feed: str = FEED,
    sections: tuple[str, ...] = (),
    summary: str = "It rises.",
    backfill: bool = False,
    image: str = "",
) -> Article:
    """A new article in a feed, not yet planned."""
    number = crc32(title.encode())
    known = feeds.get_by_url(connection, feed)
    if known is None:
        feeds.register_urls(connection, [*(each.url for each in feeds.list_all(connection)), feed], now)
        known = feeds.get_by_url(connection, feed)
    assert known
    draft = articles.ArticleDraft(
        url=f"https://news.example/{number}",
        title=title,
        summary=summary,
        sections=sections,
        published_at=published or now,
        backfill=backfill,
        image_url=image,
        feed_id=known.id,
    )
    [article_id] = articles.add(connection, [draft], now)
    row = {"feed_id": known.id, "article_id": article_id, "content_hash": b"", "seen_at": now}
    connection.execute(insert(entries), [{**row, "last_seen_at": now}])
    return _there(articles.get(connection, article_id))


def correct(connection: Connection, known: Article, title: str, now: datetime = NOW) -> Article:
    """The article under a new headline."""
    draft = articles.ArticleDraft(url="", title=title, summary="", published_at=known.published_at)
    articles.revise(connection, known.id, draft, ["title"], now)
    return _there(articles.get(connection, known.id))


def chat(
    connection: Connection, chat_id: int = CHANNEL, kind: ChatKind = ChatKind.CHANNEL, **known: object
) -> Chat:
    """A chat that the bot knows."""
    return chats.upsert_chat(connection, replace(chats.empty_chat(chat_id, kind, NOW), **known))  # type: ignore[arg-type]


def followers(connection: Connection, chat_ids: Sequence[int], now: datetime = NOW) -> None:
    """Readers who asked for everything, at once."""
    for chat_id in chat_ids:
        chat(connection, chat_id, ChatKind.PRIVATE)
        subscriptions.subscribe(connection, chat_id, subscriptions.EVERYTHING, subscriptions.AT_ONCE, now)


def post(
    connection: Connection,
    *chat_ids: int,
    lane: Lane = Lane.ROUTINE,
    about: Article | None = None,
    now: datetime = NOW,
    not_before: datetime | None = None,
    readers: bool = False,
    edition: str = "",
) -> int:
    """A post owed to these chats; its number."""
    hour = not_before or now
    new = NewPost(
        kind=PostKind.ARTICLE if about else PostKind.NOTICE,
        lane=lane,
        not_before=hour,
        edition=edition,
        article_id=about.id if about else None,
        text="" if about else "words",
        chats=tuple((chat_id, hour) for chat_id in chat_ids),
        followers=readers,
    )
    return add_post(connection, new, now)


def spread_all(connection: Connection, now: datetime = NOW, size: int = 1000) -> int:
    """Every slice; how many there were."""
    slices = 0
    while fan_out_slice(connection, now, size=size):
        slices += 1
    return slices


def every_delivery(connection: Connection) -> list[Delivery]:
    """The whole outbox, in order of owing."""
    return [
        to_record(Delivery, row) for row in connection.execute(select(deliveries).order_by(deliveries.c.id))
    ]


def states(connection: Connection) -> list[DeliveryState]:
    """The outbox's states, in order of owing."""
    return [delivery.state for delivery in every_delivery(connection)]


def post_count(connection: Connection) -> int:
    return len(connection.execute(select(posts_table.c.id)).all())


def later(**time: float) -> datetime:
    return NOW + timedelta(**time)


def _there(found: Article | None) -> Article:
    assert found
    return found
