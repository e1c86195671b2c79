"""Feed autodiscovery, for an operator who gave a site's address instead of its feed's.

Pure, and linear in the length of any page.
"""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

from jobs.ingest.http.ssrf import url_refusal

#: Bytes of a page that contain its whole head.
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
#: Links of these generic types count only if they contain one of `_FEED_WORDS`.
_AMBIGUOUS_TYPES = frozenset({"application/json", "application/xml", "text/xml", "application/rdf+xml"})
_FEED_WORDS = re.compile(r"feed|rss|atom|rdf", re.IGNORECASE)
#: WordPress also advertises its JSON API and feeds of comments.
_NOT_NEWS = re.compile(r"wp-json|oembed|/comments/|comments?[-_ ]?feed", re.IGNORECASE)
_TAG = re.compile(r"<(link|base)\b([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"(?<![a-zA-Z-])([a-zA-Z-]{1,20})\s{0,5}=\s{0,5}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
)
#: The usual paths of feeds in the software of most news sites.
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
    """The feeds that the page at `url` links to, in its order, with feeds of comments last."""
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
    """URLs where a feed may be although no page links to it: below `url`, then at the site's root."""
    parts = urlsplit(url)
    top = f"{parts.scheme}://{parts.netloc}/"
    here = top + parts.path.lstrip("/").rstrip("/") + "/" if parts.path.strip("/") else top
    return tuple(dict.fromkeys(base + path for base in (here, top) for path in _COMMON_PATHS))


def is_html_page(body: bytes) -> bool:
    """Whether a body is HTML rather than a feed, by its first bytes."""
    start = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return b"<html" in start or start.startswith(b"<!doctype html")


def _decode_head(body: bytes, charset: str) -> str:
    start = body[:MAX_HEAD_LENGTH]
    try:
        return start.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return start.decode("utf-8", "replace")


def _strip_page_comments(page: str) -> str:
    """The page without comments; an unclosed comment extends to the end."""
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
    """The absolute URL, or "" if it cannot be fetched."""
    try:
        address = urljoin(base, href.replace("feed://", "http://", 1).removeprefix("feed:"))
    except ValueError:
        return ""
    return "" if url_refusal(address) else address
