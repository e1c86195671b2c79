"""A closer look: the best answers ranked again, by what sets them apart from each other. Pure.

In a large archive every word of an event is rare, so rarity no longer tells one event from its twin (two
quakes on one coast, 23 pirates caught and 26). Among the forty best answers it does: here a word is rare
if few of those have it. That helps where some answers are truly alike; where the asker shares but a word or
two with each, it would count against the very word that found them. So all of it is scaled by how `sure`
we are that the best answers tell the same event.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.index.ranking import Floats, rarity
from storage.index.weights import Weights


@dataclass(frozen=True, slots=True)
class Likeness:
    """What the closer look found of each answer, in the order given: `order` ranks, `alike` says how much."""

    order: Floats
    alike: Floats  #: 0 to 1: 1 is the same text


@dataclass(frozen=True, slots=True)
class Table:
    """A row for the asker and each answer, a column for each term, and how much a term counts."""

    parts: NDArray[np.float64]
    weight: Floats  #: of a term that two rows share
    own: Floats  #: what each row would share with itself

    def shared(self, row: int) -> Floats:
        """What one row shares with each, not by matrix products: their threads cost more than they save."""
        together: Floats = np.einsum("rt,t->r", self.parts, self.parts[row] * self.weight)
        return together

    def points_to(self, row: int) -> Floats:
        """How much of the row each has: 1 has all of it."""
        share: Floats = self.shared(row) / self.own[row]
        return share


def look(
    terms: NDArray[np.int64],
    parts: Floats,
    whose: NDArray[np.int64],
    rare: Floats,
    age: Floats,
    weights: Weights,
    beside: Floats | float = 0.0,
) -> Likeness:
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
    everywhere, here = _tables(terms, parts, whose, rare)
    shared, apart = everywhere.shared(0), here.shared(0)
    onward, back = shared / everywhere.own[0], shared / everywhere.own
    both = (onward + back) / 2
    sure = _sure(both[1:], weights)
    order = onward + sure * (back - onward) / 2
    order += weights.apart * sure * (apart / here.own[0] + apart / here.own) / 2
    order = (order[1:] + beside) * age
    nearest = np.argsort(-order, kind="stable")[: weights.near]
    total = float(order[nearest].sum())
    if total > 0:
        pointed = np.stack(
            [
                sure * here.points_to(1 + at) + (1 - sure) * everywhere.points_to(1 + at)
                for at in nearest.tolist()
            ]
        )[:, 1:]
        pointed[np.arange(len(nearest)), nearest] = 0  # nobody speaks for himself
        share = sure * weights.near_share + (1 - sure) * weights.near_share_unsure
        order = order + share * age * (order[nearest] @ pointed) / total
    return Likeness(order, both[1:])


def _tables(
    terms: NDArray[np.int64], parts: Floats, whose: NDArray[np.int64], rare: Floats
) -> tuple[Table, Table]:
    """The same rows with the rarity of the whole archive, and with the rarity among themselves."""
    united, place = np.unique(terms, return_inverse=True)
    table = np.zeros((int(whose[-1]) + 1, len(united)))
    table[whose, place] = parts
    holders = np.count_nonzero(table, axis=0)
    weight = np.zeros(len(united))
    weight[place] = rare
    apart = np.where(holders >= 2, rarity(holders.astype(np.int32), len(table)), 0.0)
    return (
        Table(table, np.where(holders >= 2, weight, 0.0), _own(table, weight)),
        Table(table, apart, _own(table, apart)),
    )


def _own(table: NDArray[np.float64], weight: Floats) -> Floats:
    shared: Floats = np.einsum("rt,rt,t->r", table, table, weight)
    return np.maximum(shared, 1e-9)


def _sure(alike: Floats, weights: Weights) -> float:
    """0 to 1: whether the best answers are alike enough to tell the same event."""
    best = np.sort(alike)[::-1][: weights.sure_of]
    return float(min(1.0, best.mean() / weights.sure_at) ** weights.sure_power) if len(best) else 0.0
