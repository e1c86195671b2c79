"""Complete new articles with what their pages add (text, image, section), and check their images.

A post waits only for a limited time; a page that is too slow, or fails, is read later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from jobs.clock import Clock, with_timeout
from jobs.ingest.content.images import MIN_WIDTH
from jobs.ingest.content.summary import make_standfirst
from jobs.ingest.dedupe import KeyedItem
from jobs.ingest.http.results import NoPage, PageGone, ReadPage
from jobs.ingest.parse.model import ParsedItem
from storage import articles
from storage.database import Connection, Database
from storage.records import Article

PageReader = Callable[[str], Coroutine[Any, Any, ReadPage | PageGone | NoPage]]
#: Returns why a post must not show the image at a URL; "" if it may.
ImageChecker = Callable[[str], Awaitable[str]]
#: Withdraws an article for a reason at a time; returns whether it did.
ArticleWithdrawer = Callable[[Connection, Article, str, datetime], bool]
#: Pages read concurrently for one feed.
MAX_CONCURRENT_PAGES = 4


@dataclass(frozen=True, slots=True)
class PageFields:
    """What a page adds: fields of the article that were empty, and the page's own URL."""

    fields: Mapping[str, object] = field(default_factory=dict)
    page_url: str = ""
    read: bool = True  #: False if only the image was checked


def lacks_fields(item: ParsedItem | Article) -> bool:
    """Whether the page should be read."""
    return not item.text or lacks_post_fields(item)


def lacks_post_fields(item: ParsedItem | Article) -> bool:
    """Whether the post should wait for the page; the text, which no post shows, can be added later."""
    return _lacks_wide_image(item) or not (item.sections and item.summary)


def _lacks_wide_image(item: ParsedItem | Article) -> bool:
    return not item.image_url or 0 < item.image_width < MIN_WIDTH


def missing_fields(item: ParsedItem | Article, page: ReadPage) -> PageFields:
    """The fields that the page has and the item lacks; a wide image also replaces a narrow one."""
    offered: dict[str, object] = {
        "text": page.text if not item.text else "",
        "summary": make_standfirst(page.summary or page.text, item.title) if not item.summary else "",
        "author": page.author if not item.author else "",
        "sections": page.sections if not item.sections else (),
        "language": page.language if not item.language else "",
    }
    if _lacks_wide_image(item) and page.image_url:
        offered |= {"image_url": page.image_url, "image_width": page.image_width}
    return PageFields({name: value for name, value in offered.items() if value}, page.url)


async def enrich_new(
    new: Sequence[KeyedItem], reads: PageReader | None, judges: ImageChecker | None, clock: Clock, wait: float
) -> dict[int, PageFields]:
    """Complete new items and check their images, as far as possible in `wait` seconds; by position."""
    found: dict[int, PageFields] = {}
    waiting = iter(new)

    async def enrich_next() -> None:
        for named in waiting:
            item = named.item
            if reads and item.link and lacks_post_fields(item):
                page = await reads(item.link)
                found[named.position] = (
                    missing_fields(item, page) if isinstance(page, ReadPage) else PageFields()
                )
            so_far = found.get(named.position, PageFields(read=False))
            picture = so_far.fields.get("image_url", item.image_url)
            if judges and picture and await judges(str(picture)):
                fields = {**so_far.fields, "image_url": "", "image_width": 0}
                found[named.position] = replace(so_far, fields=fields)

    with suppress(TimeoutError):  # use what is done, the rest is read later
        await with_timeout(clock, wait, _run_concurrently(enrich_next, len(new)))
    return found


async def enrich_late(db: Database, reads: PageReader, clock: Clock, most: int) -> int:
    """Read the pages of up to `most` articles without one, the newest first; return how many."""
    some = await db.read(articles.list_without_page, most)
    waiting = iter(some)

    async def complete_next() -> None:
        for article in waiting:
            page = await reads(article.url) if article.url and lacks_fields(article) else None
            fields = dict(missing_fields(article, page).fields) if isinstance(page, ReadPage) else {}
            if article.revision > 1 or article.planned_at is not None:
                fields = {name: value for name, value in fields.items() if name in _HIDDEN_FIELDS}
            await db.run(articles.update_columns, article.id, page_read_at=clock.now(), **fields)

    await _run_concurrently(complete_next, len(some))
    return len(some)


#: Fields that no post shows, so that they can be added after the post.
_HIDDEN_FIELDS = {"text", "author", "language"}


async def withdraw_gone_pages(
    db: Database,
    reads: PageReader,
    clock: Clock,
    suspects: list[int],
    limit: float,
    withdraw: ArticleWithdrawer,
    stored: Callable[[], None],
) -> int:
    """Withdraw the suspects whose own page is gone (404 or 410); return how many.

    A few pages are fetched at a time. Checked articles are removed from `suspects`; those not checked within
    `limit` seconds stay. `stored` is called after each withdrawal.
    """
    withdrawn, until = 0, clock.monotonic() + limit

    async def check_page(article: Article) -> None:
        nonlocal withdrawn
        page = (
            await with_timeout(clock, until - clock.monotonic(), reads(article.url)) if article.url else None
        )
        if isinstance(page, PageGone) and await db.run(withdraw, article, page.reason, clock.now()):
            withdrawn += 1
            stored()

    async def check_suspects() -> None:
        while suspects and clock.monotonic() < until:
            suspect = suspects.pop(0)
            try:
                for article in await db.read(articles.get_many, [suspect]):
                    await check_page(article)
            except TimeoutError:
                suspects.append(suspect)

    await _run_concurrently(check_suspects, len(suspects))
    return withdrawn


async def _run_concurrently(work: Callable[[], Coroutine[Any, Any, None]], most: int) -> None:
    """Run `work` up to `MAX_CONCURRENT_PAGES` times concurrently; the first exception cancels the others."""
    async with asyncio.TaskGroup() as workers:
        for _ in range(min(MAX_CONCURRENT_PAGES, most)):
            workers.create_task(work())
