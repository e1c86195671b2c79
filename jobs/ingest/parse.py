"""A feed's bytes are read in a child process: within a deadline, within its memory, or not at all."""

from jobs.ingest.child import Children, Failed
from jobs.ingest.parsed import ParsedFeed, ParsedItem, ParseFailed

_READ = "jobs.ingest.reading:read_feed"


class Parser:
    """Reads feeds in the children that are handed in, so that no feed can stop or hurt this process."""

    def __init__(self, children: Children) -> None:
        self.children = children

    async def parse(self, body: bytes, charset: str, url: str) -> ParsedFeed | ParseFailed:
        """The feed in `body`, which came from `url` with this charset in its header ("" for none)."""
        answer = await self.children.call(_READ, body, charset, url)
        if isinstance(answer, Failed):
            return ParseFailed(f"The feed could not be read: {answer.reason}.")
        assert isinstance(answer, ParsedFeed | ParseFailed)
        return answer

    async def warm(self) -> None:
        """Have a child ready before the first feed comes."""
        await self.children.warm(_READ, b"", "", "")


__all__ = ["ParseFailed", "ParsedFeed", "ParsedItem", "Parser"]
