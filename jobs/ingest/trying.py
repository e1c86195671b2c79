"""What is at an address, without keeping any of it: for operators who look before they go live."""

from dataclasses import dataclass
from typing import assert_never

from jobs.ingest.looking import Ingest, discovered
from jobs.ingest.outcome import FeedGone, Fetched, FetchFailed, NotModified
from jobs.ingest.parsed import ParsedFeed


@dataclass(frozen=True, slots=True)
class Tried:
    """A feed that can be read, and where it was found."""

    url: str
    parsed: ParsedFeed


async def try_feed(ingest: Ingest, url: str) -> Tried | str:
    """The feed at `url`, or the feed of the site at `url`; a sentence where there is none."""
    answer = await ingest.fetcher.fetch(url)
    match answer:
        case FetchFailed() | FeedGone():
            return answer.reason
        case NotModified():
            return "It answers that nothing changed to somebody who asks for the first time."
        case Fetched():
            parsed = await ingest.parser.parse(answer.body, answer.charset, answer.final_url)
            if isinstance(parsed, ParsedFeed):
                return Tried(url, parsed)
            found = await discovered(ingest, answer)
            return Tried(found[0].url, found[1]) if found else parsed.reason
        case _:
            assert_never(answer)
