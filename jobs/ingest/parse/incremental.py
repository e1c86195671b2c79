"""Incremental parsing: of a feed that has changed, only the new items are parsed. Pure.

Most items of a changed feed are old. The meaning of a well-formed item depends only on its own text and on
the tags with attributes around it (namespaces, `xml:base`, `xml:lang`); if that may not hold, the whole
document is parsed.
"""

import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from jobs.ingest.parse.item import ItemExcerpt, SkippedItem, build_item, make_excerpt
from jobs.ingest.parse.model import ParsedFeed, ParsedItem, ParseFailed
from jobs.ingest.parse.repair import RepairedDocument
from jobs.ingest.parse.rss_atom import FeedDocument, build_feed, split_document

_NAME = re.compile(r"<([\w:.-]+)")
_WITH_ATTRIBUTES = re.compile(r"<[^<>=]+=[^<>]*>")
#: Items with these may change how feedparser reads the following ones.
_CONTEXT_DEPENDENT = re.compile(r"xmlns:|\bxml:|<(?:[\w-]+:)?svg\b")


@dataclass(frozen=True, slots=True)
class ParseCache:
    """Parsed items by the digests of their text, and the feed's language when they were parsed."""

    language: str = ""
    items: Mapping[bytes, tuple[ItemExcerpt, ParsedItem | SkippedItem]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Pickle the cache; b"" if it is empty."""
        return pickle.dumps((self.language, dict(self.items)), pickle.HIGHEST_PROTOCOL) if self.items else b""

    @classmethod
    def from_bytes(cls, packed: bytes) -> "ParseCache":
        """Unpickle a cache from `to_bytes`."""
        return cls(*pickle.loads(packed)) if packed else cls()  # noqa: S301  # our own


def parse_xml_feed(
    document: RepairedDocument, url: str, before: ParseCache
) -> tuple[ParsedFeed | ParseFailed, ParseCache]:
    """Parse a repaired document from `url`; return the feed and the next cache."""
    keys = _item_digests(document, url)
    return _parse_new_items(document, url, keys, before) or _parse_whole(document, url, keys)


def _parse_whole(
    document: RepairedDocument, url: str, keys: Sequence[bytes]
) -> tuple[ParsedFeed | ParseFailed, ParseCache]:
    found = split_document(document.text, url)
    if isinstance(found, ParseFailed):
        return found, ParseCache()
    leads = [make_excerpt(raw) for raw in found.items]
    language = found.detect_language(leads)
    items = [build_item(raw, language) for raw in found.items]
    apart = found.is_well_formed and len(keys) == len(items)
    known = dict(zip(keys, zip(leads, items, strict=True), strict=True)) if apart else {}
    return build_feed(found, document.text, url, language, leads, items), ParseCache(language, known)


def _parse_new_items(
    document: RepairedDocument, url: str, keys: Sequence[bytes], before: ParseCache
) -> tuple[ParsedFeed, ParseCache] | None:
    """Parse only the new items of a document; None if it must be parsed whole."""
    fresh = [at for at, key in enumerate(keys) if key not in before.items]
    if not keys or len(fresh) == len(keys):
        return None
    wanted = {at * 2 + 1 for at in fresh}
    text = "".join(part for at, part in enumerate(document.parts) if at % 2 == 0 or at in wanted)
    found = split_document(text, url)
    if not isinstance(found, FeedDocument) or not found.is_well_formed or len(found.items) != len(fresh):
        return None
    begins = {keys[at]: make_excerpt(raw) for at, raw in zip(fresh, found.items, strict=True)}
    leads = [begins[key] if key in begins else before.items[key][0] for key in keys]
    if found.detect_language(leads) != before.language:
        return None
    read = {keys[at]: build_item(raw, before.language) for at, raw in zip(fresh, found.items, strict=True)}
    items = [read[key] if key in read else before.items[key][1] for key in keys]
    known = dict(zip(keys, zip(leads, items, strict=True), strict=True))
    return build_feed(found, document.text, url, before.language, leads, items), replace(before, items=known)


def _item_digests(document: RepairedDocument, url: str) -> list[bytes]:
    """A digest of each item and its context; [] if items cannot be separated safely."""
    items, between = document.parts[1::2], document.parts[::2]
    names = {match[1] if (match := _NAME.match(item)) else "" for item in items}
    if len(names) != 1 or any(_CONTEXT_DEPENDENT.search(item) for item in items):
        return []
    around = "\0".join((url, *(tag for part in between for tag in _WITH_ATTRIBUTES.findall(part))))
    context = blake2b(around.encode("utf-8", "surrogatepass"), digest_size=32).digest()
    return [
        blake2b(item.encode("utf-8", "surrogatepass"), digest_size=16, key=context).digest() for item in items
    ]
