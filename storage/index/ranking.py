"""Ranking: BM25 over packed postings, and what makes two articles related. Pure: arrays in, arrays out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.index.postings import Segment, slices
from storage.index.weights import Weights

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the archive: how long it is in each slot, and what BM25 needs to know of all."""

    lengths: NDArray[np.int64]
    average: float
    articles: int  #: how many there are
    holders: NDArray[np.int32]  #: articles that have the term, by the term's number


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in one field: terms, and how much each counts (inverse frequency included)."""

    terms: Numbers
    weights: Floats
    own: float  #: what a document of exactly this question would score


def rarity(holders: NDArray[np.int32], articles: int) -> Floats:
    """BM25's inverse document frequency, never negative."""
    counted = np.minimum(holders, articles).astype(np.float64)
    return np.log1p((articles - counted + 0.5) / (counted + 0.5))


def asked(terms: Numbers, counts: NDArray[np.uint8], field: Field, weights: Weights, *, alone: bool) -> Asked:
    """The best terms of a question. `alone` leaves out what only one article has: the asker itself."""
    holders = field.holders[terms]
    kept = holders >= (2 if alone else 1)
    everything = counts.astype(np.float64)
    rare = rarity(holders, field.articles)
    weight = (1 + np.log(np.maximum(everything, 1))) * rare
    length = everything.sum()
    damp = weights.k1 * (1 - weights.b + weights.b * length / max(field.average, 1e-9))
    best = np.flatnonzero(kept)
    if len(best) > weights.terms:
        best = best[np.argpartition(-weight[best], weights.terms - 1)[: weights.terms]]
    shares = weight[best] * everything[best] / (everything[best] + damp)
    return Asked(terms[best], weight[best], float(shares.sum()))


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
    damp = (weights.k1 * weights.b / max(field.average, 1e-9)) * field.lengths[:slots].astype(np.float32)
    damp += np.float32(weights.k1 * (1 - weights.b))
    shares: Floats = weight * (counts / (counts + damp[where]))
    return np.bincount(where, shares, minlength=slots).astype(np.float64, copy=False)


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
