"""Which feeds does a page advertise? For an operator who wrote a site's address instead of its feed's.

Pure, and linear in the length of the page whatever stands in it.
"""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

from jobs.ingest.http.ssrf import url_refusal

#: Characters of a page in which its head surely ends.
MAX_HEAD_LENGTH = 1_000_000
MAX_FEEDS = 20
_FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/json",
        "application/xml",
        "text/xml",
    }
)
#: Only with a word like these in the address are the general types taken for a feed's.
_AMBIGUOUS_TYPES = frozenset({"application/json", "application/xml", "text/xml", "application/rdf+xml"})
_FEED_WORDS = re.compile(r"feed|rss|atom|rdf", re.IGNORECASE)
#: WordPress writes JSON and comments beside the feed itself.
_NOT_NEWS = re.compile(r"wp-json|oembed|/comments/|comments?[-_ ]?feed", re.IGNORECASE)
_TAG = re.compile(r"<(link|base)\b([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"(?<![a-zA-Z-])([a-zA-Z-]{1,20})\s{0,5}=\s{0,5}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
)
#: Where feeds usually are, by the software behind most news sites.
_COMMON_PATHS = (
    "feed/",
    "rss",
    "rss.xml",
    "feed.xml",
    "atom.xml",
    "index.xml",
    "feeds/posts/default",
    "feed.json",
)


def find_advertised_feeds(body: bytes, url: str, charset: str = "") -> tuple[str, ...]:
    """The feeds that the page at `url` names in its links, in its order; those of comments last."""
    base, found = url, []
    for name, rest in _TAG.findall(_strip_page_comments(_decode_head(body, charset))):
        attributes = {key.lower(): unescape(a or b or c).strip() for key, a, b, c in _ATTRIBUTE.findall(rest)}
        if name.lower() == "base":
            base = _resolve_feed_url(url, attributes.get("href", "")) or base
        elif _is_feed_link(attributes):
            found.append(attributes["href"])
    addresses = [address for address in (_resolve_feed_url(base, href) for href in found) if address]
    ordered = sorted(dict.fromkeys(addresses), key=lambda address: bool(_NOT_NEWS.search(address)))
    return tuple(ordered[:MAX_FEEDS])


def guess_feed_urls(url: str) -> tuple[str, ...]:
    """Where a feed of the site at `url` may be although no page says so: below the page, then at the top."""
    parts = urlsplit(url)
    top = f"{parts.scheme}://{parts.netloc}/"
    here = top + parts.path.lstrip("/").rstrip("/") + "/" if parts.path.strip("/") else top
    return tuple(dict.fromkeys(base + path for base in (here, top) for path in _COMMON_PATHS))


def is_html_page(body: bytes) -> bool:
    """Whether this is HTML rather than a feed, by its beginning."""
    start = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return b"<html" in start or start.startswith(b"<!doctype html")


def _decode_head(body: bytes, charset: str) -> str:
    start = body[:MAX_HEAD_LENGTH]
    try:
        return start.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return start.decode("utf-8", "replace")


def _strip_page_comments(page: str) -> str:
    """The page less what stands in `<!-- -->`; a comment without an end goes on to the end."""
    kept, at = [], 0
    while (start := page.find("<!--", at)) >= 0:
        kept.append(page[at:start])
        end = page.find("-->", start + 4)
        at = end + 3 if end >= 0 else len(page)
    return "".join([*kept, page[at:]])


def _is_feed_link(attributes: dict[str, str]) -> bool:
    href, kind = attributes.get("href", ""), attributes.get("type", "").partition(";")[0].strip().lower()
    relations = attributes.get("rel", "").lower().split()
    if not href or not {"alternate", "feed"} & set(relations) or "stylesheet" in relations:
        return False
    if kind in _AMBIGUOUS_TYPES:
        words = f"{href} {attributes.get('title', '')}"
        return bool(_FEED_WORDS.search(words)) and not _NOT_NEWS.search(href)
    return kind in _FEED_TYPES or (not kind and "feed" in relations)


def _resolve_feed_url(base: str, href: str) -> str:
    """The absolute address, or "" where it is none that can be fetched."""
    try:
        address = urljoin(base, href.replace("feed://", "http://", 1).removeprefix("feed:"))
    except ValueError:
        return ""
    return "" if url_refusal(address) else address
