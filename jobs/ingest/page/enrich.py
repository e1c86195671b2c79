"""What new articles' own pages add (the text, the picture or the section that their feed leaves out),
and whether their pictures can be shown.

A post never waits for it longer than it may; a page that comes too late, or breaks, is read later.
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
#: Why a post must not show the picture at an address; "" where it may.
ImageChecker = Callable[[str], Awaitable[str]]
#: Withdraws an article, and says whether it was to be withdrawn: given the reason, and the present.
ArticleWithdrawer = Callable[[Connection, Article, str, datetime], bool]
#: Pages read side by side for one feed.
MAX_CONCURRENT_PAGES = 4


@dataclass(frozen=True, slots=True)
class PageFields:
    """What a page adds: fields of the article that were empty, and the address it calls its own."""

    fields: Mapping[str, object] = field(default_factory=dict)
    page_url: str = ""
    read: bool = True  #: False where the page was not read, and only the picture looked at


def lacks_fields(item: ParsedItem | Article) -> bool:
    """Whether its page is worth reading."""
    return not item.text or lacks_post_fields(item)


def lacks_post_fields(item: ParsedItem | Article) -> bool:
    """Whether its post is worth a short wait for the page; its text no post shows, that can come later."""
    return _lacks_wide_image(item) or not (item.sections and item.summary)


def _lacks_wide_image(item: ParsedItem | Article) -> bool:
    return not item.image_url or 0 < item.image_width < MIN_WIDTH


def missing_fields(item: ParsedItem | Article, page: ReadPage) -> PageFields:
    """What the page says and the item does not; a wide picture also stands in for a narrow one."""
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
    """What must be known of new items before their posts, by position, so far as it comes in `wait` s."""
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

    with suppress(TimeoutError):  # what has come is used, the rest is read later
        await with_timeout(clock, wait, _run_concurrently(enrich_next, len(new)))
    return found


async def enrich_late(db: Database, reads: PageReader, clock: Clock, most: int) -> int:
    """Read the pages of at most `most` articles, the newest first, whose page has not been read yet."""
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


#: What no post shows, so that it may come after the post.
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
    """Withdraw those of the suspects whose own page is gone (404 or 410), and only those; how many.

    They are asked a few at a time and taken out of `suspects`; those not done with after `limit` seconds stay
    there. `stored` is called after each that is withdrawn.
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
    """Work, `AT_ONCE` times at once, on what they share; the first that breaks ends the others."""
    async with asyncio.TaskGroup() as workers:
        for _ in range(min(MAX_CONCURRENT_PAGES, most)):
            workers.create_task(work())
