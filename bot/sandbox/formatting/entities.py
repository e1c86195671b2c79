"""Normalizes a text and its entities as Telegram does: cleaned, trimmed, entities sorted and split.

An `Entity` counts in UTF-16 code units, as the Bot API does. The rules (which entities may nest, which are
split and merged, what is trimmed) are those of TDLib's MessageEntity.cpp, `fix_formatted_text`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox.api_error import bad_request

#: May overlap anything but code: split where other entities begin and end, merged where they touch.
SPLITTABLE = ("bold", "italic", "underline", "strikethrough", "spoiler")
QUOTES = frozenset({"blockquote", "expandable_blockquote"})
CODE = frozenset({"code", "pre", "date_time"})
MOST_ENTITIES = 100

_ORDER = {"blockquote": 0, "expandable_blockquote": 0, "pre": 10, "code": 20, "date_time": 30}
_ORDER |= {"text_link": 49, "text_mention": 49, "custom_emoji": 99}
_ORDER |= {name: 90 + place for place, name in enumerate(SPLITTABLE)}
_REMOVED = dict.fromkeys([0x0D, *range(0x2028, 0x202F), 0x333, 0x33F, 0x30A])
_REPLACEMENTS = _REMOVED | {code: " " for code in range(33) if code not in (0x0A, 0x0D)}
_TO_CLEAN = re.compile("[\x00-\x09\x0b-\x1f\u2028-\u202e\u0333\u033f\u030a]")
_BLANK = re.compile(
    "[ \n\u1680\u180e\u2000-\u200f\u202e\u202f\u205f\u2800\u3000\ufffc\ufeff\u00a0\U000e0000-\U000e007f]*"
)


@dataclass(frozen=True, slots=True)
class Entity:
    """A formatted span of a text; `offset` and `length` in UTF-16 code units."""

    type: str
    offset: int
    length: int
    url: str = ""
    language: str = ""
    user_id: int = 0
    custom_emoji_id: str = ""

    @property
    def end(self) -> int:
        return self.offset + self.length

    def to_json(self) -> dict[str, Any]:
        given: dict[str, Any] = {"type": self.type, "offset": self.offset, "length": self.length}
        if self.url:
            given["url"] = self.url
        if self.language:
            given["language"] = self.language
        if self.user_id:
            given["user"] = {"id": self.user_id, "is_bot": False, "first_name": ""}
        if self.custom_emoji_id:
            given["custom_emoji_id"] = self.custom_emoji_id
        return given


@dataclass(frozen=True, slots=True)
class FormattedText:
    """A text as Telegram stores it: plain, with its entities."""

    plain: str = ""
    entities: tuple[Entity, ...] = ()


NO_TEXT = FormattedText()


def utf16_length(text: str) -> int:
    """The length in UTF-16 code units: a character outside the Basic Multilingual Plane counts as two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def sort_entities(entities: Iterable[Entity]) -> list[Entity]:
    """Sorted by offset, then the longer first, then by type."""
    return sorted(entities, key=lambda e: (e.offset, -e.length, _ORDER.get(e.type, 50)))


def format_text(plain: str, entities: Iterable[Entity] = ()) -> FormattedText:
    """Clean and trim the text and fix its entities; a text of blanks alone becomes empty."""
    marks = fix_entities(e for e in entities if e.length > 0)
    if _TO_CLEAN.search(plain):
        plain, marks = _replace_controls(plain, marks)
    plain, marks = _trim_blanks(plain, marks)
    found = _BLANK.match(plain)
    if found and found.end() == len(plain):
        return FormattedText()
    return FormattedText(plain, tuple(marks))


def fix_entities(entities: Iterable[Entity]) -> list[Entity]:
    """Entities without conflicts: of two that overlap, the earlier one wins, then the longer one."""
    marks = sort_entities(entities)
    if len(marks) < 2:
        return marks
    solid = _drop_overlapping([e for e in marks if e.type not in SPLITTABLE and e.type not in QUOTES])
    quotes = _drop_overlapping([e for e in marks if e.type in QUOTES])
    kept = sort_entities(
        [*(e for e in solid if not any(_crosses_quote(e, quote) for quote in quotes)), *quotes]
    )
    loose = [e for e in marks if e.type in SPLITTABLE]
    return sort_entities([*kept, *_EntitySplitter(loose).split_around(kept)])


def add_detected(text: FormattedText, found: Iterable[Entity]) -> FormattedText:
    """Add the entities that Telegram detects itself (links, hashtags) outside the given ones."""
    solid = [e for e in text.entities if e.type not in SPLITTABLE and e.type not in QUOTES]
    quotes = [e for e in text.entities if e.type in QUOTES]
    new = [
        e
        for e in found
        if not any(e.offset < other.end and other.offset < e.end for other in solid)
        and not any(_crosses_quote(e, quote) for quote in quotes)
    ]
    return FormattedText(text.plain, tuple(fix_entities([*text.entities, *new]))) if new else text


def check_unicode(text: str) -> None:
    """Raise ApiError for lone surrogates, which UTF-8 cannot encode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _drop_overlapping(entities: list[Entity]) -> list[Entity]:
    kept: list[Entity] = []
    for entity in entities:
        if not kept or entity.offset >= kept[-1].end:
            kept.append(entity)
    return kept


def _crosses_quote(entity: Entity, quote: Entity) -> bool:
    if quote.end <= entity.offset or entity.end <= quote.offset:
        return False
    return entity.offset < quote.offset or quote.end < entity.end


class _EntitySplitter:
    """Splits bold, italic and the like at the boundaries of other entities, and keeps them out of code."""

    def __init__(self, loose: list[Entity]) -> None:
        self._waiting = loose[::-1]
        self._open: dict[str, tuple[int, int]] = {}
        self._cut: list[Entity] = []

    def split_around(self, others: list[Entity]) -> list[Entity]:
        nested: list[Entity] = []
        for other in others:
            self._close_until(nested, other.offset)
            nested.append(other)
        self._close_until(nested, 1 << 30)
        return self._cut

    def _close_until(self, nested: list[Entity], offset: int) -> None:
        while nested and offset >= nested[-1].end:
            before = len(self._cut)
            self._open_until(nested[-1].end)
            if nested.pop().type in CODE:
                del self._cut[before:]
        self._open_until(offset)

    def _open_until(self, end: int) -> None:
        while self._waiting and self._waiting[-1].offset < end:
            entity = self._waiting.pop()
            span = self._open.get(entity.type)
            if span and entity.offset <= span[1]:
                self._open[entity.type] = (span[0], max(span[1], entity.end))
            else:
                self._emit_until(entity.offset)
                self._open[entity.type] = (entity.offset, entity.end)
        self._emit_until(end)

    def _emit_until(self, offset: int) -> None:
        for kind in SPLITTABLE:
            begin, end = self._open.get(kind, (offset, offset))
            if begin >= offset:
                continue
            if end <= offset:
                del self._open[kind]
            else:
                self._open[kind] = (offset, end)
            self._cut.append(Entity(kind, begin, min(end, offset) - begin))


def _replace_controls(plain: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Replace control characters with spaces, and shift the entities behind those that Telegram removes."""
    if not entities:
        return plain.translate(_REPLACEMENTS), entities
    gone: list[int] = []
    place = 0
    for character in plain:
        if ord(character) in _REMOVED:
            gone.append(place)
        place += 2 if ord(character) > 0xFFFF else 1

    def shift_offset(offset: int) -> int:
        return offset - sum(1 for at in gone if at < offset)

    cut = [
        replace(e, offset=shift_offset(e.offset), length=shift_offset(e.end) - shift_offset(e.offset))
        for e in entities
    ]
    return plain.translate(_REPLACEMENTS), fix_entities(e for e in cut if e.length > 0)


def _trim_blanks(plain: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Strip trailing blanks, and leading ones that no entity covers."""
    if not plain or (plain[0] not in " \n" and plain[-1] not in " \n"):
        return plain, entities
    plain = plain.rstrip(" \n")
    end = utf16_length(plain)
    kept = sort_entities(replace(e, length=min(e.end, end) - e.offset) for e in entities if e.offset < end)
    first = min((e.offset for e in kept), default=len(plain))
    blanks = len(plain) - len(plain.lstrip(" \n"))
    lead = min(blanks, first)
    return plain[lead:], [replace(e, offset=e.offset - lead) for e in kept]
