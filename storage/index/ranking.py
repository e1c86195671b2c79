"""Ranking: BM25 over packed postings, and what makes two articles related. Pure: arrays in, arrays out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.index.postings import Segment, posting_slices, postings_of_slots
from storage.index.weights import Weights

Floats = NDArray[np.float64]
TermNumbers = NDArray[np.int32]
PackedTerms = NDArray[np.uint32]

#: Postings, for each slot that is wanted, from which it is quicker to look each slot up.
LONG_LIST_RATIO = 2
_GROUP_COUNT = 64
_ALL = slice(None)


@dataclass(frozen=True, slots=True)
class FieldStats:
    """One field of the archive, words or names: what BM25 needs to know of it."""

    lengths: NDArray[np.int64]  #: of the field, in each slot
    average: float
    articles: int  #: how many there are
    document_counts: NDArray[np.int32]  #: articles that have the term, by the term's number

    def length_norm(self, lengths: NDArray[np.int64], weights: Weights) -> NDArray[np.float32]:
        """What a count is weighed against in articles of these lengths: the longer, the more."""
        per_word = weights.k1 * weights.b / max(self.average, 1e-9)
        return np.float32(per_word) * lengths.astype(np.float32) + np.float32(weights.k1 * (1 - weights.b))


@dataclass(frozen=True, slots=True)
class FieldQuery:
    """A question in one field: terms, and how much each counts (rarity included)."""

    terms: TermNumbers
    weights: Floats
    self_score: float  #: what an article of exactly this question would score


def inverse_frequency(holders: NDArray[np.int32], articles: int) -> Floats:
    """BM25's inverse document frequency, never negative."""
    counted = np.minimum(holders, articles).astype(np.float64)
    return np.log1p((articles - counted + 0.5) / (counted + 0.5))


def build_field_query(packed: PackedTerms, field: FieldStats, weights: Weights, *, alone: bool) -> FieldQuery:
    """The best terms of a question. `alone` leaves out what only one article has: the asker itself."""
    terms = (packed >> np.uint32(8)).astype(np.int32)
    counts = (packed & np.uint32(255)).astype(np.float64)
    holders = field.document_counts[terms]
    weight = (1 + np.log(np.maximum(counts, 1))) * inverse_frequency(holders, field.articles)
    kept = np.flatnonzero(holders >= (2 if alone else 1))
    best = kept[np.argsort(-weight[kept], kind="stable")][: weights.terms]
    reading = np.cumsum(holders[best])
    best = best[: max(weights.terms_at_least, int(np.searchsorted(reading, weights.reading, "right")))]
    damp = field.length_norm(np.array([counts.sum()]), weights)[0]
    share = weight[best] * counts[best] / (counts[best] + damp)
    return FieldQuery(terms[best], weight[best], float(share.sum()))


@dataclass(frozen=True, slots=True)
class TermPostings:
    """The postings of some terms: which slot has which of them, and how often."""

    slots: NDArray[np.intp]
    counts: NDArray[np.float32]
    term_places: NDArray[np.intp]  #: the term's place in the question

    def term_scores(self, question: FieldQuery, field: FieldStats, weights: Weights) -> Floats:
        """What each posting adds to its slot's BM25 score."""
        share = self.counts / (self.counts + field.length_norm(field.lengths[self.slots], weights))
        told: Floats = question.weights[self.term_places] * share
        return told


def read_postings(
    segments: Sequence[Segment],
    terms: TermNumbers,
    part: slice = _ALL,
    only: NDArray[np.int64] | None = None,
) -> TermPostings:
    """The postings of a part of the terms; of `only` some slots (in order) where a term has many others."""
    found, whose = posting_slices(segments, terms[part])
    if only is not None:
        found = [
            postings_of_slots(one, only) if len(one) > LONG_LIST_RATIO * len(only) else one for one in found
        ]
    postings = np.concatenate(found) if found else np.empty(0, np.uint32)
    return TermPostings(
        (postings >> np.uint32(8)).astype(np.intp),
        (postings & np.uint32(255)).astype(np.float32),
        np.repeat(np.array(whose, np.intp) + (part.start or 0), [len(one) for one in found]),
    )


def sum_by_slot(slots: int, *parts: tuple[TermPostings, Floats]) -> Floats:
    """For each slot the sum of what its postings have."""
    where = np.concatenate([reading.slots for reading, _ in parts])
    values = np.concatenate([values for _, values in parts])
    return np.bincount(where, values, minlength=slots).astype(np.float64, copy=False)


def age_factor(minutes: NDArray[np.int64], moment: int, weights: Weights) -> Floats:
    """What age leaves of a score: all of it at the moment, never less than the lasting part."""
    days = np.abs(minutes - moment) / 1440.0
    return weights.lasting + (1 - weights.lasting) * np.exp(-days / weights.days)


def possible_best(score: Floats, count: int, lasting: float) -> NDArray[np.int64]:
    """The places that can be among the `count` best when no score loses more than leaves it `lasting`.

    The best of each of many groups are looked at first: no more than that many are above the least of them.
    """
    groups = score[: len(score) // _GROUP_COUNT * _GROUP_COUNT].reshape(_GROUP_COUNT, -1).max(axis=0)
    least = 0.0
    if len(groups) > count:
        least = float(np.partition(groups, len(groups) - count)[len(groups) - count]) * lasting
    return np.flatnonzero(score >= least if least > 0 else score > 0)


def best_places(score: Floats, count: int) -> NDArray[np.int64]:
    """The places of the highest scores above nothing, best first, the last one first among equals."""
    above = np.flatnonzero(score > 0)
    if len(above) > count:
        least = np.partition(score[above], len(above) - count)[len(above) - count]
        above = above[score[above] >= least]
    return above[np.lexsort((-above, -score[above]))][:count]
