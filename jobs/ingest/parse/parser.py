"""A feed's bytes are read in a child process: within a deadline, within its memory, or not at all."""

from collections import OrderedDict

from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from jobs.ingest.worker_pool import Children, Failed

_READ = "jobs.ingest.parse.feed:read_feed_again"
_ADVERTISED = "jobs.ingest.parse.autodiscovery:advertised"
#: Bytes of all feeds' memories together; a feed that has none is read whole.
MEMORY = 32_000_000


class Parser:
    """Reads feeds in the children that are handed in, so that no feed can stop or hurt this process.

    What a child remembers of a feed is kept here as it came and handed to whichever child reads the feed
    next. It makes reading quicker and nothing else, so the feeds not read for longest may lose theirs.
    """

    def __init__(self, children: Children, memory: int = MEMORY) -> None:
        self.children = children
        self._room = memory
        self._memories: OrderedDict[str, bytes] = OrderedDict()

    async def parse(self, body: bytes, charset: str, url: str) -> ParsedFeed | ParseFailed:
        """The feed in `body`, which came from `url` with this charset in its header ("" for none)."""
        answer = await self.children.call(_READ, body, charset, url, self._forget(url))
        if isinstance(answer, Failed):
            return ParseFailed(f"The feed could not be read: {answer.reason}.")
        found, memory = answer
        assert isinstance(found, ParsedFeed | ParseFailed)
        self._remember(url, memory)
        return found

    async def advertised(self, page: bytes, url: str, charset: str) -> tuple[str, ...]:
        """The feeds that the page at `url` names; none where it cannot be read."""
        found = await self.children.call(_ADVERTISED, page, url, charset)
        return () if isinstance(found, Failed) else tuple(found)

    def remembered(self) -> list[str]:
        """The addresses of the feeds that are read more quickly, those not read for longest first."""
        return list(self._memories)

    def _forget(self, url: str) -> bytes:
        memory = self._memories.pop(url, b"")
        self._room += len(memory)
        return memory

    def _remember(self, url: str, memory: bytes) -> None:
        self._forget(url)
        if memory:
            self._memories[url] = memory
            self._room -= len(memory)
        while self._room < 0:
            self._room += len(self._memories.popitem(last=False)[1])

    async def warm(self) -> None:
        """Have a child ready before the first feed comes."""
        await self.children.warm(_READ, b"", "", "", b"")
