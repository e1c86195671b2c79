"""Matches keywords and sections of the settings against articles, in any script; pure.

A term is a section's name, or whole words of the headline or standfirst in any case; with a star at its end
it also matches longer words ("flood*"). In scripts without spaces ICU finds the word boundaries, and one
boundary of a term is enough, because ICU's dictionary does not know every compound.
"""

import unicodedata
from collections.abc import Iterable

from storage.records import Article
from storage.text.segmentation import split_words

#: Scripts without spaces between words, as prefixes of their letters' Unicode names.
_UNSPACED = ("MYANMAR", "THAI", "LAO", "KHMER", "CJK", "HIRAGANA", "KATAKANA")


def find_term(terms: Iterable[str], article: Article) -> str:
    """The first of the terms that the article matches; "" for none."""
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
    """Whether the text may be cut at `end`: the next character is no vowel sign or other mark."""
    return end >= len(text) or unicodedata.category(text[end])[0] != "M"
