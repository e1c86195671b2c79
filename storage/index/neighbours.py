"""Neighbours: which articles answer an article or a text, and what they share with it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.index import ranking
from storage.index.archive import Archive
from storage.index.ranking import Asked, Floats, Packed
from storage.index.rerank import Likeness, likenesses, look
from storage.index.vectors.dense import Sense

#: The rank of answers that were not looked at closely: behind all others, in the order in which they come.
LAST = -1.0


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: an article of the archive, or a text from outside."""

    words: Packed
    names: Packed
    moment: int | None = None  #: minutes since 1970; what is near to it in time counts more
    group: int = 0  #: articles of this group are not its neighbours
    inside: bool = False  #: it is in the archive, so that what it alone has tells nothing
    sense: Sense | None = None  #: what a model knows of it, where there is one


def asker_of(archive: Archive, slot: int, sense: Sense | None = None) -> Asker:
    """The article in a slot as an asker."""
    documents = archive.documents
    return Asker(
        documents.packed(slot, "words"),
        documents.packed(slot, "names"),
        int(documents.column("minutes")[slot]),
        int(documents.column("groups")[slot]),
        inside=True,
        sense=sense,
    )


def neighbours(
    archive: Archive, asker: Asker, count: int, offset: int = 0, floor: float | None = None
) -> list[tuple[int, float]]:
    """The slots that are most related to the asker, best first, and how alike they are (1: the same)."""
    least = archive.weights.floor if floor is None else floor
    ranked = [one for one in _found_by_words(archive, asker, offset + count) if one.alike >= least]
    if asker.sense is not None:
        ranked = sorted(ranked + _foreign(archive, asker, asker.sense), key=lambda one: -one.rank)
    return [(one.slot, one.alike) for one in ranked][offset : offset + count]


@dataclass(frozen=True, slots=True)
class _Ranked:
    """An answer: `rank` orders, `alike` tells."""

    slot: int
    alike: float
    rank: float


def _found_by_words(archive: Archive, asker: Asker, wanted: int) -> list[_Ranked]:
    count = max(archive.weights.looked_at, wanted)
    slots, score = _first_look(archive, asker, count)
    first = ranking.best(score, count)
    if not len(first):
        return []
    found = slots[first]
    looked_at, behind = found[: archive.weights.looked_at], found[archive.weights.looked_at :]
    likeness = _closer_look(archive, asker, looked_at)
    order = np.argsort(-likeness.order, kind="stable")
    columns = (looked_at[order], likeness.alike[order], likeness.order[order])
    ranked = [_Ranked(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    rest = zip(behind.tolist(), score[first[len(looked_at) :]].tolist(), strict=True)
    return ranked + [_Ranked(slot, alike, LAST) for slot, alike in rest]


def _foreign(archive: Archive, asker: Asker, sense: Sense) -> list[_Ranked]:
    """Articles of other languages, as far as they may be shown to the asker."""
    documents, ranked = archive.documents, []
    for one in sense.foreign():
        slot = documents.slot_of(one.article_id)
        if slot < 0 or documents.column("marks")[slot] or documents.column("groups")[slot] == asker.group:
            continue
        age = 1.0
        if asker.moment is not None:
            minute = documents.column("minutes")[slot : slot + 1]
            age = float(ranking.faded(minute, asker.moment, archive.weights)[0])
        ranked.append(_Ranked(slot, one.alike * age, one.rank * age))
    return ranked


def _first_look(archive: Archive, asker: Asker, count: int) -> tuple[NDArray[np.int64], Floats]:
    """Slots that have the asker's best terms, and their scores as shares of the asker's own.

    The `count` best are among them.
    """
    documents, weights, own = archive.documents, archive.weights, 0.0
    parts = []
    for packed, field, share in zip(
        (asker.words, asker.names), archive.fields(), (1.0, weights.names), strict=True
    ):
        question: Asked = ranking.asked(packed, field, weights, alone=asker.inside)
        reading = ranking.read(archive.segments, question.terms)
        parts.append((reading, share * reading.told(question, field, weights)))
        own += share * question.own
    total = ranking.summed(len(documents), *parts)
    total[np.flatnonzero(documents.column("marks")[: len(total)] != 0)] = 0
    if 0 <= (first := documents.slot_of(asker.group)) < len(total):  # the others are marked as duplicates
        total[first] = 0
    found = ranking.promising(total, count, 1.0 if asker.moment is None else weights.lasting)
    score = total[found] / max(own, 1e-9)
    if asker.moment is not None:
        score = score * ranking.faded(documents.column("minutes")[found], asker.moment, weights)
    return found, score


def together(archive: Archive, asker: Asker, count: int) -> tuple[NDArray[np.int64], Floats]:
    """The slots that are nearest to the asker, and how alike each two are, the asker himself first."""
    slots, score = _first_look(archive, asker, count)
    nearest = slots[ranking.best(score, count)]
    if not len(nearest):
        return nearest, np.ones((1, 1))
    return nearest, likenesses(*_terms(archive, asker, nearest))


def _closer_look(archive: Archive, asker: Asker, slots: NDArray[np.int64]) -> Likeness:
    """What a closer look finds of some slots."""
    weights, documents = archive.weights, archive.documents
    age = np.ones(len(slots))
    if asker.moment is not None:
        age = ranking.faded(documents.column("minutes")[slots], asker.moment, weights)
    beside = asker.sense.beside(documents.column("articles")[slots]) if asker.sense is not None else 0.0
    return look(*_terms(archive, asker, slots), age, weights, beside)


def _terms(
    archive: Archive, asker: Asker, slots: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64], Floats]:
    """What a closer look compares: terms, what BM25 gives each, whose it is, and how rare it is."""
    packed, whose, damp = archive.terms_of(slots)
    mine = [
        np.full(len(part), field.damp(np.array([(part & np.uint32(255)).sum()]), archive.weights)[0])
        for part, field in zip((asker.words, asker.names), archive.fields(), strict=True)
    ]
    terms = np.concatenate([asker.words, asker.names, packed])
    counts = (terms & np.uint32(255)).astype(np.float64)
    numbers = (terms >> np.uint32(8)).astype(np.int64)
    return (
        numbers,
        counts / (counts + np.concatenate([*mine, damp])),
        np.concatenate([np.zeros(len(terms) - len(packed), np.int64), whose + 1]),
        ranking.rarity(archive.lexicon.articles.view[numbers], archive.fields()[0].articles),
    )
