"""Search: the articles that say what a reader typed."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from storage.index import ranking
from storage.index.analysis import language_of, word_terms
from storage.index.archive import Archive, section_key
from storage.index.documents import minute_of
from storage.index.folding import tidy
from storage.index.grammar import Question, understand
from storage.index.postings import slices


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


def find(archive: Archive, query: str, count: int, offset: int, order: str, now: datetime | None) -> Results:
    """One page of what `query` finds; `order` is "best" or "date"."""
    question = understand(query)
    slots = len(archive.documents)
    documents = archive.documents
    score = np.zeros(slots)
    covered = np.zeros(slots)
    must = documents.column("marks")[:slots] == 0
    for group, needed in _groups(archive, question):
        part, there = _group_score(archive, group, slots)
        score += part
        covered += there
        if needed:
            must &= there > 0
    for text in question.without:
        _, there = _group_score(archive, _keys(archive, text), slots)
        must &= there == 0
    must &= _filtered(archive, question, slots)
    if not (question.words or question.phrases):
        score[:] = 1.0
        order = "date"
    fullest = covered.max() if slots else 0.0
    if fullest > 0:
        score *= 1 + archive.weights.all_terms * covered / fullest
        must &= covered >= 0.5 * float(covered[must].max() if must.any() else 0)
    score[~must] = 0
    if order == "date":
        score = np.where(score > 0, documents.column("minutes")[:slots] + float(1 << 31), 0.0)
    elif now is not None:
        score = score * ranking.faded(documents.column("minutes")[:slots], minute_of(now), archive.weights)
    best = ranking.best(score, offset + count)[offset:]
    hits = tuple(Found(int(documents.column("articles")[slot]), float(score[slot])) for slot in best)
    keys = frozenset(key for group, _ in _groups(archive, question) for key in group)
    return Results(hits, int(np.count_nonzero(score)), question, keys)


def _groups(archive: Archive, question: Question) -> list[tuple[list[str], bool]]:
    groups: list[tuple[list[str], bool]] = []
    for word in question.words:
        groups.extend(([key], False) for key in _keys(archive, word))
    for phrase in question.phrases:
        groups.extend(([key], True) for key in _keys(archive, phrase))
    return groups


def _keys(archive: Archive, text: str) -> list[str]:
    """The terms of what was typed, in the language of the text or of most of the archive."""
    usual = max(archive.languages, key=lambda name: archive.languages[name], default="")
    language = usual if text.isascii() else language_of(text)
    return list(dict.fromkeys(term.key for term in word_terms(tidy(text), language)))


def _group_score(archive: Archive, keys: list[str], slots: int) -> tuple[ranking.Floats, ranking.Floats]:
    field = archive.fields()[0]
    numbers = archive.lexicon.find(keys)
    numbers = numbers[numbers >= 0]
    if not len(numbers):
        return np.zeros(slots), np.zeros(slots)
    rare = ranking.rarity(field.holders[numbers], field.articles)
    question = ranking.Asked(numbers, rare, 1.0)
    part = ranking.scores(archive.segments, question, field, archive.weights, slots)
    return part, np.where(part > 0, float(rare.max()), 0.0)


def _filtered(
    archive: Archive, question: Question, slots: int
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    minutes = archive.documents.column("minutes")[:slots]
    kept = np.ones(slots, bool)
    if question.start is not None:
        kept &= minutes >= minute_of(question.start)
    if question.end is not None:
        kept &= minutes < minute_of(question.end)
    if question.sections:
        wanted = archive.lexicon.find([section_key(name) for name in question.sections])
        there = np.zeros(slots, bool)
        for part in slices(archive.segments, wanted[wanted >= 0])[0]:
            there[part >> np.uint32(8)] = True
        kept &= there
    return kept
