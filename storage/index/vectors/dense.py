"""Dense: what a model knows of how alike articles are, across words and languages.

Only a second voice: among the articles that share words with the asker it changes the order, and it finds
those of other languages. Inside one language it never finds anything alone. Nothing here makes vectors; they
come from `storage.embeddings`, one writer at a time (`catch_up`), and readers need no lock.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from storage import embeddings
from storage.index.arrays import GrowingArray, KeyMap
from storage.index.ranking import Floats
from storage.index.vectors.centroids import UNKNOWN_LANGUAGE, LanguageCentroids, to_unit_length
from storage.index.vectors.sign_bits import Rows, SignBits, Slots
from storage.records import Embedding

#: All signs are taken again when there are so many times more articles than the last time.
REBUILD_GROWTH = 1.5
#: Vectors worked on at once, for memory's sake.
BATCH_SIZE = 8192


@dataclass(frozen=True, slots=True)
class Fusion:
    """How much the model's voice counts. Tuned by `benchmarks/related/semantic.py` (ECB+ Train, seed 5)."""

    share: float = 0.9  #: what a likeness of 1 adds to a rank, where words in common give 1 to 2
    weaker_share: float = 0.2  #: the same in languages in which the model is weaker than words
    weaker: frozenset[str] = frozenset({"km", "lo"})
    prior: float = 2.0  #: articles after which a language's own middle counts as much as that of all
    foreign_floor: float = 0.42  #: below this an article of another language is not related
    max_foreign: int = 20  #: articles of other languages in one answer
    rank_by_likeness: float = 1.38  #: what words give, on the average, at a likeness of 1 ...
    rank_at_none: float = 0.08  #: ... and at none: so an article without words in common is ranked
    alike_by_likeness: float = 0.54  #: the same for what `related` calls how alike they are
    alike_at_none: float = 0.03
    exact: int = 2000  #: up to so many articles of other languages all are compared
    looked_at: int = 400  #: of more, so many whose signs agree best with the asker's


TUNED = Fusion()


@dataclass(frozen=True, slots=True)
class ForeignHit:
    """An article of another language: its rank beside those found by words, and how alike it is."""

    article_id: int
    rank: float
    alike: float


class DenseIndex:
    """Every article's vector, as far as they have been made."""

    def __init__(
        self, model: str, fusion: Fusion = TUNED, reads: Callable[[str], bytes] | None = None
    ) -> None:
        self.model = model
        self._embed_text = (
            reads  #: makes the vector of words from outside, or nothing where it cannot in time
        )
        self.fusion = fusion
        self.horizon = 0  #: embeddings kept before this were read
        self._width = 0
        self._vectors = GrowingArray(np.int8)  #: one after the other
        self._languages = GrowingArray(np.int16)
        self._articles = GrowingArray(np.int64)
        self._slots = KeyMap()
        self._centroids = LanguageCentroids(self.fusion.prior)
        self._signs = SignBits(0)
        self._signed_centroids: Rows = np.zeros((0, 0), np.float32)  #: the middles that signs were taken from
        self._signed_count = 0  #: how many there were when all signs were last taken

    def __len__(self) -> int:
        return len(self._slots)

    def catch_up(self, connection: Connection) -> int:
        """Read the embeddings that were kept since the last time; how many."""
        horizon = embeddings.embedding_horizon(connection)
        count = 0
        for batch in embeddings.embeddings_since(connection, self.model, min(self.horizon, horizon)):
            count += self.add_batch(batch)
        self.horizon = horizon
        return count

    def add_batch(self, batch: Iterable[Embedding]) -> int:
        """Take in a batch, which `catch_up` read or a benchmark made; how many of it have a vector."""
        newest = {one.article_id: one for one in batch}.values()
        some = [one for one in newest if self._has_vector(one)]
        if some:
            slots = self._store_vectors(some)
            self._update_sums(slots, 1)
            self._centroids.update_centroids()
            self._update_signs(slots)
        return len(some)

    def _has_vector(self, one: Embedding) -> bool:
        """Whether it has a vector of our width; where it has lost it, what was known is forgotten."""
        self._width = self._width or len(one.vector)
        if len(one.vector) == self._width and any(one.vector):
            return True
        if (slot := self._slots.get(one.article_id)) >= 0:
            self._update_sums(np.array([slot]), -1)
            self._languages.view[slot] = UNKNOWN_LANGUAGE
            self._slots.remove([one.article_id])
        return False

    def _store_vectors(self, some: Sequence[Embedding]) -> Slots:
        """Put these in, each in place of what was there of its article; their places."""
        vectors = np.frombuffer(b"".join(one.vector for one in some), np.int8).reshape(-1, self._width)
        numbers = np.array([self._centroids.language_number(one.language) for one in some], np.int16)
        articles = np.array([one.article_id for one in some], np.int64)
        slots = self.slots_of(articles)
        old = slots >= 0
        self._update_sums(slots[old], -1)
        self._vectors.view.reshape(-1, self._width)[slots[old]] = vectors[old]
        self._languages.view[slots[old]] = numbers[old]
        slots[~old] = np.arange(len(self._articles), len(self._articles) + np.count_nonzero(~old))
        self._vectors.extend(vectors[~old].ravel())
        self._languages.extend(numbers[~old])
        self._articles.extend(articles[~old])
        for article, slot in zip(articles[~old].tolist(), slots[~old].tolist(), strict=True):
            self._slots.put(article, slot)
        return slots

    def _update_sums(self, slots: Slots, times: int) -> None:
        self._centroids.update_sums(self._languages.view[slots], self._unit_vectors(slots), times)

    def _update_signs(self, slots: Slots) -> None:
        """Take the signs of these; of all again where the middles may have moved far."""
        if len(self._articles) < REBUILD_GROWTH * self._signed_count and len(self._signed_centroids) == len(
            self._centroids.rows
        ):
            known = len(self._signs)
            self._signs.put(
                slots[slots < known], self._relative_to(self._signed_centroids, slots[slots < known])
            )
            self._signs.extend(
                self._relative_to(self._signed_centroids, np.arange(known, len(self._articles)))
            )
            return
        signs, middles = SignBits(self._width), self._centroids.rows
        for start in range(0, len(self._articles), BATCH_SIZE):
            some = np.arange(start, min(start + BATCH_SIZE, len(self._articles)))
            signs.extend(self._relative_to(middles, some))
        self._signs, self._signed_centroids, self._signed_count = signs, middles, len(self._articles)

    # Questions

    def query_article(self, article_id: int) -> "VectorQuery | None":
        """What the model knows for an article that asks; None where it has no vector."""
        slot = self._slots.get(article_id)
        if slot < 0:
            return None
        direction = self._relative_to(self._centroids.rows, np.array([slot]))[0]
        return VectorQuery(self, direction, int(self._languages.view[slot]))

    def query_text(self, text: str) -> "VectorQuery | None":
        """The same for words from outside; None where there is nothing to compare or no time to read them."""
        vector = self._embed_text(text) if self._embed_text is not None and len(self) else b""
        if len(vector) != self._width or not any(vector):
            return None
        row = to_unit_length(np.frombuffer(vector, np.int8).astype(np.float32)[None])
        number = self._centroids.nearest_language(row[0])
        return VectorQuery(self, to_unit_length(row - self._centroids.rows[number])[0], number)

    def likeness_between(self, one: int, other: int) -> float | None:
        """How near two articles are, 1 the same; None where one has no vector."""
        slots = self.slots_of(np.array([one, other]))
        sense = self.query_article(one)
        return float(self.likeness_to(sense.direction, slots[1:])[0]) if sense and slots[1] >= 0 else None

    def likeness_to(self, direction: Rows, slots: Slots) -> Floats:
        """How near each is to a direction: 1 the same, 0 no more than any two articles."""
        seen = self._relative_to(self._centroids.rows, slots)
        near: Floats = np.einsum("rd,d->r", seen, direction).astype(np.float64)
        return near

    def slots_of(self, articles: Slots) -> Slots:
        """The places of the articles' vectors, -1 where there is none."""
        return self._slots.get_many(articles.tolist()).astype(np.int64)

    def articles_of(self, slots: Slots) -> Slots:
        """The articles whose vectors are in these places."""
        found: Slots = self._articles.view[slots]
        return found

    def share_for_language(self, language: int) -> float:
        """What a likeness of 1 counts for an asker in this language."""
        weaker = self._centroids.language_name(language) in self.fusion.weaker
        return self.fusion.weaker_share if weaker else self.fusion.share

    def foreign_slots(self, direction: Rows, language: int) -> Slots:
        """The places of articles in other languages that may be near to a direction."""
        signs = self._signs
        languages = self._languages.view[: min(len(self._articles), len(signs))]
        slots = np.flatnonzero((languages != language) & (languages != UNKNOWN_LANGUAGE))
        if language == UNKNOWN_LANGUAGE or len(slots) <= self.fusion.exact:
            return slots if language != UNKNOWN_LANGUAGE else slots[:0]
        return signs.nearest_slots(direction, slots, self.fusion.looked_at)

    def _unit_vectors(self, slots: Slots) -> Rows:
        """The vectors in these places, each of length 1."""
        return to_unit_length(self._vectors.view.reshape(-1, self._width)[slots].astype(np.float32))

    def _relative_to(self, middles: Rows, slots: Slots) -> Rows:
        """The same from the middle of their own language: what sets each apart from its like."""
        return to_unit_length(self._unit_vectors(slots) - middles[self._languages.view[slots]])


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """What the model knows of one asker: where it points, seen from the middle of its language."""

    dense: DenseIndex
    direction: Rows
    language: int

    def rank_bonus(self, articles: Slots) -> Floats:
        """What the model adds to the ranks of these articles, which words have found, the best of them first.

        An article without a vector gets what those before and behind it get.
        """
        slots = self.dense.slots_of(articles)
        there = np.flatnonzero(slots >= 0)
        if not len(there):
            return np.zeros(len(articles))
        likeness = self.dense.likeness_to(self.direction, slots[there])
        spread: Floats = np.interp(np.arange(len(articles)), there, np.maximum(likeness, 0.0))
        return self.dense.share_for_language(self.language) * spread

    def find_foreign(self) -> list[ForeignHit]:
        """The articles of other languages that say the like, the nearest first."""
        fusion, slots = self.dense.fusion, self.dense.foreign_slots(self.direction, self.language)
        likeness = self.dense.likeness_to(self.direction, slots)
        nearest = np.argsort(-likeness, kind="stable")[: fusion.max_foreign]
        nearest = nearest[likeness[nearest] >= fusion.foreign_floor]
        articles = self.dense.articles_of(slots[nearest]).tolist()
        return [
            ForeignHit(
                article,
                fusion.rank_at_none + (fusion.rank_by_likeness + fusion.share) * near,
                fusion.alike_at_none + fusion.alike_by_likeness * near,
            )
            for article, near in zip(articles, likeness[nearest].tolist(), strict=True)
        ]
