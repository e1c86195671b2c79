"""A newsroom for tests: it publishes feeds, serves them, and returns what Newswire stored."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import escape

from jobs.config import FetchPolicy
from jobs.ingest import pipeline
from jobs.ingest.feed_updates import UpdateCounts
from jobs.ingest.http.results import (
    FeedGone,
    Fetched,
    FetchFailed,
    FetchOutcome,
    NoPage,
    NotModified,
    PageGone,
    ReadPage,
)
from jobs.ingest.parse.autodiscovery import find_advertised_feeds
from jobs.ingest.parse.feed import parse_feed
from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from jobs.ingest.update_feed import IngestContext
from storage import articles, feeds
from storage.database import Database
from storage.records import Article, Feed
from tests.conftest import MovedClock

FEED = "https://news.example/feed"


@dataclass(frozen=True, slots=True)
class Story:
    """An item of a feed; None leaves the element out."""

    title: str
    link: str | None = None
    guid: str | None = None
    date: str | None = None
    summary: str | None = None
    more: str = ""

    def xml(self) -> str:
        elements = {
            "title": self.title,
            "link": self.link,
            "guid": self.guid,
            "pubDate": self.date,
            "description": self.summary,
        }
        said = (f"<{name}>{escape(text)}</{name}>" for name, text in elements.items() if text is not None)
        return f"<item>{''.join(said)}{self.more}</item>"


def story(number: int, **changes: object) -> Story:
    """A complete story; a higher number is newer."""
    plain = Story(
        title=f"Headline {number}",
        link=f"https://news.example/{number}",
        guid=f"tag:news.example,{number}",
        date=f"Mon, 23 Nov 2026 0{number // 60}:{number % 60:02} GMT",
        summary=f"What happened in story {number} is told here.",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def rss(*stories: Story, channel: str = "<title>News</title><link>https://news.example/</link>") -> bytes:
    items = "".join(one.xml() for one in stories)
    space = 'xmlns:media="http://search.yahoo.com/mrss/"'
    return f'<rss version="2.0" {space}><channel>{channel}{items}</channel></rss>'.encode()


@dataclass
class Newsroom:
    """A site with feeds, and Newswire updating them on request."""

    db: Database
    clock: MovedClock
    backfill: int = 99
    answers: dict[str, bytes | FetchOutcome] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    rung: int = 0
    pages: dict[str, ReadPage | PageGone | NoPage] | None = None  #: None: pages are not read at all
    pages_read: list[str] = field(default_factory=list)
    bad_pictures: dict[str, str] | None = None  #: None: images are not checked

    def publish(self, *stories: Story, url: str = FEED) -> None:
        self.answers[url] = rss(*stories)

    async def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> FetchOutcome:
        self.asked.append((url, etag, last_modified))
        answer = self.answers.get(url, FetchFailed(url=url, reason="news.example answers 404"))
        return (
            answer
            if isinstance(answer, FetchFailed | FeedGone | NotModified | Fetched)
            else fetched(url, answer)
        )

    async def parse(self, body: bytes, charset: str, url: str) -> ParsedFeed | ParseFailed:
        return parse_feed(body, charset, url)

    async def find_feeds(self, page: bytes, url: str, charset: str) -> tuple[str, ...]:
        return find_advertised_feeds(page, url, charset)

    async def read_page(self, url: str) -> ReadPage | PageGone | NoPage:
        self.pages_read.append(url)
        if url not in (self.pages or {}):
            await self.clock.sleep(60)
        return (self.pages or {}).get(url, NoPage("it took too long"))

    async def check_image(self, url: str) -> str:
        return (self.bad_pictures or {}).get(url, "")

    def ring(self) -> None:
        self.rung += 1

    @property
    def ingest(self) -> IngestContext:
        return IngestContext(
            db=self.db,
            fetcher=self,
            parser=self,
            clock=self.clock,
            policy=FetchPolicy(user_agent="test", backfill=self.backfill),
            on_stored=self.ring,
            next_time=lambda now: now + timedelta(minutes=2),
            random=lambda: 0.5,
            read_page=None if self.pages is None else self.read_page,
            check_image=None if self.bad_pictures is None else self.check_image,
        )

    async def update(self, *urls: str) -> UpdateCounts:
        """Update these feeds (`FEED` by default), five minutes after the last time."""
        await self.clock.advance(300)
        known = [feed.url for feed in await self.db.read(feeds.list_all)]
        await self.db.run(feeds.register_urls, [*known, *(urls or (FEED,))], self.clock.now())
        every = await self.db.read(feeds.list_all)
        return await pipeline.update_feeds(
            self.ingest, [one for one in every if one.url in (urls or (FEED,))]
        )

    async def updates(self, *documents: Iterable[Story]) -> list[UpdateCounts]:
        """Publish each document of stories, and update the feed after each."""
        counts = []
        for document in documents:
            self.publish(*document)
            counts.append(await self.update())
        return counts

    async def feed(self, url: str = FEED) -> Feed:
        found = await self.db.read(feeds.get_by_url, url)
        assert found is not None
        return found

    async def articles(self) -> list[Article]:
        """All articles in the order in which they were stored."""
        return await self.db.read(articles.get_many, range(1, 1000))

    async def titles(self) -> list[str]:
        return [article.title for article in await self.articles()]


def fetched(url: str, body: bytes, **more: object) -> Fetched:
    plain = Fetched(
        url=url,
        final_url=url,
        permanent_url=url,
        body=body,
        content_type="application/rss+xml",
        charset="",
        etag="",
        last_modified="",
        fresh_for=None,
        links=(),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)
