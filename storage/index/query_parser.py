"""The search grammar: words, "phrases", -exclusions, section:, from: and to: dates. Pure.

Whatever a reader types means something: what is not grammar is words.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import regex

from storage.text.normalize import normalize_text

#: Characters and words of a query that are read.
MAX_LENGTH = 300
MAX_WORDS = 32

_PARTS = regex.compile(
    r"(?P<minus>(?<!\S)[-−–])?(?:(?P<field>section|from|to)\s?:\s?(?P<value>\"[^\"]*\"|\S+)"
    r"|[\"“”„«»](?P<phrase>[^\"“”„«»]*)(?:[\"“”„«»]|$)|(?P<word>[^\s\"“”„«»]+))",
    regex.IGNORECASE,
)
_DATE = regex.compile(r"(\d{4})(?:[-./](\d{1,2})(?:[-./](\d{1,2}))?)?")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A parsed search query."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()  #: words and phrases that must not be there
    sections: tuple[str, ...] = ()  #: one of these
    start: datetime | None = None  #: published at or after
    end: datetime | None = None  #: published before


def parse_query(typed: str) -> SearchQuery:
    """Parse what was typed. Never fails; an invalid date is a word like others."""
    words: list[str] = []
    phrases: list[str] = []
    without: list[str] = []
    sections: list[str] = []
    start: datetime | None = None
    end: datetime | None = None
    for part in list(_PARTS.finditer(normalize_text(typed[:MAX_LENGTH])))[:MAX_WORDS]:
        name = (part["field"] or "").lower()
        value = (part["value"] or "").strip('"')
        days = _parse_period(value) if name in ("from", "to") else None
        if name == "section" and value:
            sections.append(value)
        elif days and name == "from":
            start = days[0]
        elif days:
            end = days[1]
        elif part["phrase"] is not None:
            (without if part["minus"] else phrases).append(part["phrase"].strip())
        else:
            (without if part["minus"] and part["word"] else words).append(part["word"] or part.group())
    return SearchQuery(tuple(words), _drop_empty(phrases), _drop_empty(without), tuple(sections), start, end)


def _drop_empty(texts: list[str]) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _parse_period(value: str) -> tuple[datetime, datetime] | None:
    """The first moment of a day, month or year and the first one after it, in UTC."""
    match = _DATE.fullmatch(value)
    if match is None:
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    try:
        first = datetime(year, month or 1, day or 1, tzinfo=UTC)
        if day:
            return first, first + timedelta(days=1)
        last = month or 12
        return first, datetime(year, last, calendar.monthrange(year, last)[1], tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
