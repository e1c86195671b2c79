"""Analysis: what a text is made of, as terms to count and compare. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import py3langid
import regex

from storage.index.folding import fold, tidy
from storage.index.scripts import LANGUAGES, Cut, Script, runs
from storage.index.stopwords import stem, stop_words
from storage.index.weights import TUNED, Weights

#: Characters of one article that are read; what stands behind them hardly changes what it is about.
LONGEST = 20_000
_WORDS_WITH_LETTERS = regex.compile(r"\p{Latin}{2,}")
_CAPITALISED = regex.compile(r"\p{Lu}")


@dataclass(frozen=True, slots=True)
class Term:
    """One occurrence: its key in the index, and the place (code points of the tidied text) it stands for."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Analysed:
    """An article's terms with how often they count; `shown` has a readable form of each key."""

    words: dict[str, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    language: str = ""


def language_of(text: str, given: str = "") -> str:
    """The two-letter language to analyse `text` in: the one given, else the one recognised."""
    if given:
        return given.replace("_", "-").split("-")[0].lower()
    if not _WORDS_WITH_LETTERS.search(text):
        return ""
    return str(py3langid.classify(text[:1000])[0])


def word_terms(tidied: str, language: str) -> Iterator[Term]:
    """Every term of a tidied text, in order, numbers among them."""
    for script, run, start in runs(tidied):
        if script is None:
            yield Term(fold(run), start, start + len(run))
            continue
        for at, cut in enumerate(cuts_of(script, language)):
            yield from _cut_terms(cut, run, start, language, "\x02" if at else "")


def cuts_of(script: Script, language: str) -> tuple[Cut, ...]:
    """How a run is cut: by its language's line where it has one and the script is nobody's own."""
    return LANGUAGES.get(language, script.cuts) if script.name == "other" else script.cuts


def _cut_terms(cut: Cut, run: str, start: int, language: str, mark: str) -> Iterator[Term]:
    if cut.stemmed:
        key = word_key(run, language)
        if key:
            yield Term(mark + key, start, start + len(run))
        return
    pieces = cut.pieces(run)
    if cut.padded:
        folded = fold(run)
        pieces = ["\x03", *folded, "\x03"]
    places = [start]
    for piece in pieces:
        places.append(places[-1] + (len(piece) if piece != "\x03" else 0))
    for size in cut.sizes:
        for at in range(len(pieces) - size + 1):
            yield Term(mark + fold("".join(pieces[at : at + size])), places[at], places[at + size])


def word_key(word: str, language: str) -> str:
    """The stem of a word between spaces, folded; "" for a stop word or a single letter."""
    lowered = word.lower().removesuffix("'s").removesuffix("’s")
    folded = fold(lowered)
    if folded in stop_words(language, fold) or (len(folded) < 2 and folded.isascii()):
        return ""
    return fold(stem(lowered, language))


def name_terms(tidied: str, language: str) -> Iterator[str]:
    """Names as writers mark them: capitalised words, runs of them, and numbers."""
    run: list[str] = []
    last = 0
    for script, word, start in runs(tidied):
        between = tidied[last:start]
        last = start + len(word)
        if script is None:
            yield from _run_names(run)
            run = []
            if len(word) > 1:
                yield fold(word)
            continue
        if run and between not in (" ", "-", " & ", ". "):
            yield from _run_names(run)
            run = []
        key = fold(word.removesuffix("'s").removesuffix("’s")) if _CAPITALISED.match(word) else ""
        if len(key) > 1 and key not in stop_words(language, fold):
            run.append(key)
            continue
        yield from _run_names(run)
        run = []
    yield from _run_names(run)


def _run_names(run: list[str]) -> Iterator[str]:
    yield from run
    for first, second in pairwise(run):
        yield f"{first} {second}"


def analyse(title: str, body: str, language: str = "", weights: Weights = TUNED) -> Analysed:
    """The terms of an article: its title twice, the lead of a long one twice, the rest once.

    Args:
        title: the headline; may be empty.
        body: standfirst and text.
        language: a BCP 47 tag; recognised from the text where empty.
    """
    title, body = tidy(title[:LONGEST]), tidy(body[:LONGEST])
    language = language_of(f"{title} {body}", language)
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
        for term in word_terms(text, language):
            words[term.key] += times
            shown.setdefault(term.key, text[term.start : term.end])
        for name in name_terms(text, language):
            names[name] += times
    return Analysed(words, names, shown, language)
