"""Two feeds on two ports of one machine: A, and B, which says of A's articles what it likes."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

from storage import feeds
from tests.jobs.ingest.site import Site, a_site
from tests.stories.house import Desk, World, desk, world

#: Seconds after which a test gives up: many times what anything here takes.
PATIENCE = 60.0


def item(
    link: str, title: str, *, guid: str = "", words: str = "", hours: float = 0.0, section: str = "World"
) -> str:
    """An item that came out so many hours ago."""
    date = format_datetime(datetime.now(UTC) - timedelta(hours=hours))
    return (
        f"<item><title>{escape(title)}</title><link>{escape(link)}</link><guid>{escape(guid or link)}</guid>"
        f"<description>{escape(words or f'What {title} is about.')}</description>"
        f"<category>{section}</category><pubDate>{date}</pubDate></item>"
    )


def document(items: Iterable[str]) -> bytes:
    return f'<rss version="2.0"><channel><title>The Paper</title>{"".join(items)}</channel></rss>'.encode()


@dataclass
class Sites:
    """Both sites, and the Telegram and the folder that outlive a house."""

    around: World
    a: Site
    b: Site
    folder: Path

    def of_a(self, number: int | str) -> str:
        return self.a.url(f"/art/{number}")

    def a_says(self, *items: str) -> None:
        self.a.says(document(items))

    def b_says(self, *items: str) -> None:
        self.b.says(document(items))

    def b_items(self, *numbers: int, hours: float = 1.0) -> list[str]:
        """B's own articles, the first the newest."""
        return [
            item(self.b.url(f"/own/{number}"), f"B's own {number}", hours=hours + place)
            for place, number in enumerate(numbers)
        ]

    def a_items(self, *numbers: int, hours: float = 1.0) -> list[str]:
        return [
            item(self.of_a(number), f"A's {number}", hours=hours + place)
            for place, number in enumerate(numbers)
        ]

    @asynccontextmanager
    async def house(self, *feeds: Site, **settings: Any) -> AsyncIterator[Desk]:
        """A bot with these feeds."""
        given: dict[str, Any] = {
            "feed_urls": tuple(site.url() for site in feeds or (self.a, self.b)),
            "page_wait": timedelta(milliseconds=500),
            "max_age": timedelta(hours=24),
            "threads": False,
        }
        async with desk(self.folder, around=self.around, **given | settings) as paper:
            yield paper


@asynccontextmanager
async def two_sites(folder: Path) -> AsyncIterator[Sites]:
    async with world() as around, a_site() as a, a_site() as b:
        yield Sites(around, a, b, folder)


async def updates(paper: Desk, site: Site, count: int = 2, path: str = "/feed") -> None:
    """Return after this many successful updates of a feed, the last of which started after the call."""
    begun, seen = paper.house.clock.now(), set[datetime]()
    async with asyncio.timeout(PATIENCE):
        while len(seen) < count:
            site.was_asked.clear()
            feed = await paper.house.db.read(feeds.get_by_url, site.url(path))
            if feed and feed.succeeded_at and feed.succeeded_at > begun:
                seen.add(feed.succeeded_at)
            await site.was_asked.wait()


def texts(paper: Desk) -> list[str]:
    """All that the channel shows, links too."""
    return [
        "\n".join([post.content.text.plain, *(one.url for one in post.content.text.entities if one.url)])
        for post in paper.posts()
    ]
