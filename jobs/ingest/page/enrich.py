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

from jobs.clock import Clock, within
from jobs.ingest.content.images import WIDE_ENOUGH
from jobs.ingest.content.summary import standfirst
from jobs.ingest.dedupe import Named
from jobs.ingest.http.results import NoPage, PageGone, ReadPage
from jobs.ingest.parse.model import ParsedItem
from storage import articles
from storage.database import Connection, Database
from storage.records import Article

ReadsPage = Callable[[str], Coroutine[Any, Any, ReadPage | PageGone | NoPage]]
#: Why a post must not show the picture at an address; "" where it may.
JudgesPicture = Callable[[str], Awaitable[str]]
#: Withdraws an article, and says whether it was to be withdrawn: given the reason, and the present.
TakesBack = Callable[[Connection, Article, str, datetime], bool]
#: Pages read side by side for one feed.
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Added:
    """What a page adds: fields of the article that were empty, and the address it calls its own."""

    fields: Mapping[str, object] = field(default_factory=dict)
    link: str = ""
    read: bool = True  #: False where the page was not read, and only the picture looked at


def lacks_something(item: ParsedItem | Article) -> bool:
    """Whether its page is worth reading."""
    return not item.text or lacks_for_a_post(item)


def lacks_for_a_post(item: ParsedItem | Article) -> bool:
    """Whether its post is worth a short wait for the page; its text no post shows, that can come later."""
    return _narrow(item) or not (item.sections and item.summary)


def _narrow(item: ParsedItem | Article) -> bool:
    return not item.image_url or 0 < item.image_width < WIDE_ENOUGH


def added(item: ParsedItem | Article, page: ReadPage) -> Added:
    """What the page says and the item does not; a wide picture also stands in for a narrow one."""
    offered: dict[str, object] = {
        "text": page.text if not item.text else "",
        "summary": standfirst(page.summary or page.text, item.title) if not item.summary else "",
        "author": page.author if not item.author else "",
        "sections": page.sections if not item.sections else (),
        "language": page.language if not item.language else "",
    }
    if _narrow(item) and page.image_url:
        offered |= {"image_url": page.image_url, "image_width": page.image_width}
    return Added({name: value for name, value in offered.items() if value}, page.url)


async def look_into(
    new: Sequence[Named], reads: ReadsPage | None, judges: JudgesPicture | None, clock: Clock, wait: float
) -> dict[int, Added]:
    """What must be known of new items before their posts, by position, so far as it comes in `wait` s."""
    found: dict[int, Added] = {}
    waiting = iter(new)

    async def look() -> None:
        for named in waiting:
            item = named.item
            if reads and item.link and lacks_for_a_post(item):
                page = await reads(item.link)
                found[named.position] = added(item, page) if isinstance(page, ReadPage) else Added()
            so_far = found.get(named.position, Added(read=False))
            picture = so_far.fields.get("image_url", item.image_url)
            if judges and picture and await judges(str(picture)):
                fields = {**so_far.fields, "image_url": "", "image_width": 0}
                found[named.position] = replace(so_far, fields=fields)

    with suppress(TimeoutError):  # what has come is used, the rest is read later
        await within(clock, wait, _side_by_side(look, len(new)))
    return found


async def read_late(db: Database, reads: ReadsPage, clock: Clock, most: int) -> int:
    """Read the pages of at most `most` articles, the newest first, whose page has not been read yet."""
    some = await db.read(articles.without_page, most)
    waiting = iter(some)

    async def complete() -> None:
        for article in waiting:
            page = await reads(article.url) if article.url and lacks_something(article) else None
            fields = dict(added(article, page).fields) if isinstance(page, ReadPage) else {}
            if article.revision > 1 or article.planned_at is not None:
                fields = {name: value for name, value in fields.items() if name in _NEVER_SHOWN}
            await db.run(articles.complete, article.id, page_read_at=clock.now(), **fields)

    await _side_by_side(complete, len(some))
    return len(some)


#: What no post shows, so that it may come after the post.
_NEVER_SHOWN = {"text", "author", "language"}


async def take_back(
    db: Database,
    reads: ReadsPage,
    clock: Clock,
    suspects: list[int],
    limit: float,
    withdraw: TakesBack,
    stored: Callable[[], None],
) -> int:
    """Withdraw those of the suspects whose own page is gone (404 or 410), and only those; how many.

    They are asked a few at a time and taken out of `suspects`; those not done with after `limit` seconds stay
    there. `stored` is called after each that is withdrawn.
    """
    withdrawn, until = 0, clock.monotonic() + limit

    async def ask(article: Article) -> None:
        nonlocal withdrawn
        page = await within(clock, until - clock.monotonic(), reads(article.url)) if article.url else None
        if isinstance(page, PageGone) and await db.run(withdraw, article, page.reason, clock.now()):
            withdrawn += 1
            stored()

    async def ask_one_by_one() -> None:
        while suspects and clock.monotonic() < until:
            suspect = suspects.pop(0)
            try:
                for article in await db.read(articles.many, [suspect]):
                    await ask(article)
            except TimeoutError:
                suspects.append(suspect)

    await _side_by_side(ask_one_by_one, len(suspects))
    return withdrawn


async def _side_by_side(work: Callable[[], Coroutine[Any, Any, None]], most: int) -> None:
    """Work, `AT_ONCE` times at once, on what they share; the first that breaks ends the others."""
    async with asyncio.TaskGroup() as workers:
        for _ in range(min(AT_ONCE, most)):
            workers.create_task(work())
