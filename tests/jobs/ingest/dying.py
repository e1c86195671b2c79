"""A process that updates a feed and is killed at its n-th statement: `python -m tests.jobs.ingest.dying`."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import event

from jobs.clock import SystemClock
from jobs.config import FetchPolicy
from jobs.ingest import pipeline
from jobs.ingest.http.results import FetchOutcome
from jobs.ingest.parse.feed import parse_feed
from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from jobs.ingest.update_feed import IngestContext
from storage import feeds
from storage.database import open_database
from tests.jobs.ingest.newsroom import FEED, fetched


class Site:
    def __init__(self, body: bytes) -> None:
        self.body = body

    async def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> FetchOutcome:
        return fetched(url, self.body)

    async def parse(self, body: bytes, charset: str, url: str) -> ParsedFeed | ParseFailed:
        return parse_feed(body, charset, url)

    async def find_feeds(self, page: bytes, url: str, charset: str) -> Sequence[str]:
        return ()


async def update_once(database: str, document: bytes, last: int) -> None:
    db, clock, statements = open_database(database), SystemClock(), count(1)
    site = Site(document)
    ingest = IngestContext(
        db=db,
        fetcher=site,
        parser=site,
        clock=clock,
        policy=FetchPolicy(user_agent="test", backfill=99),
        on_stored=lambda: None,
        next_time=lambda now: now + timedelta(minutes=2),
        random=lambda: 0.5,
    )
    await db.run(feeds.register_urls, [FEED], clock.now())

    def die(*_about: object) -> None:
        if next(statements) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(db.engine, "before_cursor_execute", die)
    event.listen(db.engine, "commit", die)
    feed = await db.read(feeds.get_by_url, FEED)
    assert feed is not None
    await pipeline.update_feeds(ingest, [feed])


if __name__ == "__main__":
    asyncio.run(update_once(sys.argv[1], Path(sys.argv[2]).read_bytes(), int(sys.argv[3])))
