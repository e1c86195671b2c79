"""Explanation: the words and names that two articles share, and how much each adds to their similarity."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from storage.index import ranking
from storage.index.archive import Archive
from storage.text.normalize import fold_text


@dataclass(frozen=True, slots=True)
class SharedTerm:
    """A word or name that both have, and its part of their similarity."""

    word: str
    name: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The similarity of two articles, and its parts: the weights add up to `alike`."""

    alike: float  #: 0 to 1: 1 is the same text
    part: float  #: of what the first says, as much as the second says too: 0 to 1
    part_of_other: float  #: the reverse
    shared: tuple[SharedTerm, ...]  #: the most telling first


def explain_likeness(archive: Archive, one: int, other: int) -> Explanation:
    """What the articles in two slots share; the likeness is that by which neighbours are told."""
    packed, whose, damp = archive.terms_of_slots(np.array([one, other]))
    counts = (packed & np.uint32(255)).astype(np.float64)
    numbers = (packed >> np.uint32(8)).astype(np.int64)
    rare = ranking.inverse_frequency(
        archive.vocabulary.document_counts.view[numbers], archive.field_stats()[0].articles
    )
    parts = counts / (counts + damp)
    says = parts**2 * rare
    own = [max(float(says[whose == at].sum()), 1e-9) for at in (0, 1)]
    mine, theirs = np.flatnonzero(whose == 0), np.flatnonzero(whose == 1)
    common, here, there = np.intersect1d(numbers[mine], numbers[theirs], return_indices=True)
    here, there = mine[here], theirs[there]
    together = parts[here] * parts[there] * rare[here]
    names = set((archive.documents.packed_terms(one, "names") >> np.uint32(8)).tolist())
    told = zip(common.tolist(), (together * (1 / own[0] + 1 / own[1]) / 2).tolist(), strict=True)
    shared = (
        SharedTerm(fold_text(archive.vocabulary.display_form(term)), term in names, weight)
        for term, weight in told
    )
    alike = float(together.sum()) * (1 / own[0] + 1 / own[1]) / 2
    return Explanation(
        alike, float(says[here].sum()) / own[0], float(says[there].sum()) / own[1], _merge_shared(shared)
    )


def _merge_shared(shared: Iterable[SharedTerm]) -> tuple[SharedTerm, ...]:
    """Each word once, though it is a stem, strings of letters and a name to the index; the heaviest first.

    In scripts without spaces a piece that stands in a longer one counts there.
    """
    united: dict[str, SharedTerm] = {}
    for each in sorted(shared, key=lambda one: (-len(one.word), -one.weight, one.word)):
        place = each.word
        if place not in united and not place.isascii():
            place = next((word for word in united if place in word), place)
        known = united.get(place)
        weight = each.weight + (known.weight if known else 0.0)
        united[place] = SharedTerm(place, each.name or bool(known and known.name), weight)
    return tuple(sorted(united.values(), key=lambda one: (-one.weight, one.word)))
