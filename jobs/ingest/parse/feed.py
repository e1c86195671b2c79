"""A body becomes a feed: bytes to text, text repaired, and read by whoever knows its format. Pure."""

from dataclasses import replace

from jobs.ingest.parse.encoding import decode
from jobs.ingest.parse.incremental import Memory, read_xml
from jobs.ingest.parse.jsonfeed import read_json
from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from jobs.ingest.parse.repair import Repaired, repair
from jobs.ingest.parse.sitemap import read_sitemap

_FEEDS = {"rss", "feed", "rdf", "channel"}
_CHALLENGES = (
    "cf-chl",
    "_cf_chl",
    "just a moment",
    "challenge-platform",
    "ddos-guard",
    "captcha",
    "enable javascript and cookies",
)


def read_feed(body: bytes, charset: str = "", url: str = "") -> ParsedFeed | ParseFailed:
    """The feed in `body`, which came from `url` with `charset` in its header, or why there is none."""
    return read_feed_again(body, charset, url, b"")[0]


def read_feed_again(
    body: bytes, charset: str, url: str, memory: bytes
) -> tuple[ParsedFeed | ParseFailed, bytes]:
    """The same, more quickly where `memory` helps, which the last reading gave; and the next memory."""
    text = decode(body, charset)
    if not text.strip("\ufeff\0 \t\r\n"):
        return ParseFailed(f"The answer is empty ({len(body)} bytes)."), b""
    if text.lstrip("\ufeff \t\r\n")[:1] in "{[":
        return _complete(read_json(text.lstrip("\ufeff"), url), ""), b""
    document = repair(text)
    if document.root.lower() in _FEEDS:
        found, after = read_xml(document, url, Memory.unpacked(memory))
        return _complete(found, document.cut), after.packed()
    if document.root == "urlset":
        return _complete(read_sitemap(document.text, url), document.cut), b""
    return ParseFailed(_no_feed(document, text)), b""


def _complete(found: ParsedFeed | ParseFailed, cut: str) -> ParsedFeed | ParseFailed:
    if isinstance(found, ParseFailed):
        return found
    if cut and not found.items:
        return ParseFailed("The feed was cut off before its first whole item.")
    return replace(found, cut=cut) if cut else found


def _no_feed(document: Repaired, text: str) -> str:
    start = text[:20_000].lower()
    if document.page or document.root.lower() == "html":
        if any(mark in start for mark in _CHALLENGES):
            return "The answer is a page that checks for robots, not a feed."
        return "The answer is a web page, not a feed."
    if document.root == "sitemapindex":
        return "The document is an index of sitemaps; give the news sitemap itself."
    return (
        f"The document is <{document.root[:40]}>, not a feed." if document.root else "The answer is no feed."
    )
