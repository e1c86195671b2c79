"""What a feed said, in our own words: plain text, checked links, sure dates."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedItem:
    """One item, ready to be shown; what the feed did not say, or not credibly, is empty."""

    guid: str  #: as written, but for white space around it
    link: str  #: absolute http(s), as readers open it, without tracking
    title: str  #: one line
    summary: str = ""  #: the standfirst, a few sentences
    text: str = ""  #: the whole article where the feed has it; paragraphs are parted by an empty line
    author: str = ""
    sections: tuple[str, ...] = ()
    language: str = ""  #: a BCP 47 tag
    image_url: str = ""
    image_width: int = 0  #: pixels, 0 where unsaid
    published: datetime | None = None
    updated: datetime | None = None
    omission: str = ""  #: a sentence for what of it was left out


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A whole feed, its items in its own order."""

    items: tuple[ParsedItem, ...]
    format: str = ""  #: "rss20", "atom10", "json11", "sitemap" ...
    title: str = ""
    link: str = ""  #: of the site
    language: str = ""
    hubs: tuple[str, ...] = ()  #: WebSub hubs, as the document names them
    topic: str = ""  #: what it calls itself: the WebSub topic
    ttl: timedelta | None = None  #: how long it may be kept, where it says so sensibly
    skip_hours: frozenset[int] = frozenset()  #: of the day in UTC, 0 to 23
    skip_days: frozenset[int] = frozenset()  #: of the week, 0 for Monday
    cut: str = ""  #: why the end is missing, in a sentence; the items before it are whole
    omissions: tuple[str, ...] = ()  #: a sentence for each item, or part of one, that was left out


@dataclass(frozen=True, slots=True)
class ParseFailed:
    """The body is no feed, or none that can be read within bounds: a failed look, nothing changes."""

    reason: str  #: one sentence for operators
