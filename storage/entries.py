"""Entries: which feed shows which article, where in it, and since when."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from operator import attrgetter

from sqlalchemy import Connection, Executable, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.records import Entry
from storage.rows import records
from storage.schema import entries as entries_table

_FIELDS = tuple(field.name for field in fields(Entry))
_values = attrgetter(*_FIELDS)
_NEWEST = select(func.max(entries_table.c.last_seen_at)).where(entries_table.c.feed_id == bindparam("feed"))
#: Made once: each look asks, and making it costs more than the answer.
_LAST_LOOK = (
    select(entries_table)
    .where(entries_table.c.feed_id == bindparam("feed"))
    .where(entries_table.c.last_seen_at == _NEWEST.scalar_subquery())
    .order_by(entries_table.c.position)
)


def entries(connection: Connection, article_id: int) -> list[Entry]:
    """Where the article was seen: one entry a feed, the first to show it first."""
    query = select(entries_table).where(entries_table.c.article_id == article_id)
    ordered = query.order_by(entries_table.c.seen_at, entries_table.c.feed_id)
    return records(Entry, connection.execute(ordered))


def of_feed(connection: Connection, feed_id: int, article_ids: Sequence[int]) -> dict[int, Entry]:
    """The feed's entries of these articles, by article."""
    found: dict[int, Entry] = {}
    for start in range(0, len(article_ids), 900):
        some = list(article_ids[start : start + 900])
        query = select(entries_table).where(
            entries_table.c.feed_id == feed_id, entries_table.c.article_id.in_(some)
        )
        found |= {entry.article_id: entry for entry in records(Entry, connection.execute(query))}
    return found


def last_look(connection: Connection, feed_id: int) -> list[Entry]:
    """The entries that the feed's newest stored look had, in that look's order."""
    return records(Entry, connection.execute(_LAST_LOOK, {"feed": feed_id}))


def has_any(connection: Connection, feed_id: int) -> bool:
    """Whether the feed ever showed an article: if not, this is its first look."""
    query = select(entries_table.c.article_id).where(entries_table.c.feed_id == feed_id).limit(1)
    return connection.execute(query).first() is not None


def speaker(connection: Connection, article_id: int) -> int | None:
    """The feed whose words the article has: the first to show it of those that still do."""
    shown = [one for one in entries(connection, article_id) if _is_shown(connection, one)]
    return shown[0].feed_id if shown else None


def _is_shown(connection: Connection, entry: Entry) -> bool:
    newest = connection.execute(_NEWEST, {"feed": entry.feed_id}).scalar_one()
    return bool(newest == entry.last_seen_at)


def arrivals(connection: Connection, feed_id: int, count: int = 100) -> list[datetime]:
    """When the feed's newest articles were first seen, the newest first: its habit."""
    query = select(entries_table.c.seen_at).where(entries_table.c.feed_id == feed_id)
    return list(connection.execute(query.order_by(entries_table.c.seen_at.desc()).limit(count)).scalars())


def keep(connection: Connection, looked_at: Sequence[Entry]) -> None:
    """Write these entries: new ones, and what the newest look says of those that are there."""
    if not looked_at:
        return
    rows = [dict(zip(_FIELDS, _values(entry), strict=True)) for entry in looked_at]
    connection.execute(_upsert(connection.dialect.name), rows)


@cache
def _upsert(dialect: str) -> Executable:
    query = (postgresql if dialect == "postgresql" else sqlite).insert(entries_table)
    said = {name: query.excluded[name] for name in ("content_hash", "last_seen_at", "position", "changes")}
    kept: Executable = query.on_conflict_do_update(index_elements=["feed_id", "article_id"], set_=said)
    return kept
