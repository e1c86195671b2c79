"""A feed's bytes are read in a child process: within a deadline, within its memory, or not at all."""

from contextlib import suppress

from cachetools import LRUCache

from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from jobs.ingest.worker_pool import CallFailed, WorkerPool

_PARSE_FUNCTION = "jobs.ingest.parse.feed:parse_feed_cached"
_FIND_FUNCTION = "jobs.ingest.parse.autodiscovery:find_advertised_feeds"
#: Bytes of all feeds' memories together; a feed that has none is read whole.
MAX_CACHE_BYTES = 32_000_000


class Parser:
    """Reads feeds in the children that are handed in, so that no feed can stop or hurt this process.

    What a child remembers of a feed is kept here as it came and handed to whichever child reads the feed
    next. It makes reading quicker and nothing else, so the feeds not read for longest may lose theirs.
    """

    def __init__(self, workers: WorkerPool, memory: int = MAX_CACHE_BYTES) -> None:
        self.workers = workers
        self._caches: LRUCache[str, bytes] = LRUCache(memory, getsizeof=len)

    async def parse(self, body: bytes, charset: str, url: str) -> ParsedFeed | ParseFailed:
        """The feed in `body`, which came from `url` with this charset in its header ("" for none)."""
        answer = await self.workers.call(_PARSE_FUNCTION, body, charset, url, self._caches.pop(url, b""))
        if isinstance(answer, CallFailed):
            return ParseFailed(f"The feed could not be read: {answer.reason}.")
        found, memory = answer
        assert isinstance(found, ParsedFeed | ParseFailed)
        self._store_cached(url, memory)
        return found

    async def find_feeds(self, page: bytes, url: str, charset: str) -> tuple[str, ...]:
        """The feeds that the page at `url` names; none where it cannot be read."""
        found = await self.workers.call(_FIND_FUNCTION, page, url, charset)
        return () if isinstance(found, CallFailed) else tuple(found)

    def cached_urls(self) -> list[str]:
        """The addresses of the feeds that are read more quickly, those not read for longest first."""
        return list(self._caches)

    def _store_cached(self, url: str, cache: bytes) -> None:
        if cache:
            with suppress(ValueError):  # it alone is larger than all of them may be
                self._caches[url] = cache

    async def warm_up(self) -> None:
        """Have a child ready before the first feed comes."""
        await self.workers.warm_up(_PARSE_FUNCTION, b"", "", "", b"")
