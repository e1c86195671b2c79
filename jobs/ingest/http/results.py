"""What may come of asking a site for something, each by its own name."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

#: How long from now, in seconds.
Seconds = NewType("Seconds", float)
#: Answers of a site that say that there is nothing.
MISSING_STATUSES = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Link:
    """One link of an HTTP `Link` header, its address made absolute."""

    url: str
    rel: str  #: one relation, in lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A whole body came, within every limit."""

    url: str  #: that was asked for
    final_url: str  #: that answered, behind all redirects
    permanent_url: str  #: behind the leading 301s and 308s alone; `url` where there were none
    body: bytes  #: unpacked
    content_type: str  #: in lower case, without parameters; "" where unsaid
    charset: str  #: as the header names it; "" where unsaid
    etag: str  #: byte for byte, to be sent back so
    last_modified: str
    fresh_for: Seconds | None  #: what Cache-Control or Expires ask for; None where they ask for nothing
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The site says that what we have is still what it has."""

    url: str
    final_url: str
    permanent_url: str
    etag: str  #: the ones to keep: new ones where the answer had them, else those we sent
    last_modified: str
    fresh_for: Seconds | None
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed:
    """Nothing usable came; nothing that we know changes."""

    url: str
    reason: str  #: one sentence for operators
    status: int = 0  #: the HTTP status, 0 where none came
    host: str = ""  #: of the server that answered, or was to answer
    retry_after: Seconds | None = None  #: how long this host wants to be left alone


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedGone:
    """410: it was taken away for good, and its keeper wants nobody to ask again."""

    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedMoved:
    """A permanent redirect has proved itself: ask there from now on."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeekResult:
    """The beginning of a body, and how long the whole is."""

    url: str
    final_url: str
    start: bytes
    length: int  #: bytes in all
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostResult:
    """A form was taken, or refused: the status says."""

    url: str
    status: int
    body: bytes  #: its beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """What a page says of its article; what it does not say, or not credibly, is empty."""

    url: str  #: what it calls its own address, if that is on its own site, else the one it came from
    title: str
    summary: str = ""
    text: str = ""
    author: str = ""
    sections: tuple[str, ...] = ()
    language: str = ""
    image_url: str = ""
    image_width: int = 0
    published: datetime | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoPage:
    """The page says nothing of an article."""

    reason: str  #: one sentence


@dataclass(frozen=True, slots=True)
class PageGone:
    """404 or 410: the article is not, or no longer, where its link leads."""

    reason: str


FetchOutcome = Fetched | NotModified | FetchFailed | FeedGone
