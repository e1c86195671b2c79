"""Feeds: the addresses that are fetched on a schedule, and their state."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, Executable, bindparam, insert, or_, select, update

from storage.records import Feed, FeedState
from storage.rows import to_record, to_records
from storage.schema import feeds

#: The error of a feed that was paused because the settings no longer name it.
UNLISTED = "No longer in FEED_URLS."
#: The parameter that says which feed; no column has its name.
_FEED_ID_PARAMETER = "feed"
_GET_QUERY = select(feeds).where(feeds.c.id == bindparam(_FEED_ID_PARAMETER))


def register_urls(connection: Connection, urls: Sequence[str], now: datetime) -> None:
    """Make these, as the operator wrote them, the active feeds; a new one is due at once.

    A feed that is missing from the list is paused and keeps its state; listed again, it is resumed.
    """
    present = {feed.url: feed for feed in list_all(connection)}
    new = [url for url in dict.fromkeys(urls) if url not in present]
    if new:
        rows = [{"url": url, "fetch_url": url, "next_fetch_at": now} for url in new]
        connection.execute(insert(feeds), rows)
    for url, feed in present.items():
        if url not in urls and feed.state is FeedState.ACTIVE:
            update_columns(connection, feed.id, state=FeedState.PAUSED, last_error=UNLISTED)
        elif url in urls and feed.state is FeedState.PAUSED and feed.last_error == UNLISTED:
            update_columns(connection, feed.id, state=FeedState.ACTIVE, last_error="")


def update_columns(connection: Connection, feed_id: int, **columns: object) -> None:
    """Write these columns, and no others, of one feed."""
    update_many(connection, {feed_id: columns})


def update_many(connection: Connection, columns: Mapping[int, Mapping[str, object]]) -> None:
    """Write these columns, and no others, of each feed, with one statement for each set of columns."""
    rows = [(tuple(said), {_FEED_ID_PARAMETER: number, **said}) for number, said in columns.items() if said]
    for names, some in groupby(sorted(rows, key=itemgetter(0)), key=itemgetter(0)):
        connection.execute(_update_query(names), [row for _, row in some])


@cache
def _update_query(names: tuple[str, ...]) -> Executable:
    return (
        update(feeds)
        .where(feeds.c.id == bindparam(_FEED_ID_PARAMETER))
        .values({name: bindparam(name) for name in names})
    )


def get(connection: Connection, feed_id: int) -> Feed | None:
    """The feed, or None."""
    row = connection.execute(_GET_QUERY, {_FEED_ID_PARAMETER: feed_id}).first()
    return to_record(Feed, row) if row else None


def get_addresses(connection: Connection, feed_ids: Iterable[int]) -> dict[int, str]:
    """The addresses of these feeds, as the operator wrote them."""
    query = select(feeds.c.id, feeds.c.url).where(feeds.c.id.in_(list(feed_ids)))
    return {row.id: row.url for row in connection.execute(query)}


def get_by_url(connection: Connection, url: str) -> Feed | None:
    """The feed that the operator wrote as `url`, or that is fetched from there."""
    return _get_first(connection, feeds.c.url == url) or _get_first(connection, feeds.c.fetch_url == url)


def list_due(connection: Connection, now: datetime) -> list[Feed]:
    """The active feeds whose next update is due, the longest overdue first."""
    query = select(feeds).where(feeds.c.state == FeedState.ACTIVE, feeds.c.next_fetch_at <= now)
    rows = connection.execute(query.order_by(feeds.c.next_fetch_at, feeds.c.id))
    return to_records(Feed, rows)


def begin_push_update(connection: Connection, feed_id: int, now: datetime, apart: timedelta) -> bool:
    """Whether a push may start an update now; if the last such one is too recent, one is scheduled."""
    mine = feeds.c.id == feed_id
    near = feeds.c.push_looked_at > now - apart
    free = update(feeds).where(mine, or_(feeds.c.push_looked_at.is_(None), ~near)).values(push_looked_at=now)
    if connection.execute(free).rowcount:
        return True
    feed = get(connection, feed_id)
    if feed and feed.push_looked_at:
        update_columns(
            connection, feed_id, next_fetch_at=min(feed.next_fetch_at, feed.push_looked_at + apart)
        )
    return False


def list_all(connection: Connection) -> list[Feed]:
    """All feeds, in the order in which they were added."""
    return to_records(Feed, connection.execute(select(feeds).order_by(feeds.c.id)))


def resume(connection: Connection, feed_ids: Iterable[int], now: datetime) -> None:
    """Make feeds that were paused, gone or failing active and due now."""
    active = {"state": FeedState.ACTIVE, "next_fetch_at": now, "failures": 0, "last_error": ""}
    connection.execute(update(feeds).where(feeds.c.id.in_(list(feed_ids))).values(**active))


def _get_first(connection: Connection, condition: object) -> Feed | None:
    row = connection.execute(select(feeds).where(condition).limit(1)).first()  # type: ignore[arg-type]
    return to_record(Feed, row) if row else None
