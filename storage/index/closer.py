"""A closer look: the best answers ranked again, by what sets them apart from each other. Pure.

In a large archive every word of an event is rare, so rarity no longer tells one event from its twin (two
quakes on one coast, 23 pirates caught and 26). Among the forty best answers it does: here a word is rare
if few of those have it. An answer also counts for more where the very best ones point to it, and where the
likeness holds both ways, so that a long article does not win by having everything.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.index.ranking import Floats, rarity
from storage.index.weights import Weights

Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Likeness:
    """What the closer look found of each answer, in the order given: `order` ranks, `alike` says how much."""

    order: Floats
    alike: Floats  #: 0 to 1: 1 is the same text


def look(
    terms: NDArray[np.int64],
    parts: Floats,
    whose: NDArray[np.int64],
    rare: Floats,
    age: Floats,
    weights: Weights,
) -> Likeness:
    """Compare the asker with the answers.

    Args:
        terms: numbers of terms, of the asker (whose 0) and of each answer (whose 1, 2 ...).
        parts: BM25's weight of each, rarity left out.
        whose: to which of them each belongs.
        rare: the rarity in the whole archive of each term.
        age: what age leaves of each answer's likeness.
        weights: how much each kind of evidence counts.
    """
    united, place = np.unique(terms, return_inverse=True)
    table = np.zeros((int(whose[-1]) + 1, len(united)))
    table[whose, place] = parts
    holders = np.count_nonzero(table, axis=0)
    of_archive = np.zeros(len(united))
    of_archive[place] = rare
    of_these = np.where(holders >= 2, rarity(holders.astype(np.int32), len(table)), 0.0)
    everywhere = np.where(holders >= 2, of_archive, 0.0)
    alike = _both_ways(table, everywhere, _own(table, of_archive), 0)
    own = _own(table, of_these)
    order = (alike + weights.apart * _both_ways(table, of_these, own, 0))[1:] * age
    nearest = np.argsort(-order, kind="stable")[: weights.near]
    total = float(order[nearest].sum())
    if total > 0:
        pointed = np.stack([_shared(table, of_these, 1 + at) / own[1 + at] for at in nearest.tolist()])[:, 1:]
        pointed[np.arange(len(nearest)), nearest] = 0  # nobody speaks for himself
        order = order + weights.near_share * age * (order[nearest] @ pointed) / total
    return Likeness(order, alike[1:] * age)


def _both_ways(table: Table, weight: Floats, own: Floats, row: int) -> Floats:
    """How alike one row is to each, as the mean of both directions."""
    together = _shared(table, weight, row)
    return (together / own[row] + together / own) / 2


def _own(table: Table, weight: Floats) -> Floats:
    """What each row would share with itself."""
    shared: Floats = np.einsum("rt,rt,t->r", table, table, weight)
    return np.maximum(shared, 1e-9)


def _shared(table: Table, weight: Floats, row: int) -> Floats:
    """What one row shares with each. Not by matrix products: their threads cost more than they save here."""
    shared: Floats = np.einsum("rt,t->r", table, table[row] * weight)
    return shared
