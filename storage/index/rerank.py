"""Reranking of the best candidates, by the terms that distinguish them from each other. Pure.

In a large archive every word of an event is rare, so rarity no longer tells one event from its twin (two
quakes on one coast, 23 pirates caught and 26). Among the forty best answers it does: here a word is rare
if few of those have it. That helps where some answers are truly alike; where the asker shares but a word or
two with each, it would count against the very word that found them. So all of it is scaled by how `sure`
we are that the best answers tell the same event.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.index.ranking import Floats, inverse_frequency
from storage.index.weights import Weights


@dataclass(frozen=True, slots=True)
class RerankResult:
    """What the closer look found of each answer, in the order given: `order` ranks, `alike` says how much."""

    order: Floats
    alike: Floats  #: 0 to 1: 1 is the same text


@dataclass(frozen=True, slots=True)
class TermTable:
    """What is shared: a row for the asker and each answer, a column for each term that two of them have."""

    parts: Floats
    weight: Floats  #: how much a term counts
    self_likeness: Floats  #: what each row would share with itself

    def term_shares(self, row: int) -> Floats:
        """What each term of a row counts, of all that it has."""
        share: Floats = self.parts[row] * self.weight / self.self_likeness[row]
        return share


def rerank_answers(
    terms: NDArray[np.int64],
    parts: Floats,
    whose: NDArray[np.int64],
    rare: Floats,
    age: Floats,
    weights: Weights,
    beside: Floats | float = 0.0,
) -> RerankResult:
    """Compare the asker with the answers.

    Args:
        terms: numbers of terms, of the asker (whose 0) and of each answer (whose 1, 2 ...).
        parts: BM25's weight of each, rarity left out.
        whose: to which of them each belongs.
        rare: the rarity in the whole archive of each term.
        age: what age leaves of each answer's likeness.
        weights: how much each kind of evidence counts.
        beside: what other evidence than words adds to each answer's order.
    """
    everywhere, here = _build_tables(terms, parts, whose, rare)
    onward, apart = _shared_parts(everywhere.parts, [everywhere.term_shares(0), here.term_shares(0)])
    back = onward * everywhere.self_likeness[0] / everywhere.self_likeness
    apart_back = apart * here.self_likeness[0] / here.self_likeness
    both = (onward + back) / 2
    sure = _event_confidence(both[1:], weights)
    order = onward + sure * (back - onward) / 2 + weights.apart * sure * (apart + apart_back) / 2
    order = (order[1:] + beside) * age
    nearest = np.argsort(-order, kind="stable")[: weights.near]
    total = float(order[nearest].sum())
    if total > 0:
        rows = (nearest + 1).tolist()
        pointed = _shared_parts(
            everywhere.parts,
            [sure * here.term_shares(row) + (1 - sure) * everywhere.term_shares(row) for row in rows],
        )[:, 1:]
        pointed[np.arange(len(nearest)), nearest] = 0  # nobody speaks for himself
        share = sure * weights.near_share + (1 - sure) * weights.near_share_unsure
        order = order + share * age * (order[nearest] @ pointed) / total
    return RerankResult(order, both[1:])


def likeness_matrix(
    terms: NDArray[np.int64], parts: Floats, whose: NDArray[np.int64], rare: Floats
) -> Floats:
    """How alike each two of the asker and the answers are (arguments as of `look`), a square."""
    everywhere, _ = _build_tables(terms, parts, whose, rare)
    has = _shared_parts(
        everywhere.parts, [everywhere.term_shares(row) for row in range(len(everywhere.self_likeness))]
    )
    np.fill_diagonal(has, 1.0)
    alike: Floats = (has + has.T) / 2
    return alike


def _shared_parts(parts: Floats, wanted: list[Floats]) -> Floats:
    """How much of each of some `wanted` rows every row has: 1 is all of it.

    Not by matrix products: their threads cost more than they save.
    """
    shared: Floats = np.einsum("rt,nt->nr", parts, np.stack(wanted))
    return shared


def _build_tables(
    terms: NDArray[np.int64], parts: Floats, whose: NDArray[np.int64], rare: Floats
) -> tuple[TermTable, TermTable]:
    """The same rows with the rarity of the whole archive, and with the rarity among themselves."""
    first, place, holders = unique_terms(terms)
    rows = int(whose[-1]) + 1
    common = holders >= 2
    column = np.cumsum(common) - 1
    inside = common[place]
    table = np.zeros((rows, int(common.sum())))
    table[whose[inside], column[place[inside]]] = parts[inside]
    apart = np.where(common, inverse_frequency(holders.astype(np.int32), rows), 0.0)
    squares = parts * parts
    return (
        TermTable(table, rare[first][common], _self_likeness(whose, squares * rare, rows)),
        TermTable(table, apart[common], _self_likeness(whose, squares * apart[place], rows)),
    )


def unique_terms(terms: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where each different term comes first, which of those each is, and how often it comes.

    As `np.unique` tells, in a third of its time: numbers alone are sorted far sooner than their places.
    """
    bits = len(terms).bit_length()
    packed = np.sort((terms << bits) | np.arange(len(terms)))
    order = packed & ((1 << bits) - 1)
    new = np.diff(packed >> bits, prepend=-1) != 0
    place = np.empty(len(terms), np.int64)
    place[order] = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    return order[starts], place, np.diff(starts, append=len(terms))


def _self_likeness(whose: NDArray[np.int64], values: Floats, rows: int) -> Floats:
    return np.maximum(np.bincount(whose, values, minlength=rows), 1e-9)


def _event_confidence(alike: Floats, weights: Weights) -> float:
    """0 to 1: whether the best answers are alike enough to tell the same event."""
    best = np.sort(alike)[::-1][: weights.sure_of]
    return float(min(1.0, best.mean() / weights.sure_at) ** weights.sure_power) if len(best) else 0.0
