"""Tokenizations of the BM25 peers: words by pattern, ICU's words, character n-grams, graphemes."""

import re
from collections.abc import Callable
from itertools import pairwise

from storage.text.segmentation import grapheme_ends as ends
from storage.text.segmentation import split_words


def by_pattern(text: str) -> list[str]:
    """Words that match `\\w+`."""
    return re.findall(r"\w+", text.casefold())


def by_icu(text: str) -> list[str]:
    """Words by ICU's dictionaries."""
    return [word.casefold() for word in split_words(text)]


def letters(size: int) -> Callable[[str], list[str]]:
    """Character n-grams of `size` letters, across words."""

    def cut(text: str) -> list[str]:
        plain = re.sub(r"\W+", " ", text.casefold())
        return [plain[at : at + size] for at in range(len(plain) - size + 1)]

    return cut


def graphemes(text: str) -> list[str]:
    """Graphemes and pairs of adjacent graphemes."""
    folded = text.casefold()
    single = [folded[start:end] for start, end in pairwise([0, *ends(folded)])]
    pairs = [first + second for first, second in pairwise(single)]
    return [one for one in single if one.strip()] + [two for two in pairs if two.strip() == two]


CUTS: dict[str, Callable[[str], list[str]]] = {
    "words": by_pattern,
    "ICU words": by_icu,
    "3 letters": letters(3),
    "4 letters": letters(4),
    "5 letters": letters(5),
    "graphemes": graphemes,
}
