"""Does an article speak of this? Words and sections of the settings, found in any script; pure.

A term is a section's name, or words as they stand in the headline or standfirst: whole words, in whatever
case; with a star at its end also longer ones ("flood*"). Where words are written without spaces, ICU says
where they may begin and end, and one of the two is enough: its dictionary does not know every compound.
"""

import unicodedata
from collections.abc import Iterable

from storage.records import Article
from storage.text.segmentation import split_words

#: Scripts that write words without spaces, by the beginning of their letters' Unicode names.
_UNSPACED = ("MYANMAR", "THAI", "LAO", "KHMER", "CJK", "HIRAGANA", "KATAKANA")


def find_term(terms: Iterable[str], article: Article) -> str:
    """The first of the terms that the article has; "" for none."""
    terms = tuple(terms)
    if not terms:
        return ""
    sections = {_fold_text(section) for section in article.sections}
    text = _fold_text(f"{article.title}\n{article.summary}")
    starts, ends = _word_edges(text, article.language)
    return next(
        (term for term in terms if _fold_text(term) in sections or _contains_term(text, term, starts, ends)),
        "",
    )


def _contains_term(text: str, term: str, starts: set[int], ends: set[int]) -> bool:
    wanted = _fold_text(term)
    prefix = wanted.endswith("*")
    wanted = wanted.rstrip("*").strip()
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        begins, closes = at in starts, at + len(wanted) in ends
        if begins and (closes or prefix):
            return True
        if (begins or closes) and _is_unspaced(wanted) and _can_cut(text, at + len(wanted)):
            return True
        at = text.find(wanted, at + 1)
    return False


def _fold_text(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).strip()


def _word_edges(text: str, language: str) -> tuple[set[int], set[int]]:
    """Where words begin, and where they end."""
    starts, ends, at = set(), set(), 0
    for word in split_words(text, language or "en"):
        at = text.index(word, at)
        starts.add(at)
        at += len(word)
        ends.add(at)
    return starts, ends


def _is_unspaced(term: str) -> bool:
    return any(unicodedata.name(letter, "").startswith(_UNSPACED) for letter in term)


def _can_cut(text: str, end: int) -> bool:
    """Whether the text may be cut at `end`: no vowel sign or other mark belongs to what is before."""
    return end >= len(text) or unicodedata.category(text[end])[0] != "M"
