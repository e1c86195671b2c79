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
    kept = np.flatnonzero(holders >= (2 if alone else 1))
    best = kept[np.argsort(-weight[kept], kind="stable")][: weights.terms]
    reading = np.cumsum(holders[best])
    best = best[: max(weights.terms_at_least, int(np.searchsorted(reading, weights.reading, "right")))]
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
    where = (postings >> np.uint32(8)).astype(np.intp)
    counts = (postings & np.uint32(255)).astype(np.float32)
    shares: Floats = weight * (counts / (counts + field.damp(field.lengths[where], weights)))
    return np.bincount(where, shares, minlength=slots).astype(np.float64, copy=False)


def scores_and_cover(
    segments: Sequence[Segment], question: Asked, cover: Floats, field: Field, weights: Weights, slots: int
) -> tuple[Floats, Floats]:
    """Each slot's BM25 score, and the sum of `cover` over the terms that it has, however often."""
    found, whose = slices(segments, question.terms)
    if not found:
        return np.zeros(slots), np.zeros(slots)
    sizes = [len(part) for part in found]
    postings = np.concatenate(found)
    where = (postings >> np.uint32(8)).astype(np.intp)
    counts = (postings & np.uint32(255)).astype(np.float32)
    shares = counts / (counts + field.damp(field.lengths[where], weights))
    score = np.bincount(where, np.repeat(question.weights[whose], sizes) * shares, minlength=slots)
    covered = np.bincount(where, np.repeat(cover[whose], sizes), minlength=slots)
    return score.astype(np.float64, copy=False), covered.astype(np.float64, copy=False)


def faded(minutes: NDArray[np.int64], moment: int, weights: Weights) -> Floats:
    """What age leaves of a score: all of it at the moment, never less than the lasting part."""
    days = np.abs(minutes - moment) / 1440.0
    return weights.lasting + (1 - weights.lasting) * np.exp(-days / weights.days)


def best(score: Floats, count: int) -> NDArray[np.int64]:
    """The places of the highest scores above nothing, best first, the last one first among equals."""
    above = np.flatnonzero(score > 0)
    if len(above) > count:
        least = np.partition(score[above], len(above) - count)[len(above) - count]
        above = above[score[above] >= least]
    return above[np.lexsort((-above, -score[above]))][:count]
