"""Analysis: turns a text into terms to count and compare. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import regex

from storage.index.weights import TUNED, Weights
from storage.text import zawgyi
from storage.text.normalize import fold_text, normalize_text
from storage.text.stopwords import recognize_language, stem_word, stop_words
from storage.text.tokenizers import (
    ACCENTED_LANGUAGES,
    TOKENIZERS_BY_LANGUAGE,
    WORDS_AND_LETTERS,
    Script,
    Tokenizer,
    script_runs,
)

#: Characters of an article that are analyzed; the rest hardly changes what it is about.
MAX_LENGTH = 20_000
_LATIN_WORDS = regex.compile(r"\p{Latin}+")
_BURMESE = regex.compile(r"\p{Myanmar}")
_DETECTION_LENGTH = 200


class Term(NamedTuple):
    """One occurrence: its key in the index, and the place (code points of the tidied text) it stands for."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ArticleTerms:
    """An article's terms with how often they count; `shown` has a readable form of each key."""

    words: dict[str, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    language: str = ""


def convert_zawgyi(text: str) -> str:
    """`text` with its Burmese in Unicode: what is in Zawgyi, the older encoding, is converted.

    Its first Burmese letters decide: of 1,000 articles written in both, 60 letters told each one right.
    """
    found = _BURMESE.search(text)
    if found is None or not zawgyi.is_zawgyi(text[found.start() : found.start() + _DETECTION_LENGTH]):
        return text
    return zawgyi.to_unicode(text)


def detect_language(text: str, given: str = "") -> str:
    """The two-letter language in which to analyze `text`: the given one, else the one that was detected."""
    if given:
        return given.replace("_", "-").split("-")[0].lower()
    return recognize_language(_LATIN_WORDS.findall(text[:1000].lower()))


def word_terms(tidied: str, language: str) -> Iterator[Term]:
    """Every term of a tidied text, in order, numbers among them."""
    for script, run, start in script_runs(tidied):
        yield from _run_terms(script, run, start, language)


def find_places(keys: frozenset[str], tidied: str, language: str) -> Iterator[tuple[int, int]]:
    """Where in a tidied text the terms with one of the keys stand; as by `word_terms`, only sooner."""
    for script, run, start in script_runs(tidied):
        if script is not None and script.tokenizers[0].takes_words:
            if not keys.isdisjoint(word_keys(run, language, script.tokenizers)):
                yield start, start + len(run)
        else:
            for key, first, last in _run_terms(script, run, start, language):
                if key in keys:
                    yield first, last


def _run_terms(script: Script | None, run: str, start: int, language: str) -> Iterator[Term]:
    end = start + len(run)
    if script is None:
        yield Term(fold_text(run), start, end)
    elif script.tokenizers[0].takes_words:
        for key in word_keys(run, language, script.tokenizers):
            yield Term(key, start, end)
    else:
        for at, cut in enumerate(script.tokenizers):
            yield from _piece_terms(cut, run, start, _TERM_PREFIXES[at])


#: Keeps the terms of a script's second tokenizer apart from those of its first.
_TERM_PREFIXES = ("", "\x02")


@lru_cache(maxsize=32768)
def word_keys(word: str, language: str, cuts: tuple[Tokenizer, ...] = WORDS_AND_LETTERS) -> tuple[str, ...]:
    """The terms of a word between spaces, its stem first; none for a stop word or a single letter."""
    folding = str.casefold if language in ACCENTED_LANGUAGES else fold_text
    lowered = word.lower().removesuffix("'s").removesuffix("’s")
    folded = folding(lowered)
    if folded in stop_words(language, folding) or (len(folded) < 2 and folded.isascii()):
        return ()
    keys = [folding(stem_word(lowered, language))]
    for at, cut in enumerate(TOKENIZERS_BY_LANGUAGE.get(language, cuts)[1:], start=1):
        pieces = cut.split(folded)
        for size in cut.ngram_sizes:
            last = max(1, len(pieces) - size + 1)
            keys.extend(_TERM_PREFIXES[at] + "".join(pieces[first : first + size]) for first in range(last))
    return tuple(keys)


#: Syllables and letters are few, and each is frequent.
_fold_cached = lru_cache(maxsize=16384)(fold_text)


def _piece_terms(cut: Tokenizer, run: str, start: int, mark: str) -> Iterator[Term]:
    found = cut.split(run)
    keys = [_fold_cached(piece) for piece in found]
    says = [key not in cut.stop_pieces for key in keys]
    places = list(accumulate(map(len, found), initial=start))
    for size in cut.ngram_sizes:
        for at in range(len(found) - size + 1):
            if any(says[at : at + size]):
                yield Term(mark + "".join(keys[at : at + size]), places[at], places[at + size])


def proper_name(script: Script | None, run: str, language: str) -> str:
    """A name as writers mark it, folded: a capitalized word, or a number of two digits or more; else ""."""
    if script is None:
        return fold_text(run) if len(run) > 1 else ""
    return _fold_name(run, language) if run[0].isupper() else ""


@lru_cache(maxsize=16384)
def _fold_name(word: str, language: str) -> str:
    key = fold_text(word.removesuffix("'s").removesuffix("’s"))
    return key if len(key) > 1 and key not in stop_words(language, fold_text) else ""


def analyze_article(title: str, body: str, language: str = "", weights: Weights = TUNED) -> ArticleTerms:
    """The terms of an article: its title twice, the lead of a long one twice, the rest once.

    Args:
        title: the headline; may be empty.
        body: standfirst and text.
        language: a BCP 47 tag; recognised from the text where empty.
    """
    title, body = (
        normalize_text(convert_zawgyi(title[:MAX_LENGTH])),
        normalize_text(convert_zawgyi(body[:MAX_LENGTH])),
    )
    language = detect_language(f"{title} {body}", language)
    parts = [(title, weights.title_times), (body, 1)]
    if len(body) > weights.body_long and weights.lead_times > 1:
        cut = body.rfind(" ", 0, weights.lead) + 1 or weights.lead
        parts = [
            (title, weights.title_times),
            (body[:cut], weights.lead_times),
            (body[cut:], 1),
        ]
    words: Counter[str] = Counter()
    names: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for text, times in parts:
        for script, run, start in script_runs(text):
            for term in _run_terms(script, run, start, language):
                words[term.key] += times
                shown.setdefault(term.key, text[term.start : term.end])
            if name := proper_name(script, run, language):
                names[name] += times
    return ArticleTerms(words, names, shown, language)
