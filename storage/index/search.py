"""Search: finds the articles that match a query, and the indexed words that match a typed one."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from storage.index import ranking
from storage.index.analyzer import Term, convert_zawgyi, detect_language, word_terms
from storage.index.archive import Archive, section_key
from storage.index.documents import to_minutes
from storage.index.postings import posting_slices
from storage.index.query_parser import SearchQuery, parse_query
from storage.text.normalize import fold_text, normalize_text
from storage.text.tokenizers import ACCENTED_LANGUAGES, is_single_word

#: Languages of the archive in which a typed word is analyzed.
MAX_LANGUAGES = 4
#: Indexed words that replace a typed one that no article has.
MAX_GUESSES = 3
#: Terms of a query that are looked up, and words of it that are corrected.
MAX_TERMS = 120
MAX_GUESSED_WORDS = 6
#: Postings that are read for a query, those of its rarest terms first.
MAX_POSTINGS = 300_000
#: Two sums of the same numbers differ by less.
_ROUNDING_ERROR = 1e-9


@dataclass(frozen=True, slots=True)
class SearchHit:
    """An article that matches a query."""

    article_id: int
    score: float


@dataclass(frozen=True, slots=True)
class SearchResults:
    """One page of matches, their total number, and the parsed query."""

    hits: tuple[SearchHit, ...]
    total: int
    query: SearchQuery
    keys: frozenset[str] = frozenset()  #: the terms that were looked for, to mark them in a text


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """One thing that was typed: the numbers of the terms that mean it, any of which will do."""

    numbers: tuple[int, ...]
    keys: tuple[str, ...]
    needed: bool = False


def search_archive(
    archive: Archive, typed: str, count: int, offset: int, order: str, now: datetime | None
) -> SearchResults:
    """One page of what was typed finds; `order` is "best" or "date"."""
    question = parse_query(convert_zawgyi(typed))
    sought = _query_terms(archive, question)
    may = _allowed_slots(archive, question, len(archive.documents))
    if question.words or question.phrases:
        slots, score = _score_slots(archive, sought, may)
    else:
        slots, order = np.flatnonzero(may), "date"
        score = np.ones(len(slots))
    minutes = archive.documents.column("minutes")[slots]
    if order == "date":
        score = minutes.astype(np.float64) + (1 << 31)
    elif now is not None:
        score = score * ranking.age_factor(minutes, to_minutes(now), archive.weights)
    places = ranking.best_places(score, offset + count)[offset:]
    articles = archive.documents.column("articles")[slots[places]]
    hits = tuple(SearchHit(*pair) for pair in zip(articles.tolist(), score[places].tolist(), strict=True))
    return SearchResults(hits, len(slots), question, frozenset(key for one in sought for key in one.keys))


def _score_slots(
    archive: Archive, sought: list[QueryTerm], may: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], ranking.Floats]:
    """The slots that have enough of what is sought, and their BM25, with a bonus for all of it."""
    field, weights = archive.field_stats()[0], archive.weights
    numbers = np.array([number for one in sought for number in one.numbers], np.int32)
    if not len(numbers):
        return np.empty(0, np.int64), np.empty(0)
    rare = ranking.inverse_frequency(field.document_counts[numbers], field.articles)
    whose = np.repeat(np.arange(len(sought)), [len(one.numbers) for one in sought])
    most = np.zeros(len(sought))
    np.maximum.at(most, whose, rare)
    rarest = np.argsort(-rare, kind="stable")
    kept = rarest[
        : max(2, int(np.searchsorted(np.cumsum(field.document_counts[numbers[rarest]]), MAX_POSTINGS)))
    ]
    for one in sought:
        if one.needed:
            may &= _slots_with_terms(archive, one.numbers, len(may))
    question = ranking.FieldQuery(numbers[kept], rare[kept], 1.0)
    slots, covered, read = covering_slots(archive, question.terms, most[whose[kept]], may)
    score = ranking.sum_by_slot(
        len(may), *((part, part.term_scores(question, field, weights)) for part in read)
    )[slots]
    return slots, score * (1 + weights.all_terms * np.minimum(1.0, covered / max(float(most.sum()), 1e-9)))


def covering_slots(
    archive: Archive, terms: ranking.TermNumbers, cover: ranking.Floats, may: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], ranking.Floats, list[ranking.TermPostings]]:
    """The slots that have enough of the terms (the rarest first), how much they have, and what was read.

    Each slot must have a part of what the best one has. As soon as the terms behind cannot make up that
    part, their postings, the longest by far, are read for the slots alone that were found until then.
    """
    enough, had = archive.weights.enough, np.cumsum(cover)
    behind = had[-1] - had
    read: list[ranking.TermPostings] = []
    covered, fullest, done = np.zeros(0), had, 0  # as if one slot had all that is read
    while done < (until := 1 + int(np.argmax([*(behind < enough * fullest)[:-1], True]))):
        read.append(ranking.read_postings(archive.segments, terms, slice(done, until)))
        covered = ranking.sum_by_slot(len(may), *((part, cover[part.term_places]) for part in read))
        if not may.all():
            covered *= may
        fullest, done = covered.max(initial=0.0), until
    slots = np.flatnonzero(covered > max(0.0, float(enough * fullest - behind[done - 1]) - _ROUNDING_ERROR))
    read.append(ranking.read_postings(archive.segments, terms, slice(done, len(terms)), slots))
    here = covered[slots] + ranking.sum_by_slot(len(may), (read[-1], cover[read[-1].term_places]))[slots]
    full = here >= enough * here.max(initial=0.0) - _ROUNDING_ERROR
    return slots[full], here[full], read


def _query_terms(archive: Archive, question: SearchQuery) -> list[QueryTerm]:
    found: dict[QueryTerm, None] = {}
    guesses = _SpellingGuesses(archive)
    for text, needed in [*((w, False) for w in question.words), *((p, True) for p in question.phrases)]:
        found.update(dict.fromkeys(_find_terms(archive, text, needed, guesses)))
    return list(found)[:MAX_TERMS]


def _find_terms(archive: Archive, text: str, needed: bool, guesses: "_SpellingGuesses") -> list[QueryTerm]:
    """What was typed, word by word (or piece by piece), in every language that it may be in.

    What is a little word in one of them is not `needed`: articles in that language are indexed without it.
    """
    places: dict[tuple[int, int], dict[str, None]] = {}
    tidied = normalize_text(text)
    telling: list[set[tuple[int, int]]] = []
    for language in _query_languages(archive, tidied):
        terms = _whole_words(list(word_terms(tidied, language)))
        telling.append({(term.start, term.end) for term in terms})
        for term in terms:
            places.setdefault((term.start, term.end), {})[term.key] = None
    found = []
    for (start, end), keys in places.items():
        numbers = archive.vocabulary.find_terms(list(keys))
        known = tuple(
            n for n in numbers.tolist() if n >= 0 and archive.vocabulary.document_counts.view[n] > 0
        )
        guessed = guesses.guess_terms(fold_text(tidied[start:end]), exact=bool(known))
        known = (*known, *(number for number in guessed if number not in known))
        shown = (normalize_text(archive.vocabulary.display_form(number)) for number in guessed)
        spelled = {term.key for other in shown for term in _whole_words(list(word_terms(other, language)))}
        everywhere = all((start, end) in told for told in telling)
        found.append(QueryTerm(known, (*keys, *sorted(spelled)), needed and everywhere))
    return found


class _SpellingGuesses:
    """What a typed word may have meant: so many words of a question are guessed at, and no more."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.ignores_accents = any(language in ACCENTED_LANGUAGES for language in archive.languages)
        self.remaining = MAX_GUESSED_WORDS

    def guess_terms(self, word: str, *, exact: bool) -> list[int]:
        """Terms spelled otherwise: but for accents, else (where none is `exact`) one letter off."""
        wanted = not exact or (self.ignores_accents and word.isascii())
        if not wanted or not self.remaining or not is_single_word(word):
            return []
        self.remaining -= 1
        found = self.archive.vocabulary.find_similar(word, letter_off=False)
        if not found and not exact:
            found = self.archive.vocabulary.find_similar(word, letter_off=True)
        return found[: 4 * MAX_GUESSES if exact else MAX_GUESSES]


def _whole_words(terms: list[Term]) -> list[Term]:
    """Without the letters that words are cut into: a reader who types a word wants the word."""
    return [term for term in terms if not term.key.startswith("\x02")] or terms


def _query_languages(archive: Archive, tidied: str) -> list[str]:
    known = archive.languages
    usual = sorted(known, key=lambda name: -known[name])[:MAX_LANGUAGES]
    return usual if tidied.isascii() and usual else list(dict.fromkeys([detect_language(tidied), *usual]))


def _slots_with_terms(archive: Archive, numbers: tuple[int, ...], slots: int) -> NDArray[np.bool_]:
    """Which slots have any of these terms."""
    there = np.zeros(slots, bool)
    for part in posting_slices(archive.segments, np.array(numbers, np.int32))[0]:
        there[part >> np.uint32(8)] = True
    return there


def _allowed_slots(archive: Archive, question: SearchQuery, slots: int) -> NDArray[np.bool_]:
    """The slots that may be shown: live, of the right time and section, without what must not be there."""
    may: NDArray[np.bool_] = archive.documents.column("marks")[:slots] == 0
    minutes = archive.documents.column("minutes")[:slots]
    if question.start is not None:
        may &= minutes >= to_minutes(question.start)
    if question.end is not None:
        may &= minutes < to_minutes(question.end)
    if question.sections:
        wanted = archive.vocabulary.find_terms([section_key(name) for name in question.sections])
        may &= _slots_with_terms(archive, tuple(wanted[wanted >= 0].tolist()), slots)
    for text in question.without:
        if " " in text:  # only its text tells whether an article has a phrase (see `storage.search`)
            continue
        parts = _find_terms(archive, text, False, _SpellingGuesses(archive))
        unwanted = np.ones(slots, bool)
        for one in parts:
            unwanted &= _slots_with_terms(archive, one.numbers, slots)
        if parts:
            may &= ~unwanted
    return may
