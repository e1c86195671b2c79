"""Tells the operators what needs them: a feed that is gone, fails for long, or is silent beyond its habit.

A dead source must not look like a quiet news day. Each is told once, and once more when it is over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from jobs.clock import Clock
from jobs.ingest.feed_health import silent
from storage import entries, feeds
from storage.database import Connection, Database
from storage.delivery.planning import notice
from storage.records import Feed, FeedState

EVERY = timedelta(minutes=5)
#: A feed that fails for less than this is nobody's concern yet.
PATIENCE = timedelta(hours=1)
#: And so many looks in a row.
FAILURES = 3


async def watch(db: Database, clock: Clock, operators: Sequence[int]) -> int:
    """Look at every feed's health; how many notices that made."""
    return await db.run(_watch, operators, clock.now())


def _watch(connection: Connection, operators: Sequence[int], now: datetime) -> int:
    told = 0
    for feed in feeds.every(connection):
        arrivals = entries.arrivals(connection, feed.id)
        alarm = alarm_of(feed, arrivals, now)
        if alarm != feed.alarm:
            feeds.change(connection, feed.id, alarm=alarm)
            notice(connection, operators, words(feed, alarm, arrivals), now)
            told += 1
    return told


def alarm_of(feed: Feed, arrivals: Sequence[datetime], now: datetime) -> str:
    """What is wrong with a feed: "gone", "failing", "silent" or ""; pure."""
    if feed.state is FeedState.GONE:
        return "gone"
    if feed.state is not FeedState.ACTIVE:
        return ""
    well = feed.succeeded_at
    if feed.failures >= FAILURES and (well is None or now - well > PATIENCE):
        return "failing"
    return "silent" if silent(arrivals, now) is not None else ""


def words(feed: Feed, alarm: str, arrivals: Sequence[datetime]) -> str:
    """The notice, in the operators' language of sentences with facts in them."""
    newest = f"{max(arrivals):%Y-%m-%d %H:%M} UTC" if arrivals else "never"
    match alarm:
        case "gone":
            return f"⚠️ {feed.url} is gone for good (410) and is not looked at any more. {feed.last_error}"
        case "failing":
            return f"⚠️ {feed.url} cannot be read, {feed.failures} looks in a row. {feed.last_error}"
        case "silent":
            return f"⚠️ {feed.url} has brought nothing new since {newest}, longer than it ever did."
        case _:
            return f"✅ {feed.url} is well again."
