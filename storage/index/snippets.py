"""Snippets: the places of a query's terms in a text, and the part of it with most of them."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

import regex

from storage.index.analyzer import find_places
from storage.text.normalize import normalize_text
from storage.text.shorten import cut_before, cut_positions

#: Characters of a text that are searched for a snippet.
MAX_LENGTH = 8_000
_CLUSTER = regex.compile(r"\X")
_PAUSE = regex.compile(r"[.!?။;\n]\s*|[၊,]\s")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a text, with the places (code points, start and end) of the matched words."""

    text: str
    marks: tuple[Span, ...] = ()


def find_marks(text: str, keys: frozenset[str], language: str) -> tuple[Span, ...]:
    """The places in `text` of the terms in `keys`, in order; neighbours are joined."""
    tidied, places = _normalized_with_places(text)
    joined: list[Span] = []
    for start, end in sorted(find_places(keys, tidied, language)):
        first, last = places[start], places[end]
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def make_snippet(text: str, keys: frozenset[str], language: str, length: int = 160) -> Snippet:
    """About `length` characters of `text` that hold most of `keys`; its beginning if it has none."""
    text = text[:MAX_LENGTH]
    found = find_marks(text, keys, language)
    start, end = _choose_window(text, found, length)
    shown = tuple((max(a, start) - start, min(b, end) - start) for a, b in found if a < end and b > start)
    before, after = "… " if start > 0 else "", " …" if end < len(text) else ""
    shift = len(before)
    return Snippet(
        f"{before}{text[start:end]}{after}".replace("\n", " "),
        tuple((a + shift, b + shift) for a, b in shown),
    )


def _normalized_with_places(text: str) -> tuple[str, list[int]]:
    """The tidied text, and for each of its characters (and its end) where it came from."""
    if text.isascii():
        return text, list(range(len(text) + 1))
    letters = [*map(_normalize_cached, text)]
    if "".join(letters) == normalize_text(text):  # each by itself: no mark waits for its letter
        starts = list(range(len(text)))
    else:
        clusters = [*_CLUSTER.finditer(text)]
        letters = [normalize_text(cluster.group()) for cluster in clusters]
        starts = [cluster.start() for cluster in clusters]
    places = [start for start, part in zip(starts, letters, strict=True) for _ in part]
    return "".join(letters), [*places, len(text)]


_normalize_cached = lru_cache(maxsize=8192)(normalize_text)


def _choose_window(text: str, found: tuple[Span, ...], length: int) -> Span:
    if len(text) <= length:
        return 0, len(text)
    starts = [a for a, _ in found]
    best = max(range(len(found)), key=lambda at: bisect_right(starts, starts[at] + length) - at, default=None)
    start = 0 if best is None or starts[best] < length // 2 else _good_start(text, starts[best] - length // 4)
    return start, _good_end(text, start + length)


def _good_start(text: str, wanted: int) -> int:
    """A place near `wanted` where a sentence, else a word, else a character begins."""
    cuts = set(cut_positions(text[: wanted + 100]))
    near = [match.end() for match in _PAUSE.finditer(text, max(0, wanted - 30), wanted + 40)]
    near += [match.end() for match in regex.finditer(r"\s+", text, pos=wanted, endpos=wanted + 40)]
    return next((start for start in near if start in cuts), None) or cut_before(text, wanted)


def _good_end(text: str, wanted: int) -> int:
    if wanted >= len(text):
        return len(text)
    space = text.rfind(" ", wanted - 30, wanted)
    return cut_before(text, space if space > 0 else wanted)
