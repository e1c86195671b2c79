"""Read an article's own page once, for what its feed leaves out: picture, section, text, its real address.

Within the same limits as a feed; the words are read in a child process. A post goes out without it
where it fails.
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

#: The function that reads a page in a child process, and a page to try it on.
PARSE_FUNCTION = "jobs.ingest.page.extract:parse_page"
SAMPLE_PAGE = b"<html><body><article><h1>A page</h1><p>The river rose again.</p></article></body></html>"
#: What is asked for.
ACCEPT_PAGE = "text/html, application/xhtml+xml, */*;q=0.5"
_PAGE_TYPES = frozenset(
    {"", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"}
)


class PageFetcher(Protocol):
    """Fetches a page; `fetch.Fetcher` does."""

    async def fetch(self, url: str, *, accept: str) -> FetchOutcome: ...


class WorkerCaller(Protocol):
    """Runs a pure function elsewhere; `child.Children` does."""

    async def call(self, function: str, *values: Any, low_priority: bool = False) -> Any | CallFailed: ...


async def fetch_article_page(
    fetcher: PageFetcher, workers: WorkerCaller, url: str
) -> ReadPage | PageGone | NoPage:
    """What the page at `url` says of its article."""
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
            return NoPage("the page says that it has not changed, and nobody asked")


async def _parse_response(workers: WorkerCaller, fetched: Fetched) -> ReadPage | NoPage:
    if fetched.content_type not in _PAGE_TYPES:
        return NoPage(f"what is there is {fetched.content_type[:60]}, not a page")
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
