"""Fetch an article's page, for what its feed leaves out: image, section, text, canonical URL.

The same limits apply as for feeds, and the page is parsed in a worker process. If that fails, the article is
posted without it.
"""

from typing import Any, Protocol

from jobs.ingest.http.results import (
    MISSING_STATUSES,
    FeedGone,
    Fetched,
    FetchFailed,
    FetchOutcome,
    NoPage,
    PageGone,
    ReadPage,
)
from jobs.ingest.worker_pool import CallFailed

#: The function that parses a page in a worker process, and a page to warm it up.
PARSE_FUNCTION = "jobs.ingest.page.extract:parse_page"
SAMPLE_PAGE = b"<html><body><article><h1>A page</h1><p>The river rose again.</p></article></body></html>"
ACCEPT_PAGE = "text/html, application/xhtml+xml, */*;q=0.5"
_PAGE_TYPES = frozenset(
    {"", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"}
)


class PageFetcher(Protocol):
    """Fetches a page; implemented by `http.fetcher.Fetcher`."""

    async def fetch(self, url: str, *, accept: str) -> FetchOutcome: ...


class WorkerCaller(Protocol):
    """Runs a pure function in another process; implemented by `worker_pool.WorkerPool`."""

    async def call(self, function: str, *values: Any, low_priority: bool = False) -> Any | CallFailed: ...


async def fetch_article_page(
    fetcher: PageFetcher, workers: WorkerCaller, url: str
) -> ReadPage | PageGone | NoPage:
    """Fetch and parse the page at `url`."""
    match await fetcher.fetch(url, accept=ACCEPT_PAGE):
        case Fetched() as fetched:
            return await _parse_response(workers, fetched)
        case FeedGone(reason=reason):
            return PageGone(reason)
        case FetchFailed(status=status, reason=reason) if status in MISSING_STATUSES:
            return PageGone(reason)
        case FetchFailed(reason=reason):
            return NoPage(reason)
        case _:
            return NoPage("the page answers 304 to an unconditional request")


async def _parse_response(workers: WorkerCaller, fetched: Fetched) -> ReadPage | NoPage:
    if fetched.content_type not in _PAGE_TYPES:
        return NoPage(f"it is {fetched.content_type[:60]}, not a page")
    read = await workers.call(
        PARSE_FUNCTION, fetched.body, fetched.charset, fetched.final_url, low_priority=True
    )
    match read:
        case ReadPage() | NoPage():
            return read
        case CallFailed(reason):
            return NoPage(reason)
        case _:
            raise TypeError(f"parse_page answered {type(read).__name__}")
