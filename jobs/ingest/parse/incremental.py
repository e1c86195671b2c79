"""A feed read again: only the items that it did not have before are taken apart. Pure.

Of a feed that has something new nearly all is old. What a well-formed item says depends on its own text
and on the tags with attributes around it (name spaces, `xml:base`, `xml:lang`), and on nothing else; where
this may not be so, the whole document is read.
"""

import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from jobs.ingest.parse.item import Lead, Left, lead, read_item
from jobs.ingest.parse.model import ParsedFeed, ParsedItem, ParseFailed
from jobs.ingest.parse.repair import Repaired
from jobs.ingest.parse.rss_atom import Document, put_together, take_apart

_NAME = re.compile(r"<([\w:.-]+)")
_WITH_ATTRIBUTES = re.compile(r"<[^<>=]+=[^<>]*>")
#: Items with these may change how feedparser reads the ones behind them.
_LEAKS = re.compile(r"xmlns:|\bxml:|<(?:[\w-]+:)?svg\b")


@dataclass(frozen=True, slots=True)
class Memory:
    """A feed's items by the digests of their text, as they were read when its language was this."""

    language: str = ""
    items: Mapping[bytes, tuple[Lead, ParsedItem | Left]] = field(default_factory=dict)

    def packed(self) -> bytes:
        """As bytes, for whoever keeps it; b"" for an empty one."""
        return pickle.dumps((self.language, dict(self.items)), pickle.HIGHEST_PROTOCOL) if self.items else b""

    @classmethod
    def unpacked(cls, packed: bytes) -> "Memory":
        """What `packed` made, in this very program."""
        return cls(*pickle.loads(packed)) if packed else cls()  # noqa: S301  # our own


def read_xml(document: Repaired, url: str, before: Memory) -> tuple[ParsedFeed | ParseFailed, Memory]:
    """The feed in a repaired document from `url`, and what helps to read it again."""
    keys = _keys(document, url)
    return _new_items(document, url, keys, before) or _whole(document, url, keys)


def _whole(document: Repaired, url: str, keys: Sequence[bytes]) -> tuple[ParsedFeed | ParseFailed, Memory]:
    found = take_apart(document.text, url)
    if isinstance(found, ParseFailed):
        return found, Memory()
    leads = [lead(raw) for raw in found.items]
    language = found.language(leads)
    items = [read_item(raw, language) for raw in found.items]
    apart = found.sound and len(keys) == len(items)
    known = dict(zip(keys, zip(leads, items, strict=True), strict=True)) if apart else {}
    return put_together(found, document.text, url, language, leads, items), Memory(language, known)


def _new_items(
    document: Repaired, url: str, keys: Sequence[bytes], before: Memory
) -> tuple[ParsedFeed, Memory] | None:
    """The same for a document most of whose items are known; None where it must be read whole."""
    fresh = [at for at, key in enumerate(keys) if key not in before.items]
    if not keys or len(fresh) == len(keys):
        return None
    wanted = {at * 2 + 1 for at in fresh}
    text = "".join(part for at, part in enumerate(document.parts) if at % 2 == 0 or at in wanted)
    found = take_apart(text, url)
    if not isinstance(found, Document) or not found.sound or len(found.items) != len(fresh):
        return None
    begins = {keys[at]: lead(raw) for at, raw in zip(fresh, found.items, strict=True)}
    leads = [begins[key] if key in begins else before.items[key][0] for key in keys]
    if found.language(leads) != before.language:
        return None
    read = {keys[at]: read_item(raw, before.language) for at, raw in zip(fresh, found.items, strict=True)}
    items = [read[key] if key in read else before.items[key][1] for key in keys]
    known = dict(zip(keys, zip(leads, items, strict=True), strict=True))
    return put_together(found, document.text, url, before.language, leads, items), replace(
        before, items=known
    )


def _keys(document: Repaired, url: str) -> list[bytes]:
    """A digest for each item and all that it depends on; none where items are not sure to be apart."""
    items, between = document.parts[1::2], document.parts[::2]
    names = {match[1] if (match := _NAME.match(item)) else "" for item in items}
    if len(names) != 1 or any(_LEAKS.search(item) for item in items):
        return []
    around = "\0".join((url, *(tag for part in between for tag in _WITH_ATTRIBUTES.findall(part))))
    context = blake2b(around.encode("utf-8", "surrogatepass"), digest_size=32).digest()
    return [
        blake2b(item.encode("utf-8", "surrogatepass"), digest_size=16, key=context).digest() for item in items
    ]
