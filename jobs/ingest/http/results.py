"""The possible outcomes of requests to sites."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

Seconds = NewType("Seconds", float)
#: HTTP statuses that say that nothing is there.
MISSING_STATUSES = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Link:
    """One link of an HTTP `Link` header, with an absolute URL."""

    url: str
    rel: str  #: one relation, in lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete body, within all limits."""

    url: str  #: that was requested
    final_url: str  #: after all redirects
    permanent_url: str  #: after the leading 301s and 308s only; `url` if there were none
    body: bytes  #: decompressed
    content_type: str  #: in lower case, without parameters; "" if not given
    charset: str  #: as in the header; "" if not given
    etag: str  #: as received, to be sent back unchanged
    last_modified: str
    fresh_for: Seconds | None  #: by Cache-Control or Expires; None if they do not say
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304: the feed has not changed."""

    url: str
    final_url: str
    permanent_url: str
    etag: str  #: of the response, or else the one that we sent
    last_modified: str
    fresh_for: Seconds | None
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed:
    """There was no usable response."""

    url: str
    reason: str  #: one sentence for operators
    status: int = 0  #: the HTTP status, 0 if there was no response
    host: str = ""  #: that responded, or was to respond
    retry_after: Seconds | None = None  #: how long to pause this host


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedGone:
    """410: the feed was removed for good and must not be requested again."""

    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedMoved:
    """A permanent redirect was seen often enough: the feed's new URL."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeekResult:
    """The start of a body, and the length of all of it."""

    url: str
    final_url: str
    start: bytes
    length: int  #: of the whole body, in bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostResult:
    """The response to a form, accepted or not."""

    url: str
    status: int
    body: bytes  #: the first bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """The article on a page; fields that the page does not give, or not credibly, are empty."""

    url: str  #: its canonical URL if that is on the same site, else the URL of the response
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
    """There is no article on the page."""

    reason: str  #: one sentence


@dataclass(frozen=True, slots=True)
class PageGone:
    """404 or 410: the article is not, or no longer, at its link."""

    reason: str


FetchOutcome = Fetched | NotModified | FetchFailed | FeedGone
