"""The index: related articles and search over everything in the archive, in memory.

One writer at a time (`catch_up`, `save`); readers, on any thread, need no lock.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from storage.index import snapshot, source
from storage.index.analyzer import analyze_article, detect_language
from storage.index.archive import Archive, name_key
from storage.index.documents import OLD, to_minutes
from storage.index.explain import Explanation, explain_likeness
from storage.index.neighbours import RelatedQuery, find_neighbours, nearest_with_likeness, query_of_slot
from storage.index.ranking import Floats
from storage.index.search import SearchResults, search_archive
from storage.index.source import ArticleForIndex
from storage.index.vectors.dense import DenseIndex
from storage.index.weights import TUNED, Weights

#: Characters of a query text that are read: the length of Telegram's longest message.
MAX_TEXT_LENGTH = 4096


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that is related, and how alike it is (1: the same); `evidence` says why."""

    article_id: int
    score: float


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """An article and those nearest to it; `alike[i, j]`, 0 to 1, of the i-th and the j-th."""

    articles: tuple[int, ...]  #: the article itself first
    alike: Floats


class Index:
    """The text index of the whole archive."""

    def __init__(
        self, path: Path | None = None, weights: Weights = TUNED, dense: DenseIndex | None = None
    ) -> None:
        self.path = path
        self.dense = dense  #: if a model is installed
        self.archive = Archive(weights)
        self.horizon = 0  #: changes below this were read
        self._compared = False
        self._write_lock = threading.Lock()

    @classmethod
    def open(
        cls, path: Path | str | None = None, weights: Weights = TUNED, dense: DenseIndex | None = None
    ) -> "Index":
        """The index saved at `path`, or an empty one if that is missing, damaged or older."""
        index = cls(Path(path) if path is not None else None, weights, dense)
        if index.path is not None:
            index.horizon = snapshot.load(index.archive, index.path)
        return index

    def save(self) -> None:
        """Write the index to its path and put it in place at once; a crash leaves the older copy."""
        if self.path is not None:
            with self._write_lock:
                snapshot.save(self.archive, self.horizon, self.path)

    def __len__(self) -> int:
        return self.archive.documents.live_count

    def catch_up(self, connection: Connection) -> int:
        """Read what changed in the database since the last time; how many articles that were.

        The first time it also compares with the database as a whole, so that a saved copy of another
        archive, or one that missed something, is put right.
        """
        with self._write_lock:
            if self.dense is not None:
                self.dense.catch_up(connection)
            horizon = source.article_horizon(connection)
            if horizon < self.horizon:  # another database, or an older one
                self._compared = False
            count = 0
            for batch in source.articles_since(connection, min(self.horizon, horizon)):
                count += self.archive.add_batch(batch)
            self.horizon = horizon
            if not self._compared:
                count += self._repair_differences(connection)
                self._compared = True
            return count

    def add(self, batch: Iterable[ArticleForIndex]) -> int:
        """Index articles from outside the database, for benchmarks."""
        with self._write_lock:
            return self.archive.add_batch(batch)

    def _repair_differences(self, connection: Connection) -> int:
        documents = self.archive.documents
        living = np.flatnonzero((documents.column("marks") & OLD) == 0)
        changes = documents.column("changes")[living]
        if source.article_totals(connection) == (
            len(living),
            int((changes % source.CHANGE_SUM_MODULUS).sum()),
        ):
            return 0
        wanted = source.changes_by_id(connection)
        present = dict(zip(documents.column("articles")[living].tolist(), changes.tolist(), strict=True))
        gone = present.keys() - wanted.keys()
        for article in gone:
            self.archive.retire_slot(documents.slot_of(article))
        documents.slots.remove(gone)
        stale = sorted(article for article, change in wanted.items() if present.get(article) != change)
        for batch in source.articles_by_id(connection, stale):
            self.archive.add_batch(batch)
        return len(gone) + len(stale)

    def find_related(
        self,
        article_id: int,
        count: int,
        offset: int = 0,
        *,
        floor: float | None = None,
    ) -> list[Hit]:
        """The articles most related to one, best first; none if nothing is similar enough.

        The article itself, its duplicates and withdrawn articles are left out. What was published about
        when the article was counts most. `floor` is the least likeness, by default the ranking's own;
        readers are told less (`storage.related`).
        """
        archive = self.archive.frozen_copy()
        slot = archive.documents.slot_of(article_id)
        if slot < 0:
            return []
        sense = self.dense.query_article(article_id) if self.dense is not None else None
        return self._find_hits(archive, query_of_slot(archive, slot, sense), count, offset, floor)

    def find_related_to_text(
        self,
        text: str,
        count: int,
        offset: int = 0,
        now: datetime | None = None,
        *,
        floor: float | None = None,
    ) -> list[Hit]:
        """The articles most related to some words or a whole text, best first."""
        archive = self.archive.frozen_copy()
        text = text[:MAX_TEXT_LENGTH]
        analysed = analyze_article(
            "", text, detect_language(text) or archive.usual_language(), archive.weights
        )
        asker = RelatedQuery(
            archive.look_up_terms(analysed.words),
            archive.look_up_terms({name_key(name): times for name, times in analysed.names.items()}),
            to_minutes(now) if now is not None else None,
            vector_query=self.dense.query_text(text) if self.dense is not None else None,
        )
        return self._find_hits(archive, asker, count, offset, floor)

    def find_neighbourhood(self, article_id: int, count: int) -> Neighbourhood:
        """The nearest articles, up to `count`, and how alike they are to each other."""
        archive = self.archive.frozen_copy()
        slot = archive.documents.slot_of(article_id)
        if slot < 0:
            return Neighbourhood((article_id,), np.ones((1, 1)))
        slots, alike = nearest_with_likeness(archive, query_of_slot(archive, slot), count)
        found = archive.documents.column("articles")[slots]
        return Neighbourhood((article_id, *found.tolist()), alike)

    def has_article(self, article_id: int) -> bool:
        """Whether the article was read."""
        return self.archive.documents.slot_of(article_id) >= 0

    def explain_likeness(self, article_id: int, other_id: int) -> Explanation | None:
        """The similarity of two articles, and what they share; None if one of them is not indexed."""
        archive = self.archive.frozen_copy()
        one, other = (archive.documents.slot_of(article) for article in (article_id, other_id))
        return explain_likeness(archive, one, other) if min(one, other) >= 0 else None

    def search(
        self, query: str, count: int, offset: int = 0, order: str = "best", now: datetime | None = None
    ) -> SearchResults:
        """The articles that match a query (see `query_parser`), "best" or newest ("date") first."""
        return search_archive(self.archive.frozen_copy(), query, count, offset, order, now)

    def _find_hits(
        self, archive: Archive, asker: RelatedQuery, count: int, offset: int, floor: float | None
    ) -> list[Hit]:
        found = find_neighbours(archive, asker, count, offset, floor)
        return [Hit(self._article_in_slot(slot), score) for slot, score in found]

    def _article_in_slot(self, slot: int) -> int:
        return int(self.archive.documents.column("articles")[slot])
