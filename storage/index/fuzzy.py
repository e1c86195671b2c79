"""Fuzzy matching: words that differ from a typed one by an accent or by one letter. Pure.

A word's letters are kept as bits, so that a hundred thousand words are sifted by two operations.
"""

import numpy as np
from numpy.typing import NDArray

#: Shorter words are not corrected: too many others are one letter away.
MIN_WORD_LENGTH = 5
#: How much longer than the typed word an indexed one may be, for it is shown with its ending.
MAX_ENDING = 3


def letter_bits(folded: str) -> int:
    """The letters of a word as bits of a 32-bit number, whatever their order."""
    bits = 0
    for letter in folded:
        bits |= 1 << (ord(letter) * 0x9E3779B1 >> 27 & 31)
    return bits


def similar_words(
    folded: str, letters: NDArray[np.uint32], lengths: NDArray[np.uint8], *, letter_off: bool
) -> NDArray[np.int64]:
    """The numbers of the words that may be spelled so, or one letter off: all of them, and some others."""
    wanted = np.uint32(letter_bits(folded))
    size = len(folded)
    if not letter_off:
        return np.flatnonzero((letters == wanted) & (lengths == size))
    near = (lengths >= size - 1) & (lengths <= min(255, size + MAX_ENDING))
    return np.flatnonzero(near & (np.bitwise_count(wanted & ~letters) <= 1))


def is_one_letter_off(typed: str, word: str) -> bool:
    """Whether `typed` is `word`, or its beginning, with at most one letter wrong, missing, extra or swapped.

    What the word may have behind it is an ending of up to three letters.
    """
    start = 0
    while start < min(len(typed), len(word)) and typed[start] == word[start]:
        start += 1
    rest, other = typed[start:], word[start:]
    swapped = other[1:2] + other[:1] + other[2:] if len(other) > 1 else other
    ways = ((rest[1:], other[1:]), (rest, other[1:]), (rest[1:], other), (rest, swapped))
    return any(tail.startswith(end) and len(tail) - len(end) <= MAX_ENDING for end, tail in ways)
