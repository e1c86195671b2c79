"""Entries: which feed shows which article, where in it, and since when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter

from sqlalchemy import Connection, Executable, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.feeds import UNLISTED
from storage.records import Entry, FeedState
from storage.rows import to_records
from storage.schema import entries as entries_table
from storage.schema import feeds

#: `last_seen_at` of an article that was pushed and in no update yet: before all updates.
NO_UPDATE = datetime(1970, 1, 1, tzinfo=UTC)

_FIELDS = tuple(field.name for field in fields(Entry))
_entry_values = attrgetter(*_FIELDS)
_LAST_SEEN_QUERY = select(func.max(entries_table.c.last_seen_at)).where(
    entries_table.c.feed_id == bindparam("feed")
)
#: Built once: every update runs it, and building costs more than running.
_LATEST_ENTRIES_QUERY = (
    select(entries_table)
    .where(entries_table.c.feed_id == bindparam("feed"))
    .where(entries_table.c.last_seen_at == _LAST_SEEN_QUERY.scalar_subquery())
    .order_by(entries_table.c.position)
)


def list_entries(connection: Connection, article_id: int) -> list[Entry]:
    """Where the article was seen: one entry a feed, the first to show it first."""
    query = select(entries_table).where(entries_table.c.article_id == article_id)
    ordered = query.order_by(entries_table.c.seen_at, entries_table.c.feed_id)
    return to_records(Entry, connection.execute(ordered))


def entries_of_feed(connection: Connection, feed_id: int, article_ids: Sequence[int]) -> dict[int, Entry]:
    """The feed's entries of these articles, by article."""
    found: dict[int, Entry] = {}
    for start in range(0, len(article_ids), 900):
        some = list(article_ids[start : start + 900])
        query = select(entries_table).where(
            entries_table.c.feed_id == feed_id, entries_table.c.article_id.in_(some)
        )
        found |= {entry.article_id: entry for entry in to_records(Entry, connection.execute(query))}
    return found


def latest_entries(connection: Connection, feed_id: int) -> list[Entry]:
    """The entries of the feed's last stored update, in its order."""
    return to_records(Entry, connection.execute(_LATEST_ENTRIES_QUERY, {"feed": feed_id}))


def has_entries(connection: Connection, feed_id: int) -> bool:
    """Whether the feed ever had an article; if not, this is its first update."""
    query = select(entries_table.c.article_id).where(entries_table.c.feed_id == feed_id).limit(1)
    return connection.execute(query).first() is not None


@dataclass(frozen=True, slots=True)
class EntryForAuthority:
    """An article's entry in one feed, with what decides which feed has authority."""

    feed_id: int
    address: str  #: the feed's, as the operator wrote it
    listed: bool  #: FEED_URLS names it
    backlog: bool  #: it was in the feed's first update
    seen_at: datetime
    in_last_update: bool  #: the feed's last update had it


def entries_for_authority(connection: Connection, article_id: int) -> list[EntryForAuthority]:
    """The article in every feed that ever showed it, the first to show it first."""
    found = list_entries(connection, article_id)
    query = select(feeds.c.id, feeds.c.url, feeds.c.state, feeds.c.last_error)
    rows = connection.execute(query.where(feeds.c.id.in_([entry.feed_id for entry in found])))
    about = {row.id: row for row in rows}
    return [
        EntryForAuthority(
            feed_id=entry.feed_id,
            address=about[entry.feed_id].url,
            listed=_is_feed_listed(about[entry.feed_id].state, about[entry.feed_id].last_error),
            backlog=entry.backlog,
            seen_at=entry.seen_at,
            in_last_update=is_in_last_update(connection, entry),
        )
        for entry in found
    ]


def _is_feed_listed(state: FeedState, reason: str) -> bool:
    return state is not FeedState.PAUSED or reason != UNLISTED


def is_in_last_update(connection: Connection, entry: Entry) -> bool:
    """Whether its feed's last update had it."""
    newest = connection.execute(_LAST_SEEN_QUERY, {"feed": entry.feed_id}).scalar_one()
    return bool(newest == entry.last_seen_at != NO_UPDATE)


def clear_content_hashes(connection: Connection, article_id: int, feed_ids: Collection[int]) -> None:
    """Clear these feeds' content hashes of the article: their next content counts as a change."""
    mine = (entries_table.c.article_id == article_id) & entries_table.c.feed_id.in_(feed_ids)
    connection.execute(update(entries_table).where(mine).values(content_hash=b""))


def arrival_times(connection: Connection, feed_id: int, count: int = 100) -> list[datetime]:
    """When the feed's newest articles were first seen, the newest first."""
    query = select(entries_table.c.seen_at).where(entries_table.c.feed_id == feed_id)
    return list(connection.execute(query.order_by(entries_table.c.seen_at.desc()).limit(count)).scalars())


def save_entries(connection: Connection, looked_at: Sequence[Entry]) -> None:
    """Insert new entries, and update existing ones from the last update."""
    if not looked_at:
        return
    rows = [dict(zip(_FIELDS, _entry_values(entry), strict=True)) for entry in looked_at]
    connection.execute(_upsert_query(connection.dialect.name), rows)


@cache
def _upsert_query(dialect: str) -> Executable:
    query = (postgresql if dialect == "postgresql" else sqlite).insert(entries_table)
    names = ("content_hash", "last_seen_at", "position", "changes", "updated_at")
    said = {name: query.excluded[name] for name in names}
    kept: Executable = query.on_conflict_do_update(index_elements=["feed_id", "article_id"], set_=said)
    return kept
