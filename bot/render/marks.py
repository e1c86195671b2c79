"""Our own marks in a post, and detection of feeds' text that imitates them; pure.

Readers trust "🔴 Breaking", "Updated 14:05", "Read the full story" and "This article was withdrawn", so no
feed may write them. They are detected in every language, in any case, width, spacing, digits and accents.
"""

import re
import unicodedata
from functools import cache, lru_cache

import regex

from bot.locale import available_languages, translator_for, unquote_text

BREAKING_SIGN = "🔴"

_INVISIBLE = regex.compile(r"[\p{Cf}\p{Cc}\ufe00-\ufe0f\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]")
_ACCENTS = re.compile("[\u0300-\u036f\u20d0-\u20f0]")
_OTHERS = regex.compile(r"[^\p{L}\p{M}\p{N}]")
#: Letters that look like the Latin ones of our marks (Unicode, confusables.txt).
_CONFUSABLES = str.maketrans("аеорсуіѕһԁьвгкпνυταορικηɡıԍոս", "aeopcyishdbbrknvutaopikngignu")
_SEPARATORS = re.compile(r"\s*[·•‧∙・⋅|¦‖]\s*")
#: A time in a skeleton; a day with a number may come before it.
_TIME = "0time0"
_CLOCK = re.compile(r"\d{1,2}\s*[:.h]\s*\d{2}(?:\s*[ap]\.?m\b\.?)?")
_DAY_AND_TIME = rf"(?:\w{{0,16}}0{{1,4}}\w{{0,16}})?{_TIME}"
_GAP = r"\p{Z}\p{Cf}\p{M}"
_SIGN = regex.compile(rf"(?:[{_GAP}\p{{P}}]*{BREAKING_SIGN})+[{_GAP}]*")
_LABEL_END = regex.compile(rf"[{_GAP}]*(?:$|(?:[:|·•!?။၊)\]】»]+|[.,–—-]+(?=[{_GAP}]|$))[{_GAP}:|·•!–—-]*)")
_LONGEST_MARK = 40  #: characters of a mark that has no time
_LONGEST_PART = 150  #: characters of text that could imitate one with a time


def without_sign(text: str) -> str:
    """`text` without our sign for breaking news at its start, however often it is repeated."""
    while BREAKING_SIGN in text and (found := _SIGN.match(text)):
        text = _without_label(text[found.end() :])
    return text


def _without_label(text: str) -> str:
    """`text` without a leading "Breaking:" in any language, if it is a label and not part of a sentence."""
    for word in _mark_skeletons("Breaking"):
        for end in range(1, min(len(text), _LONGEST_MARK) + 1):
            behind = _LABEL_END.match(text, end)
            if behind and _text_skeleton(text[:end]) == word:
                return text[behind.end() :]
    return text


@lru_cache(4096)
def is_mark_like(name: str) -> bool:
    """Whether a section's name would look like one of our marks, or like a time, in the meta line."""
    parts = [part for part in map(_text_skeleton, _SEPARATORS.split(name)) if part]
    return any(part == _TIME or _mark_pattern("(?:.*0.*)?").fullmatch(part) for part in parts)


def without_marks(standfirst: str) -> str:
    """A standfirst without the parts that imitate our meta line or our sentences."""
    parts = _SEPARATORS.split(standfirst)
    kept = [part for part in parts if not _is_part_mark_like(part, len(parts) > 1)]
    return standfirst if len(kept) == len(parts) else " · ".join(kept)


def _is_part_mark_like(part: str, among_others: bool) -> bool:
    if len(part) > _LONGEST_PART:
        return False
    said = _text_skeleton(part)
    is_time = among_others and re.fullmatch(_DAY_AND_TIME, said)
    return bool(is_time or _mark_pattern(_DAY_AND_TIME).fullmatch(said))


@cache
def _mark_pattern(time: str) -> re.Pattern[str]:
    """A pattern of the skeletons of all our marks; `time` is the pattern for a time in them."""
    messages = ("Breaking", "Read the full story", "Updated {time}", "This article was withdrawn ({time}).")
    marks = (mark.replace(_TIME, time) for message in messages for mark in _mark_skeletons(message))
    return re.compile("|".join(marks))


@cache
def _mark_skeletons(message: str) -> tuple[str, ...]:
    """The skeletons of a message in all languages, with `_TIME` for the time."""
    said = (translator_for(language)(message, time=_TIME) for language in available_languages())
    return tuple(dict.fromkeys(map(_text_skeleton, said)))


def _text_skeleton(text: str) -> str:
    """`text` as it looks: one width and case, no accents, `_TIME` for a time, 0 for a digit."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", unquote_text(text))).casefold()
    text = _ACCENTS.sub("", unicodedata.normalize("NFD", text)).translate(_CONFUSABLES)
    text = _OTHERS.sub("", unicodedata.normalize("NFC", _CLOCK.sub(_TIME, text)))
    return "".join("0" if letter.isdigit() else letter for letter in text)
