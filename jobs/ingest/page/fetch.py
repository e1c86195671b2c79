"""Read an article's own page once, for what its feed leaves out: picture, section, text, its real address.

Within the same limits as a feed; the words are read in a child process. A post goes out without it
where it fails.
"""

from typing import Any, Protocol

from jobs.ingest.http.results import (
    NOT_THERE,
    FeedGone,
    Fetched,
    FetchFailed,
    FetchOutcome,
    NoPage,
    PageGone,
    ReadPage,
)
from jobs.ingest.worker_pool import Failed

#: The function that reads a page in a child process, and a page to try it on.
READ = "jobs.ingest.page.extract:read_page"
SAMPLE = b"<html><body><article><h1>A page</h1><p>The river rose again.</p></article></body></html>"
#: What is asked for.
ACCEPT = "text/html, application/xhtml+xml, */*;q=0.5"
_PAGE_TYPES = frozenset(
    {"", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"}
)


class Fetches(Protocol):
    """Fetches a page; `fetch.Fetcher` does."""

    async def fetch(self, url: str, *, accept: str) -> FetchOutcome: ...


class Calls(Protocol):
    """Runs a pure function elsewhere; `child.Children` does."""

    async def call(self, function: str, *values: Any, aside: bool = False) -> Any | Failed: ...


async def read_article_page(fetcher: Fetches, children: Calls, url: str) -> ReadPage | PageGone | NoPage:
    """What the page at `url` says of its article."""
    match await fetcher.fetch(url, accept=ACCEPT):
        case Fetched() as fetched:
            return await _read(children, fetched)
        case FeedGone(reason=reason):
            return PageGone(reason)
        case FetchFailed(status=status, reason=reason) if status in NOT_THERE:
            return PageGone(reason)
        case FetchFailed(reason=reason):
            return NoPage(reason)
        case _:
            return NoPage("the page says that it has not changed, and nobody asked")


async def _read(children: Calls, fetched: Fetched) -> ReadPage | NoPage:
    if fetched.content_type not in _PAGE_TYPES:
        return NoPage(f"what is there is {fetched.content_type[:60]}, not a page")
    read = await children.call(READ, fetched.body, fetched.charset, fetched.final_url, aside=True)
    match read:
        case ReadPage() | NoPage():
            return read
        case Failed(reason):
            return NoPage(reason)
        case _:
            raise TypeError(f"read_page answered {type(read).__name__}")
