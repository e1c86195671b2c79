"""Shorten text without splitting a character, a stacked consonant or a Burmese syllable."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import accumulate

from storage.text.segmentation import grapheme_ends, sentence_ends, utf16_length

ELLIPSIS = "…"

#: The next letter is written under these, though not every ICU knows (Unicode, IndicSyllabicCategory:
#: Invisible_Stacker).
_STACKERS = (
    "\u1039\u17d2\u1a60\u1bab\uaaf6\U00010a3f\U00011133\U0001193e\U00011a47\U00011a99\U00011d45\U00011d97"
)
#: A Burmese consonant that ends the syllable before it: it carries the asat, or stacks the next.
_BURMESE_TAIL = re.compile("[\u1000-\u1021]\u1037?[\u103a\u1039]")
#: Text that has no sentence to end at may be cut before these.
_PAUSE = re.compile(r"[\s\u104a\u104b、。，,;]")
#: Characters left out before an ellipsis.
_DANGLING = " \u00a0,;:၊、，-–—"
#: Code points read beyond the limit: enough to see how the last character that fits goes on.
_LOOKAHEAD = 64
#: Code points read for each character of a limit; emoji sequences have up to ten.
_MAX_CHARACTER_LENGTH = 16


class LengthUnit(Enum):
    """What a limit counts."""

    UTF16 = "UTF-16 code units"  #: as Telegram counts
    CHARACTERS = "characters"  #: as readers count: grapheme clusters


def cut_positions(text: str) -> Sequence[int]:
    """The offsets (in code points) inside `text` at which it may be cut, in ascending order."""
    return _without_syllables(text, grapheme_ends(text)[:-1])


def cut_before(text: str, offset: int) -> int:
    """The last offset at or before `offset` at which `text` may be cut; 0 if there is none."""
    cuts = cut_positions(text[: offset + _LOOKAHEAD])
    index = bisect_right(cuts, offset)
    return cuts[index - 1] if index else 0


def shorten_text(
    text: str,
    limit: int,
    unit: LengthUnit,
    *,
    sentence_suffix: str = "",
    min_sentence_share: float = 0.5,
    min_pause_share: float = 2 / 3,
) -> str:
    """Return `text` in at most `limit` units.

    It is cut after its last whole sentence that fits, or at a pause, if at least that share of what fits is
    left; otherwise between two characters. `sentence_suffix` follows a sentence, an ellipsis anything else.
    """
    if len(text) <= limit and (unit is LengthUnit.CHARACTERS or utf16_length(text) <= limit):
        return text
    if limit < 1:
        return ""
    window = text[: limit * (_MAX_CHARACTER_LENGTH if unit is LengthUnit.CHARACTERS else 1) + _LOOKAHEAD]
    ends = grapheme_ends(window)
    if unit is LengthUnit.CHARACTERS:
        if len(ends) <= limit and len(window) == len(text):
            return text
        ends = ends[: limit + _LOOKAHEAD]
        window = window[: ends[-1]]
    sizes = dict(zip(ends, _sizes(window, ends, unit), strict=True))
    safe = [cut for cut in _without_syllables(window, ends[:-1]) if sizes[cut] <= limit]
    cuts = [0, *(cut for cut in safe if sizes[cut] < limit)]
    end = cuts[-1]
    sentences = {len(window[:stop].rstrip()) for stop in sentence_ends(window)}.intersection(safe)
    fitting = [stop for stop in sentences if sizes[stop] + len(sentence_suffix) <= limit]
    if fitting and max(fitting) >= int(end * min_sentence_share):
        return window[: max(fitting)] + sentence_suffix
    pauses = [cut for cut in cuts if cut >= end * min_pause_share and _PAUSE.match(window, cut)]
    kept = len(window[: pauses[-1] if pauses else end].rstrip(_DANGLING))
    return window[: cuts[bisect_right(cuts, kept) - 1]] + ELLIPSIS


def _sizes(text: str, ends: Sequence[int], unit: LengthUnit) -> Iterator[int]:
    """The size in `unit` of the text before each of `ends`, which are those of its characters."""
    if unit is LengthUnit.CHARACTERS:
        yield from range(1, len(ends) + 1)
        return
    before = [0, *accumulate(1 + (letter > "\uffff") for letter in text)]
    yield from (before[end] for end in ends)


def _without_syllables(text: str, ends: Sequence[int]) -> Sequence[int]:
    """Those of `ends` that lie between two syllables."""
    return ends if text.isascii() else [end for end in ends if not _is_inside_syllable(text, end)]


def _is_inside_syllable(text: str, at: int) -> bool:
    """Whether what follows belongs to the letter or the syllable before it, though ICU breaks there."""
    mark = unicodedata.category(text[at])[0] == "M"
    return mark or text[at - 1] in _STACKERS or _BURMESE_TAIL.match(text, at) is not None
