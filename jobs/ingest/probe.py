"""What is at an address, without storing any of it: for `newswire preview` and `newswire check`."""

from dataclasses import dataclass
from typing import assert_never

from jobs.ingest.http.results import FeedGone, Fetched, FetchFailed, NotModified, ReadPage
from jobs.ingest.parse import autodiscovery
from jobs.ingest.parse.model import ParsedFeed, ParsedItem
from jobs.ingest.update_feed import IngestContext, discover_feed
from storage.text.urls import is_front_page


@dataclass(frozen=True, slots=True)
class ProbedFeed:
    """A feed that can be read, and the URL at which it was found."""

    url: str
    parsed: ParsedFeed


async def probe_feed(ingest: IngestContext, url: str) -> ProbedFeed | str:
    """The feed at `url`, or one that the page at `url` names; a sentence if there is none."""
    answer = await ingest.fetcher.fetch(url)
    match answer:
        case FetchFailed() | FeedGone():
            return answer.reason
        case NotModified():
            return "It answers 304 Not Modified to a first request."
        case Fetched():
            parsed = await ingest.parser.parse(answer.body, answer.charset, answer.final_url)
            if isinstance(parsed, ParsedFeed):
                return ProbedFeed(url, parsed)
            found = await discover_feed(ingest, answer)
            return ProbedFeed(found[0].url, found[1]) if found else parsed.reason
        case _:
            assert_never(answer)


async def probe_article(ingest: IngestContext, url: str) -> ParsedFeed | None:
    """The article whose page is at `url`, as a feed with one item; None if there is no dated article."""
    if is_front_page(url) or ingest.read_page is None:
        return None
    answer = await ingest.fetcher.fetch(url)
    if not isinstance(answer, Fetched) or not autodiscovery.is_html_page(answer.body):
        return None
    page = await ingest.read_page(url)
    if not isinstance(page, ReadPage) or page.published is None:
        return None
    item = ParsedItem(
        guid=page.url,
        link=page.url,
        title=page.title,
        summary=page.summary,
        text=page.text,
        author=page.author,
        sections=page.sections,
        language=page.language,
        image_url=page.image_url,
        image_width=page.image_width,
        published=page.published,
    )
    return ParsedFeed(items=(item,), language=page.language)
