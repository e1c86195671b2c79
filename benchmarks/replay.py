"""Replays snapshots of real feeds through Newswire's own feed updates, at the time of each snapshot."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.snapshots import Item, Snapshot, Truth, plain
from jobs.clock import SystemClock
from jobs.config import FetchPolicy
from jobs.ingest import pipeline
from jobs.ingest.http.results import Fetched, FetchOutcome
from jobs.ingest.parse.parser import Parser
from jobs.ingest.update_feed import FeedUpdate, IngestContext
from jobs.ingest.worker_pool import WorkerPool
from storage import articles, feeds
from storage.database import Database, open_database
from storage.migrations import migrate
from storage.records import Article, Revision


class ThenClock(SystemClock):
    """A clock at the time of the present snapshot."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@dataclass
class Archive:
    """A fetcher that returns the present snapshot."""

    body: bytes = b""

    async def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> FetchOutcome:
        return Fetched(
            url=url,
            final_url=url,
            permanent_url=url,
            body=self.body,
            content_type="",
            charset="",
            etag="",
            last_modified="",
            fresh_for=None,
            links=(),
        )


@dataclass
class Replay:
    """Newswire's ingest with its own database and clock."""

    db: Database
    parser: Parser
    archive: Archive = field(default_factory=Archive)
    clock: ThenClock = field(default_factory=lambda: ThenClock(datetime.now().astimezone()))

    async def look(self, snapshot: Snapshot) -> FeedUpdate:
        """Run one feed update at the time of the snapshot."""
        self.clock.moment = snapshot.moment
        self.archive.body = snapshot.path.read_bytes()
        address = address_of(snapshot.feed)
        feed = await self.db.read(feeds.get_by_url, address)
        if feed is None:
            known = [one.url for one in await self.db.read(feeds.list_all)]
            await self.db.run(feeds.register_urls, [*known, address], snapshot.moment)
            feed = await self.db.read(feeds.get_by_url, address)
            assert feed is not None
        return await pipeline.update_one_feed(self._ingest(), feed)

    def _ingest(self) -> IngestContext:
        return IngestContext(
            db=self.db,
            fetcher=self.archive,
            parser=self.parser,
            clock=self.clock,
            policy=FetchPolicy(user_agent="replay"),
            on_stored=lambda: None,
            next_time=lambda now: now + timedelta(minutes=2),
            random=lambda: 0.5,
        )


def address_of(feed: str) -> str:
    """The URL under which a feed is replayed."""
    return f"https://{feed}.example/feed"


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Replay]:
    """A replay over the database at `path`, which is created if missing."""
    db = open_database(f"sqlite:///{path}")
    db.run_sync(migrate)
    children = WorkerPool(SystemClock(), most=1, deadline=30)
    try:
        yield Replay(db, Parser(children))
    finally:
        await children.close()
        db.close()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The stored articles compared with the truth."""

    stories: int  #: published after each feed's first update
    repeated: int  #: articles of a story that already had one
    lost: int  #: stories without an article
    posted: int  #: articles that were not backfill of a first update
    wrongly_kept_back: int  #: news marked as backfill, and backfill posted


def judge(db: Database, looks: Sequence[Snapshot], read: dict[str, list[Item]]) -> Verdict:
    """Compare the articles in the database with the truth, story by story."""
    truth, first, late, begun = Truth(), set[int](), set[int](), set[str]()
    news, shown = set[int](), defaultdict[str, set[int]](set)
    for look in looks:
        stories = {truth.story(look.feed, item)[0] for item in read[look.name]}
        if look.feed in begun:
            late |= stories - first
            news |= stories - shown[look.feed]
        else:
            first |= stories - late
        shown[look.feed] |= stories
        if stories:
            begun.add(look.feed)
    kept = every_article(db)
    told = [truth.links.get(plain(article.url), 0) for article in kept]
    held_back = {story for story, article in zip(told, kept, strict=True) if article.backfill}
    return Verdict(
        stories=len(late),
        repeated=len(told) - len(set(told)),
        lost=len((late | first) - set(told)),
        posted=sum(not article.backfill for article in kept),
        wrongly_kept_back=len(held_back & news) + len(set(told) - held_back - news),
    )


def every_article(db: Database) -> list[Article]:
    """All stored articles."""
    numbers = range(1, 10_000_000)
    found: list[Article] = []
    while True:
        some = db.read_sync(articles.get_many, numbers[len(found) : len(found) + 500])
        found += some
        if len(some) < 500:
            return found


def revisions_of(db: Database, article_id: int) -> list[Revision]:
    """The revisions of an article, in order."""
    return db.read_sync(articles.list_revisions, article_id)
