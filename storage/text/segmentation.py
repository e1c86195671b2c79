"""Segmentation of text in any script into characters, words and sentences, by ICU.

Every place that cuts, counts or compares text comes here, so that a Burmese syllable is never halved.
ICU's own offsets count UTF-16 units; here all count code points, as Python does.
"""

import unicodedata
from collections.abc import Iterator
from itertools import accumulate

from icu4py.breakers import CharacterBreaker, SentenceBreaker, WordBreaker


def grapheme_ends(text: str) -> list[int]:
    """The offsets (in code points) behind each character that a reader would count as one."""
    if text.isascii() and "\r" not in text:
        return list(range(1, len(text) + 1))
    return list(accumulate(map(len, CharacterBreaker(text, "en"))))


def sentence_ends(text: str, language: str = "en") -> list[int]:
    """The offsets behind each sentence."""
    return list(accumulate(map(len, SentenceBreaker(text, language or "en"))))


def split_words(text: str, language: str = "en") -> Iterator[str]:
    """The words of `text`, also in scripts without spaces; punctuation and spaces left out."""
    for word in WordBreaker(text, language or "en"):
        if any(unicodedata.category(letter)[0] in "LN" for letter in word):
            yield word


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts entities (and, safely, messages)."""
    return len(text) if text.isascii() else len(text) + sum(letter > "\uffff" for letter in text)
