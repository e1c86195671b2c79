"""Burmese in the old Zawgyi encoding: distinguished from Unicode, and converted as a whole.

Zawgyi puts glyphs, in the order in which they are seen, where Unicode has letters in the order in which they
are spoken. So each letter cluster is taken apart into its parts (what each code point draws: the font's own
chart, as also in CLDR's transform my-t-my-s0-zawgyi) and put together in the order that Unicode's technical
note 11 gives.
"""

import unicodedata
import warnings
from functools import cache
from typing import Any

import regex

_MYANMAR = regex.compile(r"\p{Myanmar}")
#: From this probability on a text is Zawgyi, and below its counterpart Unicode (the detector's own advice).
_CERTAINTY = 0.95

ASAT, VIRAMA, DOT, VISARGA, ANUSVARA = "\u103a", "\u1039", "\u1037", "\u1038", "\u1036"
YA, RA, WA, HA = "\u103b", "\u103c", "\u103d", "\u103e"
E, AI, AA, TALL_AA = "\u1031", "\u1032", "\u102c", "\u102b"
SHORT_I, LONG_I, SHORT_U, LONG_U = "\u102d", "\u102e", "\u102f", "\u1030"
#: A small nga above the next letter; one code point here while the parts are sorted.
_KINZI = "\ue000"


def _stacked(letter: int) -> str:
    return VIRAMA + chr(letter)


#: What each code point draws. Those left out are what they are in Unicode.
_DRAWN = {
    0x1033: SHORT_U, 0x1034: LONG_U, 0x1039: ASAT, 0x103A: YA, 0x103B: RA, 0x103C: WA, 0x103D: HA,
    0x105A: TALL_AA + ASAT, 0x1064: _KINZI, 0x106A: "\u1009", 0x106B: "\u100a",
    0x107D: YA, 0x1086: "\u103f", 0x1087: HA, 0x1088: HA + SHORT_U, 0x1089: HA + LONG_U, 0x108A: WA + HA,
    0x108B: _KINZI + SHORT_I, 0x108C: _KINZI + LONG_I, 0x108D: _KINZI + ANUSVARA, 0x108E: SHORT_I + ANUSVARA,
    0x108F: "\u1014", 0x1090: "\u101b", 0x1094: DOT, 0x1095: DOT,
    0x1060: _stacked(0x1000), 0x1061: _stacked(0x1001), 0x1062: _stacked(0x1002), 0x1063: _stacked(0x1003),
    0x1065: _stacked(0x1005), 0x1066: _stacked(0x1006), 0x1067: _stacked(0x1006), 0x1068: _stacked(0x1007),
    0x1069: _stacked(0x1008), 0x106C: _stacked(0x100B), 0x106D: _stacked(0x100C), 0x1070: _stacked(0x100F),
    0x1071: _stacked(0x1010), 0x1072: _stacked(0x1010), 0x1073: _stacked(0x1011), 0x1074: _stacked(0x1011),
    0x1075: _stacked(0x1012), 0x1076: _stacked(0x1013), 0x1077: _stacked(0x1014), 0x1078: _stacked(0x1015),
    0x1079: _stacked(0x1016), 0x107A: _stacked(0x1017), 0x107B: _stacked(0x1018), 0x107C: _stacked(0x1019),
    0x1085: _stacked(0x101C), 0x1093: _stacked(0x1018), 0x1096: _stacked(0x1010) + WA,
    0x106E: "\u100d\u1039\u100d", 0x106F: "\u100d\u1039\u100e", 0x1091: "\u100f\u1039\u100d",
    0x1092: "\u100b\u1039\u100c", 0x1097: "\u100b\u1039\u100b",
    **dict.fromkeys(range(0x107E, 0x1085), RA),
}  # fmt: skip
#: Parts in the order of Unicode's technical note 11, behind the letter and what is stacked below it. Where
#: the killer (asat) stands is decided apart: on the letter itself, or on its long vowel.
_ORDER = f"{YA}{RA}{WA}{HA}{E}{SHORT_I}{LONG_I}{AI}{SHORT_U}{LONG_U}{AA}{TALL_AA}{ANUSVARA}{DOT}{VISARGA}"
_BEHIND = "".join(sign for sign in _ORDER if sign not in (E, RA)) + ASAT + _KINZI
_MARKS = rf"[{_BEHIND}]|{VIRAMA}[\u1000-\u1021]"
#: One letter with all that is drawn around it; what stands before it is written before it.
_CLUSTER = regex.compile(
    rf"(?P<before>[{E}{RA}]*)(?P<letter>[\u1000-\u102a\u103f\u1040-\u1049\u104e](?:{VIRAMA}[\u1000-\u1021])?)"
    rf"(?P<marks>(?:\s?(?:{_MARKS}))*)"
)
_MARK = regex.compile(_MARKS)
#: A zero that stands in a word, with no digit beside it, is the letter wa.
_LONE_ZERO = regex.compile(r"(?<![\u1040-\u1049.,])\u1040(?=[\u1000-\u1021])")
#: Digits that are typed for the letters they look like.
_LOOKALIKES = {"\u1040": "\u101d", "\u1047": "\u101b"}


@cache
def _load_detector() -> Any:
    from myanmartools import ZawgyiDetector

    with warnings.catch_warnings():  # it opens its model in a way that Python has come to discourage
        warnings.simplefilter("ignore", DeprecationWarning)
        return ZawgyiDetector()


def is_zawgyi(text: str) -> bool:
    """Whether text is certainly Zawgyi; text without Burmese never is."""
    return _zawgyi_probability(text) > _CERTAINTY


def _zawgyi_probability(text: str) -> float:
    return float(_load_detector().get_zawgyi_probability(text)) if _MYANMAR.search(text) else 0.0


def part_to_unicode(text: str, whole: str) -> str:
    """A part of `whole` in Unicode: a part too short to tell is taken for what the whole is."""
    probability = _zawgyi_probability(text)
    if probability > _CERTAINTY or (probability >= 1 - _CERTAINTY and is_zawgyi(whole)):
        return to_unicode(text)
    return text


def to_unicode(text: str) -> str:
    """Zawgyi text in Unicode, in its normal form (NFC)."""
    drawn = _split_nga(text).translate(_DRAWN)
    spoken = _LONE_ZERO.sub("\u101d", _CLUSTER.sub(_reorder_cluster, drawn))
    return unicodedata.normalize("NFC", spoken.replace(_KINZI, "\u1004\u103a\u1039"))


def _split_nga(text: str) -> str:
    """The abbreviation sign `၎င်း`, of which Zawgyi draws the whole with its first letter."""
    return str(regex.sub("\u104e(?!\u1004\u1039)", "\u104e\u1004\u1039\u1038", text))


def _reorder_cluster(match: regex.Match[str]) -> str:
    letter, marks = match["letter"], [mark.group() for mark in _MARK.finditer(match["marks"])]
    parts = [*match["before"], *marks]
    if letter in _LOOKALIKES and parts:
        letter = _LOOKALIKES[letter]
    elif letter == "\u1005" and YA in parts:
        letter, parts = "\u1008", [part for part in parts if part != YA]
    elif letter == "\u1025" and LONG_I in parts:
        letter, parts = "\u1026", [part for part in parts if part != LONG_I]
    elif letter == "\u1025" and (ASAT in parts or AA in parts or any(part[0] == VIRAMA for part in parts)):
        letter = "\u1009"
    stacked = "".join(part for part in parts if part.startswith(VIRAMA))
    return f"{_KINZI * (_KINZI in parts)}{letter}{stacked}{_order_signs(parts)}"


def _order_signs(parts: list[str]) -> str:
    """The signs of one cluster, each once, in Unicode's order."""
    signs = "".join(sign for sign in _ORDER if sign in parts)
    if ASAT not in parts:
        return signs
    long_vowel = next((vowel for vowel in (AA, TALL_AA) if vowel in parts), "")
    if long_vowel and parts.index(long_vowel) < parts.index(ASAT):
        return signs.replace(long_vowel, long_vowel + ASAT)
    return ASAT + signs
