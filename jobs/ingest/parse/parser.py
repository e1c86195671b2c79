"""Parse feeds in a worker process, with a deadline and a memory cap."""

from contextlib import suppress

from cachetools import LRUCache

from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from jobs.ingest.worker_pool import CallFailed, WorkerPool

_PARSE_FUNCTION = "jobs.ingest.parse.feed:parse_feed_cached"
_FIND_FUNCTION = "jobs.ingest.parse.autodiscovery:find_advertised_feeds"
#: Bytes of all feeds' caches together; a feed without a cache is parsed whole.
MAX_CACHE_BYTES = 32_000_000


class Parser:
    """Parses feeds in a worker pool, so that no feed can block or crash this process.

    The cache of a feed's items that a worker returns is kept here as bytes, and passed to the worker that
    parses the feed next. It only saves time; the feeds not parsed for longest lose theirs first.
    """

    def __init__(self, workers: WorkerPool, memory: int = MAX_CACHE_BYTES) -> None:
        self.workers = workers
        self._caches: LRUCache[str, bytes] = LRUCache(memory, getsizeof=len)

    async def parse(self, body: bytes, charset: str, url: str) -> ParsedFeed | ParseFailed:
        """Parse the feed in `body`, fetched from `url` with this charset in its header ("" for none)."""
        answer = await self.workers.call(_PARSE_FUNCTION, body, charset, url, self._caches.pop(url, b""))
        if isinstance(answer, CallFailed):
            return ParseFailed(f"The feed could not be read: {answer.reason}.")
        found, memory = answer
        assert isinstance(found, ParsedFeed | ParseFailed)
        self._store_cached(url, memory)
        return found

    async def find_feeds(self, page: bytes, url: str, charset: str) -> tuple[str, ...]:
        """The feeds that the page at `url` links to; none if it cannot be parsed."""
        found = await self.workers.call(_FIND_FUNCTION, page, url, charset)
        return () if isinstance(found, CallFailed) else tuple(found)

    def cached_urls(self) -> list[str]:
        """The URLs of the feeds with a cache, those not parsed for longest first."""
        return list(self._caches)

    def _store_cached(self, url: str, cache: bytes) -> None:
        if cache:
            with suppress(ValueError):  # larger than all caches may be together
                self._caches[url] = cache

    async def warm_up(self) -> None:
        """Start a worker before the first feed arrives."""
        await self.workers.warm_up(_PARSE_FUNCTION, b"", "", "", b"")
