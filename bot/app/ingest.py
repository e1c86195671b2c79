"""Builds the ingest pipeline, for the running bot and for commands that only update feeds."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from bot.config import Settings
from bot.config.policies import fetch_policy
from jobs.clock import Clock
from jobs.config import Pictures
from jobs.ingest.content.image_probe import probe_image
from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.page.fetch import fetch_article_page
from jobs.ingest.parse.parser import Parser
from jobs.ingest.update_feed import IngestContext
from jobs.ingest.worker_pool import WorkerPool
from jobs.scheduler import next_time
from storage.database import Database, open_database


@asynccontextmanager
async def open_ingest(
    settings: Settings, clock: Clock, database: Database | None = None
) -> AsyncIterator[IngestContext]:
    """Open the ingest pipeline, and close it at the end. Without a database nothing is stored."""
    if database is None:
        database = open_database("sqlite://")
    async with Fetcher(fetch_policy(settings), clock) as fetcher:
        workers = WorkerPool(clock)
        try:
            yield build_ingest(settings, clock, database, fetcher, Parser(workers), lambda: None)
        finally:
            await workers.close()


def build_ingest(
    settings: Settings,
    clock: Clock,
    db: Database,
    fetcher: Fetcher,
    parser: Parser,
    on_stored: Callable[[], None],
) -> IngestContext:
    """Build the ingest pipeline from the settings; `on_stored` is called after articles were stored."""
    return IngestContext(
        db=db,
        fetcher=fetcher,
        parser=parser,
        clock=clock,
        policy=fetch_policy(settings),
        on_stored=on_stored,
        next_time=lambda after: next_time(settings.fetch_schedule, settings.timezone, after),
        random=random.random,
        read_page=partial(fetch_article_page, fetcher, parser.workers),
        check_image=partial(probe_image, fetcher) if settings.pictures is Pictures.PHOTO else None,
    )
