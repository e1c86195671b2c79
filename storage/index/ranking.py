"""Ranking: BM25 over packed postings, and what makes two articles related. Pure: arrays in, arrays out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.index.postings import Segment, slices
from storage.index.weights import Weights

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]
Packed = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the archive, words or names: what BM25 needs to know of it."""

    lengths: NDArray[np.int64]  #: of the field, in each slot
    average: float
    articles: int  #: how many there are
    holders: NDArray[np.int32]  #: articles that have the term, by the term's number

    def damp(self, lengths: NDArray[np.int64], weights: Weights) -> NDArray[np.float32]:
        """What a count is weighed against in articles of these lengths: the longer, the more."""
        per_word = weights.k1 * weights.b / max(self.average, 1e-9)
        return np.float32(per_word) * lengths.astype(np.float32) + np.float32(weights.k1 * (1 - weights.b))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in one field: terms, and how much each counts (rarity included)."""

    terms: Numbers
    weights: Floats
    own: float  #: what an article of exactly this question would score


def rarity(holders: NDArray[np.int32], articles: int) -> Floats:
    """BM25's inverse document frequency, never negative."""
    counted = np.minimum(holders, articles).astype(np.float64)
    return np.log1p((articles - counted + 0.5) / (counted + 0.5))


def asked(packed: Packed, field: Field, weights: Weights, *, alone: bool) -> Asked:
    """The best terms of a question. `alone` leaves out what only one article has: the asker itself."""
    terms = (packed >> np.uint32(8)).astype(np.int32)
    counts = (packed & np.uint32(255)).astype(np.float64)
    holders = field.holders[terms]
    weight = (1 + np.log(np.maximum(counts, 1))) * rarity(holders, field.articles)
    best = np.flatnonzero(holders >= (2 if alone else 1))
    if len(best) > weights.terms:
        best = best[np.argpartition(-weight[best], weights.terms - 1)[: weights.terms]]
    damp = field.damp(np.array([counts.sum()]), weights)[0]
    share = weight[best] * counts[best] / (counts[best] + damp)
    return Asked(terms[best], weight[best], float(share.sum()))


def scores(
    segments: Sequence[Segment], question: Asked, field: Field, weights: Weights, slots: int
) -> Floats:
    """Each slot's BM25 score for the question."""
    found, whose = slices(segments, question.terms)
    if not found:
        return np.zeros(slots)
    postings = np.concatenate(found)
    weight = np.repeat(question.weights[whose], [len(part) for part in found])
    where = postings >> np.uint32(8)
    counts = (postings & np.uint32(255)).astype(np.float32)
    damp = field.damp(field.lengths[:slots], weights)
    shares: Floats = weight * (counts / (counts + damp[where]))
    return np.bincount(where, shares, minlength=slots).astype(np.float64, copy=False)


def together(questions: Sequence[Asked], shares: Sequence[float]) -> tuple[Numbers, Floats]:
    """Several questions as one, each counting by its share: terms in order, and their weights."""
    terms = np.concatenate([question.terms for question in questions])
    weight = np.concatenate([q.weights * share for q, share in zip(questions, shares, strict=True)])
    united, inverse = np.unique(terms, return_inverse=True)
    return united, np.bincount(inverse, weight, minlength=len(united)).astype(np.float64, copy=False)


def forward_scores(
    packed: Packed, whose: NDArray[np.int64], damp: NDArray[np.float32], terms: Numbers, weight: Floats
) -> Floats:
    """A few articles' BM25 scores by their own terms: `packed[i]` belongs to the article `whose[i]`."""
    at = np.minimum(np.searchsorted(terms, packed >> np.uint32(8)), len(terms) - 1)
    counts = (packed & np.uint32(255)).astype(np.float32)
    hit = terms[at] == packed >> np.uint32(8)
    shares = np.where(hit, weight[at], 0.0) * (counts / (counts + damp))
    return np.bincount(whose, shares).astype(np.float64, copy=False)


def faded(minutes: NDArray[np.int64], moment: int, weights: Weights) -> Floats:
    """What age leaves of a score: all of it at the moment, never less than the lasting part."""
    days = np.abs(minutes - moment) / 1440.0
    return weights.lasting + (1 - weights.lasting) * np.exp(-days / weights.days)


def best(score: Floats, count: int, offset: int, floor: float) -> NDArray[np.int64]:
    """The slots with the highest scores above the floor, best first, the newer slot first among equals."""
    above = np.flatnonzero(score > floor)
    wanted = offset + count
    if len(above) > wanted:
        least = np.partition(score[above], len(above) - wanted)[len(above) - wanted]
        above = above[score[above] >= least]
    return above[np.lexsort((-above, -score[above]))][offset:wanted]
