"""Entries: which feed shows which article, where in it, and since when."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import record
from storage.records import Entry
from storage.schema import entries as entries_table


def entries(connection: Connection, article_id: int) -> list[Entry]:
    """Where the article was seen: one entry a feed, the first to show it first."""
    query = select(entries_table).where(entries_table.c.article_id == article_id)
    ordered = query.order_by(entries_table.c.seen_at, entries_table.c.feed_id)
    return [record(Entry, row) for row in connection.execute(ordered)]


def of_feed(connection: Connection, feed_id: int, article_ids: Sequence[int]) -> dict[int, Entry]:
    """The feed's entries of these articles, by article."""
    found: dict[int, Entry] = {}
    for start in range(0, len(article_ids), 900):
        some = list(article_ids[start : start + 900])
        query = select(entries_table).where(
            entries_table.c.feed_id == feed_id, entries_table.c.article_id.in_(some)
        )
        found |= {row.article_id: record(Entry, row) for row in connection.execute(query)}
    return found


def last_look(connection: Connection, feed_id: int) -> list[Entry]:
    """The entries that the feed's newest stored look had, in that look's order."""
    column = entries_table.c
    newest = select(func.max(column.last_seen_at)).where(column.feed_id == feed_id).scalar_subquery()
    query = select(entries_table).where(column.feed_id == feed_id, column.last_seen_at == newest)
    return [record(Entry, row) for row in connection.execute(query.order_by(column.position))]


def keep(connection: Connection, looked_at: Sequence[Entry]) -> None:
    """Write these entries: new ones, and what the newest look says of those that are there."""
    if not looked_at:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    query = dialect.insert(entries_table)
    said = {name: query.excluded[name] for name in ("content_hash", "last_seen_at", "position", "changes")}
    query = query.on_conflict_do_update(index_elements=["feed_id", "article_id"], set_=said)
    connection.execute(query, [asdict(entry) for entry in looked_at])
