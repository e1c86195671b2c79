"""The parts that look at feeds, for the whole house and for commands that do no more than look."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from bot.config import Settings
from bot.config.policies import fetching
from jobs.clock import Clock
from jobs.config import Pictures
from jobs.ingest.content.image_probe import picture_trouble
from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.page.fetch import read_article_page
from jobs.ingest.parse.parser import Parser
from jobs.ingest.update_feed import Ingest
from jobs.ingest.worker_pool import Children
from jobs.scheduler import next_time
from storage.database import Database, open_database


@asynccontextmanager
async def looking(
    settings: Settings, clock: Clock, database: Database | None = None
) -> AsyncIterator[Ingest]:
    """The parts, closed at the end; without a database nothing is kept."""
    if database is None:
        database = open_database("sqlite://")
    async with Fetcher(fetching(settings), clock) as fetcher:
        children = Children(clock)
        try:
            yield ingest_of(settings, clock, database, fetcher, Parser(children), lambda: None)
        finally:
            await children.close()


def ingest_of(
    settings: Settings,
    clock: Clock,
    db: Database,
    fetcher: Fetcher,
    parser: Parser,
    stored: Callable[[], None],
) -> Ingest:
    """Ingest by the operator's settings; `stored` is called after articles were stored."""
    return Ingest(
        db=db,
        fetcher=fetcher,
        parser=parser,
        clock=clock,
        policy=fetching(settings),
        stored=stored,
        next_time=lambda after: next_time(settings.fetch_schedule, settings.timezone, after),
        chance=random.random,
        read_page=partial(read_article_page, fetcher, parser.children),
        judge_picture=partial(picture_trouble, fetcher) if settings.pictures is Pictures.PHOTO else None,
    )
