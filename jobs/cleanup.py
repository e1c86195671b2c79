"""Drops the texts of old articles, where the operator asked for it; what is known stays known for ever."""

from datetime import timedelta

from jobs.clock import Clock
from storage import articles
from storage.database import Database

EVERY = timedelta(hours=1)
#: Articles a transaction, so that nothing else waits for long.
AT_ONCE = 500


async def clean_up(db: Database, clock: Clock, retention: timedelta) -> int:
    """Drop texts older than `retention`, nothing where that is zero; how many."""
    if not retention:
        return 0
    dropped, before = 0, clock.now() - retention
    while count := await db.run(articles.drop_texts, before, AT_ONCE):
        dropped += count
    return dropped
