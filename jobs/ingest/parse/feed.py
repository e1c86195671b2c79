"""Parse a body: decode it, repair it, and use the parser for its format. Pure."""

from dataclasses import replace

from jobs.ingest.parse.encoding import decode_body
from jobs.ingest.parse.incremental import ParseCache, parse_xml_feed
from jobs.ingest.parse.jsonfeed import parse_json_feed
from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from jobs.ingest.parse.repair import RepairedDocument, repair_document
from jobs.ingest.parse.sitemap import parse_sitemap

_FEED_ROOTS = {"rss", "feed", "rdf", "channel"}
_CHALLENGES = (
    "cf-chl",
    "_cf_chl",
    "just a moment",
    "challenge-platform",
    "ddos-guard",
    "captcha",
    "enable javascript and cookies",
)


def parse_feed(body: bytes, charset: str = "", url: str = "") -> ParsedFeed | ParseFailed:
    """Parse the feed in `body`, fetched from `url` with `charset` in its header; say why if there is none."""
    return parse_feed_cached(body, charset, url, b"")[0]


def parse_feed_cached(
    body: bytes, charset: str, url: str, memory: bytes
) -> tuple[ParsedFeed | ParseFailed, bytes]:
    """Parse faster with the cache (`memory`) of the previous parse; return the next cache too."""
    text = decode_body(body, charset)
    if not text.strip("\ufeff\0 \t\r\n"):
        return ParseFailed(f"The response is empty ({len(body)} bytes)."), b""
    if text.lstrip("\ufeff \t\r\n")[:1] in "{[":
        return _add_cut(parse_json_feed(text.lstrip("\ufeff"), url), ""), b""
    document = repair_document(text)
    if document.root.lower() in _FEED_ROOTS:
        found, after = parse_xml_feed(document, url, ParseCache.from_bytes(memory))
        return _add_cut(found, document.cut), after.to_bytes()
    if document.root == "urlset":
        return _add_cut(parse_sitemap(document.text, url), document.cut), b""
    return ParseFailed(_describe_non_feed(document, text)), b""


def _add_cut(found: ParsedFeed | ParseFailed, cut: str) -> ParsedFeed | ParseFailed:
    if isinstance(found, ParseFailed):
        return found
    if cut and not found.items:
        return ParseFailed("The feed was cut off before its first whole item.")
    return replace(found, cut=cut) if cut else found


def _describe_non_feed(document: RepairedDocument, text: str) -> str:
    start = text[:20_000].lower()
    if document.is_page or document.root.lower() == "html":
        if any(mark in start for mark in _CHALLENGES):
            return "The response is a challenge page for robots, not a feed."
        return "The response is a web page, not a feed."
    if document.root == "sitemapindex":
        return "The document is an index of sitemaps; give the news sitemap itself."
    return (
        f"The document is <{document.root[:40]}>, not a feed."
        if document.root
        else "The response is not a feed."
    )
