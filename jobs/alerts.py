"""Alerts operators to a feed that is gone, fails for long, or is silent for longer than usual.

A dead source must not look like a quiet news day. Each alarm is reported once, and once more when it is over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from jobs.clock import Clock
from jobs.ingest.feed_health import silent_for
from storage import entries, feeds
from storage.database import Connection, Database
from storage.delivery.planning import add_notice
from storage.records import Feed, FeedState

CHECK_INTERVAL = timedelta(minutes=5)
#: Operators are not told of a feed that fails for less than this, ...
FAILING_AFTER = timedelta(hours=1)
#: ... or fewer times in a row.
MIN_FAILURES = 3


async def check_feeds(db: Database, clock: Clock, operators: Sequence[int]) -> int:
    """Check every feed's health; how many notices were made."""
    return await db.run(_check_feeds, operators, clock.now())


def _check_feeds(connection: Connection, operators: Sequence[int], now: datetime) -> int:
    notices = 0
    for feed in feeds.list_all(connection):
        arrivals = entries.arrival_times(connection, feed.id)
        alarm = feed_alarm(feed, arrivals, now)
        if alarm != feed.alarm:
            feeds.update_columns(connection, feed.id, alarm=alarm)
            add_notice(connection, operators, describe_feed_alarm(feed, alarm, arrivals), now)
            notices += 1
    return notices


def feed_alarm(feed: Feed, arrivals: Sequence[datetime], now: datetime) -> str:
    """What is wrong with a feed: "gone", "failing", "silent", or "" if nothing; pure."""
    if feed.state is FeedState.GONE:
        return "gone"
    if feed.state is not FeedState.ACTIVE:
        return ""
    last_success = feed.succeeded_at
    if feed.failures >= MIN_FAILURES and (last_success is None or now - last_success > FAILING_AFTER):
        return "failing"
    return "silent" if silent_for(arrivals, now) is not None else ""


def describe_feed_alarm(feed: Feed, alarm: str, arrivals: Sequence[datetime]) -> str:
    """The notice about a feed."""
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
