"""Search: the articles that say what a reader typed, and how the typed words are found among the indexed."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from storage.index import ranking
from storage.index.analyzer import Term, in_unicode, language_of, word_terms
from storage.index.archive import Archive, section_key
from storage.index.documents import minute_of
from storage.index.postings import slices
from storage.index.query_parser import Question, understand
from storage.text.normalize import fold, tidy
from storage.text.tokenizers import ACCENTED, is_word

#: Languages of the archive that a typed word is tried in.
MOST_LANGUAGES = 4
#: Indexed words that a typed one is taken for, where no article has it as it was typed.
MOST_GUESSES = 3
#: Terms of a question that are looked up, and words of it that are guessed at.
MOST_TERMS = 120
MOST_GUESSED = 6
#: Postings that are read for a question, those of its rarest terms first.
MOST_READ = 300_000
#: Two sums of the same numbers differ by less.
_ROUNDED = 1e-9


@dataclass(frozen=True, slots=True)
class Found:
    """An article that answers a search."""

    article_id: int
    score: float


@dataclass(frozen=True, slots=True)
class Results:
    """One page of answers, how many there are in all, and what was understood."""

    hits: tuple[Found, ...]
    total: int
    question: Question
    keys: frozenset[str] = frozenset()  #: the terms that were looked for, to mark them in a text


@dataclass(frozen=True, slots=True)
class Sought:
    """One thing that was typed: the numbers of the terms that mean it, any of which will do."""

    numbers: tuple[int, ...]
    keys: tuple[str, ...]
    needed: bool = False


def find(archive: Archive, typed: str, count: int, offset: int, order: str, now: datetime | None) -> Results:
    """One page of what was typed finds; `order` is "best" or "date"."""
    question = understand(in_unicode(typed))
    sought = _sought(archive, question)
    may = _allowed(archive, question, len(archive.documents))
    if question.words or question.phrases:
        slots, score = _scored(archive, sought, may)
    else:
        slots, order = np.flatnonzero(may), "date"
        score = np.ones(len(slots))
    minutes = archive.documents.column("minutes")[slots]
    if order == "date":
        score = minutes.astype(np.float64) + (1 << 31)
    elif now is not None:
        score = score * ranking.faded(minutes, minute_of(now), archive.weights)
    places = ranking.best(score, offset + count)[offset:]
    articles = archive.documents.column("articles")[slots[places]]
    hits = tuple(Found(*pair) for pair in zip(articles.tolist(), score[places].tolist(), strict=True))
    return Results(hits, len(slots), question, frozenset(key for one in sought for key in one.keys))


def _scored(
    archive: Archive, sought: list[Sought], may: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], ranking.Floats]:
    """The slots that have enough of what is sought, and their BM25, with a bonus for all of it."""
    field, weights = archive.fields()[0], archive.weights
    numbers = np.array([number for one in sought for number in one.numbers], np.int32)
    if not len(numbers):
        return np.empty(0, np.int64), np.empty(0)
    rare = ranking.rarity(field.holders[numbers], field.articles)
    whose = np.repeat(np.arange(len(sought)), [len(one.numbers) for one in sought])
    most = np.zeros(len(sought))
    np.maximum.at(most, whose, rare)
    rarest = np.argsort(-rare, kind="stable")
    kept = rarest[: max(2, int(np.searchsorted(np.cumsum(field.holders[numbers[rarest]]), MOST_READ)))]
    for one in sought:
        if one.needed:
            may &= _has(archive, one.numbers, len(may))
    question = ranking.Asked(numbers[kept], rare[kept], 1.0)
    slots, covered, read = covering(archive, question.terms, most[whose[kept]], may)
    score = ranking.summed(len(may), *((part, part.told(question, field, weights)) for part in read))[slots]
    return slots, score * (1 + weights.all_terms * np.minimum(1.0, covered / max(float(most.sum()), 1e-9)))


def covering(
    archive: Archive, terms: ranking.Numbers, cover: ranking.Floats, may: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], ranking.Floats, list[ranking.Reading]]:
    """The slots that have enough of the terms (the rarest first), how much they have, and what was read.

    Each slot must have a part of what the best one has. As soon as the terms behind cannot make up that
    part, their postings, the longest by far, are read for the slots alone that were found until then.
    """
    enough, had = archive.weights.enough, np.cumsum(cover)
    behind = had[-1] - had
    read: list[ranking.Reading] = []
    covered, fullest, done = np.zeros(0), had, 0  # as if one slot had all that is read
    while done < (until := 1 + int(np.argmax([*(behind < enough * fullest)[:-1], True]))):
        read.append(ranking.read(archive.segments, terms, slice(done, until)))
        covered = ranking.summed(len(may), *((part, cover[part.whose]) for part in read))
        if not may.all():
            covered *= may
        fullest, done = covered.max(initial=0.0), until
    slots = np.flatnonzero(covered > max(0.0, float(enough * fullest - behind[done - 1]) - _ROUNDED))
    read.append(ranking.read(archive.segments, terms, slice(done, len(terms)), slots))
    here = covered[slots] + ranking.summed(len(may), (read[-1], cover[read[-1].whose]))[slots]
    full = here >= enough * here.max(initial=0.0) - _ROUNDED
    return slots[full], here[full], read


def _sought(archive: Archive, question: Question) -> list[Sought]:
    found: dict[Sought, None] = {}
    guesses = _Guesses(archive)
    for text, needed in [*((w, False) for w in question.words), *((p, True) for p in question.phrases)]:
        found.update(dict.fromkeys(_seek(archive, text, needed, guesses)))
    return list(found)[:MOST_TERMS]


def _seek(archive: Archive, text: str, needed: bool, guesses: "_Guesses") -> list[Sought]:
    """What was typed, word by word (or piece by piece), in every language that it may be in.

    What is a little word in one of them is not `needed`: articles in that language are indexed without it.
    """
    places: dict[tuple[int, int], dict[str, None]] = {}
    tidied = tidy(text)
    telling: list[set[tuple[int, int]]] = []
    for language in _languages(archive, tidied):
        terms = _whole_words(list(word_terms(tidied, language)))
        telling.append({(term.start, term.end) for term in terms})
        for term in terms:
            places.setdefault((term.start, term.end), {})[term.key] = None
    found = []
    for (start, end), keys in places.items():
        numbers = archive.lexicon.find(list(keys))
        known = tuple(n for n in numbers.tolist() if n >= 0 and archive.lexicon.articles.view[n] > 0)
        guessed = guesses.of(fold(tidied[start:end]), exact=bool(known))
        known = (*known, *(number for number in guessed if number not in known))
        shown = (tidy(archive.lexicon.shown(number)) for number in guessed)
        spelled = {term.key for other in shown for term in _whole_words(list(word_terms(other, language)))}
        everywhere = all((start, end) in told for told in telling)
        found.append(Sought(known, (*keys, *sorted(spelled)), needed and everywhere))
    return found


class _Guesses:
    """What a typed word may have meant: so many words of a question are guessed at, and no more."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.bare = any(language in ACCENTED for language in archive.languages)
        self.left = MOST_GUESSED

    def of(self, word: str, *, exact: bool) -> list[int]:
        """Terms spelled otherwise: but for accents, else (where none is `exact`) one letter off."""
        wanted = not exact or (self.bare and word.isascii())
        if not wanted or not self.left or not is_word(word):
            return []
        self.left -= 1
        found = self.archive.lexicon.like(word, letter_off=False)
        if not found and not exact:
            found = self.archive.lexicon.like(word, letter_off=True)
        return found[: 4 * MOST_GUESSES if exact else MOST_GUESSES]


def _whole_words(terms: list[Term]) -> list[Term]:
    """Without the letters that words are cut into: a reader who types a word wants the word."""
    return [term for term in terms if not term.key.startswith("\x02")] or terms


def _languages(archive: Archive, tidied: str) -> list[str]:
    known = archive.languages
    usual = sorted(known, key=lambda name: -known[name])[:MOST_LANGUAGES]
    return usual if tidied.isascii() and usual else list(dict.fromkeys([language_of(tidied), *usual]))


def _has(archive: Archive, numbers: tuple[int, ...], slots: int) -> NDArray[np.bool_]:
    """Which slots have any of these terms."""
    there = np.zeros(slots, bool)
    for part in slices(archive.segments, np.array(numbers, np.int32))[0]:
        there[part >> np.uint32(8)] = True
    return there


def _allowed(archive: Archive, question: Question, slots: int) -> NDArray[np.bool_]:
    """The slots that may be shown: live, of the right time and section, without what must not be there."""
    may: NDArray[np.bool_] = archive.documents.column("marks")[:slots] == 0
    minutes = archive.documents.column("minutes")[:slots]
    if question.start is not None:
        may &= minutes >= minute_of(question.start)
    if question.end is not None:
        may &= minutes < minute_of(question.end)
    if question.sections:
        wanted = archive.lexicon.find([section_key(name) for name in question.sections])
        may &= _has(archive, tuple(wanted[wanted >= 0].tolist()), slots)
    for text in question.without:
        if " " in text:  # only its text tells whether an article has a phrase (see `storage.search`)
            continue
        parts = _seek(archive, text, False, _Guesses(archive))
        unwanted = np.ones(slots, bool)
        for one in parts:
            unwanted &= _has(archive, one.numbers, slots)
        if parts:
            may &= ~unwanted
    return may
