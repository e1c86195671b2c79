"""Parse RSS 0.9x, 1.0 and 2.0, and Atom 0.3 and 1.0, with feedparser."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any, cast
from urllib.parse import urljoin

import feedparser

from jobs.ingest.content import clean, images
from jobs.ingest.content.links import reader_link
from jobs.ingest.parse.item import (
    ItemExcerpt,
    RawItem,
    RawText,
    SkippedItem,
    convert_feed_title,
    guess_feed_language,
    list_omissions,
)
from jobs.ingest.parse.model import ParsedFeed, ParsedItem, ParseFailed

#: feedparser confuses the title and description of media with those of the item (its issue 195).
_MEDIA_WORDS = re.compile(r"<(/?)media:(title|description)\b[^<>]*?(/?)>")
_HOURS = re.compile(r"<skipHours>(.*?)</skipHours>", re.DOTALL | re.IGNORECASE)
_DAYS = re.compile(r"<skipDays>(.*?)</skipDays>", re.DOTALL | re.IGNORECASE)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720, "yearly": 8760}
#: A ttl outside this range is an error.
_MIN_TTL, _MAX_TTL = timedelta(minutes=1), timedelta(hours=24)
_HTML_TYPES = {"text/html", "application/xhtml+xml"}

#: Otherwise each parse searches the import path for a parser that is not installed.
feedparser.api.PREFERRED_XML_PARSERS.clear()

FeedparserDict = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A document as feedparser parsed it, with items that are not cleaned yet."""

    format: str
    feed: FeedparserDict
    items: tuple[RawItem, ...]
    is_well_formed: bool  #: so that no item is affected by errors in another one

    def detect_language(self, leads: Sequence[ItemExcerpt]) -> str:
        """The feed's language, by its own claim and the starts of its items."""
        return guess_feed_language(str(self.feed.get("language") or ""), leads)


def split_document(text: str, url: str) -> FeedDocument | ParseFailed:
    """Parse a repaired document that was fetched from `url` into raw items."""
    source = _MEDIA_WORDS.sub(r"<\1media:its\2\3>", text).encode("utf-8", "replace")
    headers = {"content-type": "application/xml; charset=utf-8"}
    # BytesIO, because feedparser may open a string as a file or a URL
    found = feedparser.parse(
        BytesIO(source), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
    )
    version = str(found.get("version") or "")
    if not version and not found.entries:
        return ParseFailed("The document is XML, but not a known feed format.")
    return FeedDocument(
        version,
        found.feed,
        tuple(_entry_to_raw(entry, url, version) for entry in found.entries),
        not found.bozo,
    )


def build_feed(
    document: FeedDocument,
    text: str,
    url: str,
    language: str,
    leads: Sequence[ItemExcerpt],
    items: Sequence[ParsedItem | SkippedItem],
) -> ParsedFeed:
    """Build the feed in the repaired `text` from `url`, from its items and their excerpts."""
    feed = document.feed
    title = clean.clean_title(str(feed.get("title") or ""), _is_html(feed.get("title_detail")))
    return ParsedFeed(
        items=tuple(item for item in items if isinstance(item, ParsedItem)),
        omissions=list_omissions(items),
        format=document.format,
        title=convert_feed_title(title, leads),
        link=reader_link(str(feed.get("link") or ""), url),
        language=language[:35],
        hubs=tuple(_links_by_rel(feed, "hub")),
        topic=next(iter(_links_by_rel(feed, "self")), ""),
        ttl=_requested_ttl(feed),
        skip_hours=_skip_hours(text),
        skip_days=_skip_days(text),
    )


def _entry_to_raw(entry: FeedparserDict, url: str, version: str) -> RawItem:
    content: FeedparserDict = next((one for one in entry.get("content") or () if one.get("value")), {})
    detail = entry.get("title_detail") or {}
    base = urljoin(url, str(content.get("base") or detail.get("base") or ""))
    in_html = _is_html(detail) or (
        not version.startswith("atom") and clean.has_tags(str(entry.get("title") or ""))
    )
    return RawItem(
        guid=str(entry.get("id") or ""),
        links=_entry_links(entry),
        base=base,
        title=RawText(str(entry.get("title") or ""), in_html),
        summary=_entry_summary(entry),
        content=RawText(str(content.get("value") or ""), _is_html(content, True)),
        author=_entry_author(entry),
        sections=[str(tag.get("label") or tag.get("term") or "") for tag in entry.get("tags") or ()],
        language=str(entry.get("language") or ""),
        published=[_own_date(entry, name) for name in ("published", "created", "updated")],
        updated=_own_date(entry, "updated"),
        pictures=[[one for one in source if one] for source in _entry_images(entry, base)],
    )


def _own_date(entry: FeedparserDict, name: str) -> str:
    """A date of the entry itself; by default feedparser returns `published` for a missing `updated`."""
    return str(dict.get(cast(dict[str, Any], entry), name) or "")


def _is_html(detail: Mapping[str, Any] | None, default: bool = False) -> bool:
    return (detail or {}).get("type", "text/html" if default else "") in _HTML_TYPES


def _entry_summary(entry: FeedparserDict) -> RawText:
    detail = entry.get("summary_detail") or {}
    if entry.get("summary"):
        return RawText(str(entry["summary"]), _is_html(detail, True))
    return RawText(str(entry.get("media_itsdescription") or entry.get("subtitle") or ""), False)


def _entry_author(entry: FeedparserDict) -> str:
    """The author's name; in RSS, `author` is an email address with the name in brackets."""
    author = str((entry.get("author_detail") or {}).get("name") or entry.get("author") or "")
    named = re.fullmatch(r"\S+@\S+\s+\((.+)\)", author)
    return named[1] if named else "" if re.fullmatch(r"\S+@\S+", author) else author


def _entry_links(entry: FeedparserDict) -> list[str]:
    """The article's links in order of preference, web pages first."""
    alternates = [one for one in entry.get("links") or () if one.get("rel", "alternate") == "alternate"]
    pages = sorted(alternates, key=lambda one: one.get("type") not in (None, "", *_HTML_TYPES))
    found = [*(one.get("href") for one in pages), entry.get("link"), entry.get("feedburner_origlink")]
    guid = entry.get("id")  # feedparser may return the guid as the link; then it must be absolute
    return [str(link) for link in found if link and (link != guid or "://" in link)]


def _links_by_rel(feed: FeedparserDict, rel: str) -> Iterable[str]:
    for link in feed.get("links") or ():
        if link.get("rel") == rel and link.get("href"):
            yield str(link["href"])


def _entry_images(entry: FeedparserDict, base: str) -> Iterable[Iterable[images.ImageCandidate | None]]:
    """The item's images, in order of trust (measured on 4,245 items of news feeds)."""
    yield [
        images.make_candidate(
            str(one.get("url", "")),
            base,
            one.get("width", 0),
            one.get("height", 0),
            one.get("isdefault") == "true",
        )
        for one in entry.get("media_content") or ()
        if images.is_image(str(one.get("url", "")), str(one.get("type", "")), str(one.get("medium", "")))
    ]
    yield [
        images.make_candidate(str(one.get("href", "")), base)
        for one in entry.get("links") or ()
        if one.get("rel") == "enclosure"
        and images.is_image(str(one.get("href", "")), str(one.get("type", "")))
    ]
    yield [
        images.make_candidate(str(one.get("url", "")), base, one.get("width", 0), one.get("height", 0))
        for one in entry.get("media_thumbnail") or ()
    ]
    image = entry.get("image")
    yield [images.make_candidate(str(image.get("href", "")), base)] if isinstance(image, Mapping) else []


def _requested_ttl(feed: FeedparserDict) -> timedelta | None:
    """How long the feed wants us to wait: its ttl in minutes, or its syndication period."""
    asked = None
    ttl = str(feed.get("ttl") or "").strip()
    if ttl.isascii() and ttl.isdigit() and len(ttl) < 8:
        asked = timedelta(minutes=int(ttl))
    period = _PERIODS.get(str(feed.get("sy_updateperiod") or "").strip().lower())
    if asked is None and period:
        times = str(feed.get("sy_updatefrequency") or "1").strip()
        often = int(times) if times.isascii() and times.isdigit() and 0 < len(times) < 6 else 1
        asked = timedelta(hours=period) / max(often, 1)
    return min(asked, _MAX_TTL) if asked and asked >= _MIN_TTL else None


def _skip_hours(text: str) -> frozenset[int]:
    hours = _skip_values(_HOURS, "hour", text)
    return frozenset(
        int(hour) % 24 for hour in hours if hour.isascii() and hour.isdigit() and int(hour) <= 24
    )


def _skip_days(text: str) -> frozenset[int]:
    days = [day.lower() for day in _skip_values(_DAYS, "day", text)]
    return frozenset(_WEEK.index(day) for day in days if day in _WEEK)


def _skip_values(pattern: re.Pattern[str], name: str, text: str) -> Sequence[str]:
    found = pattern.search(text)
    return re.findall(rf"<{name}>\s*(\w{{1,10}})\s*</{name}>", found[1][:5000]) if found else []
