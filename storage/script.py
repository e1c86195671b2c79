"""What a piece of text is made of, in any script: ICU's door.

Every place that cuts, counts or compares text comes here, so that a Burmese syllable is never halved.
"""

import unicodedata
from collections.abc import Iterator

from icu4py.breakers import CharacterBreaker, SentenceBreaker, WordBreaker


def graphemes(text: str) -> list[int]:
    """The offsets (in code points) behind each character that a reader would count as one."""
    return [end for _, end in CharacterBreaker(text, "en").segments()]


def sentences(text: str, language: str = "en") -> list[int]:
    """The offsets behind each sentence."""
    return [end for _, end in SentenceBreaker(text, language or "en").segments()]


def words(text: str, language: str = "en") -> Iterator[str]:
    """The words of `text`, also in scripts without spaces; punctuation and spaces left out."""
    for word in WordBreaker(text, language or "en"):
        if any(unicodedata.category(letter)[0] in "LN" for letter in word):
            yield word


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts entities (and, safely, messages)."""
    return len(text) + sum(letter > "\uffff" for letter in text)
