"""Drops the texts of old articles, if the operator wants that, and old records of who was sent what.

The identities of articles are kept for ever.
"""

from datetime import timedelta

from jobs.clock import Clock
from storage import articles
from storage.database import Database
from storage.delivery import retention as delivery_retention

CLEANUP_INTERVAL = timedelta(hours=1)
#: Articles in one transaction, so that nothing else waits for long.
BATCH_SIZE = 500


async def drop_old_texts(db: Database, clock: Clock, retention: timedelta) -> int:
    """Drop texts older than `retention`, none if that is zero; how many."""
    if not retention:
        return 0
    dropped, before = 0, clock.now() - retention
    while count := await db.run(articles.drop_texts, before, BATCH_SIZE):
        dropped += count
    return dropped


async def drop_old_alerts(db: Database, clock: Clock, kept_for: timedelta) -> int:
    """Delete readers' deliveries that ended more than `kept_for` ago; how many.

    Until then a correction still reaches the alert.
    """
    dropped, before = 0, clock.now() - kept_for
    place: int | None = 0
    while place is not None:
        count, place = await db.run(delivery_retention.delete_ended, before, place)
        dropped += count
    db.erasure.is_needed = db.erasure.is_needed or dropped > 0
    return dropped


def alert_cleanup_interval(retention: timedelta) -> timedelta:
    """How often alerts are dropped: hourly, or more often if they are kept for less than ten hours."""
    return min(CLEANUP_INTERVAL, max(retention / 10, timedelta(seconds=1)))
