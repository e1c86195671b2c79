"""A parsed feed: plain text, checked links, reliable dates."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedItem:
    """One item, ready to be shown; fields that the feed did not give, or not credibly, are empty."""

    guid: str  #: as written, stripped
    link: str  #: absolute http(s), without tracking parameters
    title: str  #: one line
    summary: str = ""  #: the standfirst, a few sentences
    text: str = ""  #: the whole article if the feed has it; paragraphs are separated by an empty line
    author: str = ""
    sections: tuple[str, ...] = ()
    language: str = ""  #: a BCP 47 tag
    image_url: str = ""
    image_width: int = 0  #: pixels, 0 if unknown
    published: datetime | None = None
    updated: datetime | None = None
    omission: str = ""  #: a sentence if a part of it was left out


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed with its items in its own order."""

    items: tuple[ParsedItem, ...]
    format: str = ""  #: "rss20", "atom10", "json11", "sitemap" ...
    title: str = ""
    link: str = ""  #: of the site
    language: str = ""
    hubs: tuple[str, ...] = ()  #: WebSub hubs, as the document names them
    topic: str = ""  #: its own URL: the WebSub topic
    ttl: timedelta | None = None  #: how long to wait, if the feed says so
    skip_hours: frozenset[int] = frozenset()  #: of the day in UTC, 0 to 23
    skip_days: frozenset[int] = frozenset()  #: of the week, 0 for Monday
    cut: str = ""  #: why the end is missing, in a sentence; the items before it are whole
    omissions: tuple[str, ...] = ()  #: a sentence for each item, or part of one, that was left out


@dataclass(frozen=True, slots=True)
class ParseFailed:
    """The body is not a feed, or cannot be parsed within limits."""

    reason: str  #: one sentence for operators
