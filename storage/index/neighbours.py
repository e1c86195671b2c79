"""Neighbors: the articles most similar to an article or a text."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.index import ranking
from storage.index.archive import Archive
from storage.index.ranking import FieldQuery, Floats, PackedTerms
from storage.index.rerank import RerankResult, likeness_matrix, rerank_answers
from storage.index.vectors.dense import VectorQuery

#: The rank of candidates that were not reranked: after all others, in their order.
LAST_RANK = -1.0


@dataclass(frozen=True, slots=True)
class RelatedQuery:
    """The query: an article of the archive, or a text from outside."""

    words: PackedTerms
    names: PackedTerms
    minute: int | None = None  #: minutes since 1970; what is near to it in time counts more
    group: int = 0  #: articles of this group are not its neighbours
    in_archive: bool = False  #: it is in the archive, so terms that it alone has are left out
    vector_query: VectorQuery | None = None  #: its vector, if there is a model


def query_of_slot(archive: Archive, slot: int, sense: VectorQuery | None = None) -> RelatedQuery:
    """The article in a slot as a query."""
    documents = archive.documents
    return RelatedQuery(
        documents.packed_terms(slot, "words"),
        documents.packed_terms(slot, "names"),
        int(documents.column("minutes")[slot]),
        int(documents.column("groups")[slot]),
        in_archive=True,
        vector_query=sense,
    )


def find_neighbours(
    archive: Archive, asker: RelatedQuery, count: int, offset: int = 0, floor: float | None = None
) -> list[tuple[int, float]]:
    """The slots that are most related to the asker, best first, and how alike they are (1: the same)."""
    least = archive.weights.floor if floor is None else floor
    ranked = [one for one in _find_by_words(archive, asker, offset + count) if one.alike >= least]
    if asker.vector_query is not None:
        ranked = sorted(ranked + _find_foreign(archive, asker, asker.vector_query), key=lambda one: -one.rank)
    return [(one.slot, one.alike) for one in ranked][offset : offset + count]


@dataclass(frozen=True, slots=True)
class _RankedSlot:
    """A candidate: `rank` is its order, `alike` its similarity."""

    slot: int
    alike: float
    rank: float


def _find_by_words(archive: Archive, asker: RelatedQuery, wanted: int) -> list[_RankedSlot]:
    count = max(archive.weights.looked_at, wanted)
    slots, score = _score_candidates(archive, asker, count)
    first = ranking.best_places(score, count)
    if not len(first):
        return []
    found = slots[first]
    looked_at, behind = found[: archive.weights.looked_at], found[archive.weights.looked_at :]
    likeness = _rerank_slots(archive, asker, looked_at)
    order = np.argsort(-likeness.order, kind="stable")
    columns = (looked_at[order], likeness.alike[order], likeness.order[order])
    ranked = [_RankedSlot(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    rest = zip(behind.tolist(), score[first[len(looked_at) :]].tolist(), strict=True)
    return ranked + [_RankedSlot(slot, alike, LAST_RANK) for slot, alike in rest]


def _find_foreign(archive: Archive, asker: RelatedQuery, sense: VectorQuery) -> list[_RankedSlot]:
    """Articles of other languages, as far as they may be shown to the asker."""
    documents, ranked = archive.documents, []
    for one in sense.find_foreign():
        slot = documents.slot_of(one.article_id)
        if slot < 0 or documents.column("marks")[slot] or documents.column("groups")[slot] == asker.group:
            continue
        age = 1.0
        if asker.minute is not None:
            minute = documents.column("minutes")[slot : slot + 1]
            age = float(ranking.age_factor(minute, asker.minute, archive.weights)[0])
        ranked.append(_RankedSlot(slot, one.alike * age, one.rank * age))
    return ranked


def _score_candidates(archive: Archive, asker: RelatedQuery, count: int) -> tuple[NDArray[np.int64], Floats]:
    """Slots that have the asker's best terms, and their scores as shares of the asker's own.

    The `count` best are among them.
    """
    documents, weights, own = archive.documents, archive.weights, 0.0
    parts = []
    for packed, field, share in zip(
        (asker.words, asker.names), archive.field_stats(), (1.0, weights.names), strict=True
    ):
        question: FieldQuery = ranking.build_field_query(packed, field, weights, alone=asker.in_archive)
        reading = ranking.read_postings(archive.segments, question.terms)
        parts.append((reading, share * reading.term_scores(question, field, weights)))
        own += share * question.self_score
    total = ranking.sum_by_slot(len(documents), *parts)
    total[np.flatnonzero(documents.column("marks")[: len(total)] != 0)] = 0
    if 0 <= (first := documents.slot_of(asker.group)) < len(total):  # the others are marked as duplicates
        total[first] = 0
    found = ranking.possible_best(total, count, 1.0 if asker.minute is None else weights.lasting)
    score = total[found] / max(own, 1e-9)
    if asker.minute is not None:
        score = score * ranking.age_factor(documents.column("minutes")[found], asker.minute, weights)
    return found, score


def nearest_with_likeness(
    archive: Archive, asker: RelatedQuery, count: int
) -> tuple[NDArray[np.int64], Floats]:
    """The slots that are nearest to the asker, and how alike each two are, the asker himself first."""
    slots, score = _score_candidates(archive, asker, count)
    nearest = slots[ranking.best_places(score, count)]
    if not len(nearest):
        return nearest, np.ones((1, 1))
    return nearest, likeness_matrix(*_terms_to_compare(archive, asker, nearest))


def _rerank_slots(archive: Archive, asker: RelatedQuery, slots: NDArray[np.int64]) -> RerankResult:
    """Rerank some slots."""
    weights, documents = archive.weights, archive.documents
    age = np.ones(len(slots))
    if asker.minute is not None:
        age = ranking.age_factor(documents.column("minutes")[slots], asker.minute, weights)
    beside = (
        asker.vector_query.rank_bonus(documents.column("articles")[slots])
        if asker.vector_query is not None
        else 0.0
    )
    return rerank_answers(*_terms_to_compare(archive, asker, slots), age, weights, beside)


def _terms_to_compare(
    archive: Archive, asker: RelatedQuery, slots: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64], Floats]:
    """The input of reranking: terms, the BM25 score of each, its owner and its rarity."""
    packed, whose, damp = archive.terms_of_slots(slots)
    mine = [
        np.full(len(part), field.length_norm(np.array([(part & np.uint32(255)).sum()]), archive.weights)[0])
        for part, field in zip((asker.words, asker.names), archive.field_stats(), strict=True)
    ]
    terms = np.concatenate([asker.words, asker.names, packed])
    counts = (terms & np.uint32(255)).astype(np.float64)
    numbers = (terms >> np.uint32(8)).astype(np.int64)
    return (
        numbers,
        counts / (counts + np.concatenate([*mine, damp])),
        np.concatenate([np.zeros(len(terms) - len(packed), np.int64), whose + 1]),
        ranking.inverse_frequency(
            archive.vocabulary.document_counts.view[numbers], archive.field_stats()[0].articles
        ),
    )
