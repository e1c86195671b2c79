"""The index: related articles and search over everything in the archive, in memory.

One writer at a time (`catch_up`); readers, on any thread, need no lock.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from storage.index import arrivals, ranking, saved
from storage.index.analysis import analyse
from storage.index.arrivals import Arrival
from storage.index.documents import DUPLICATE, OLD, WITHDRAWN, Documents, Slot, minute_of
from storage.index.folding import fold, tidy
from storage.index.lexicon import Lexicon
from storage.index.postings import Segment, segment, tidied
from storage.index.ranking import Asked, Field, Floats, Packed
from storage.index.search import Results, find
from storage.index.weights import TUNED, Weights

Questions = tuple[Asked, ...]  #: one in each field


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that is related, and the words and names it shares with what was asked, best first."""

    article_id: int
    score: float
    words: tuple[str, ...]


class Index:
    """Everything searchable of the archive."""

    def __init__(self, path: Path | None = None, weights: Weights = TUNED) -> None:
        self.path = path
        self.weights = weights
        self.lexicon = Lexicon()
        self.documents = Documents()
        self.segments: tuple[Segment, ...] = ()
        self.horizon = 0  #: changes below this were read
        self.languages: dict[str, int] = {}
        self._checked = False
        self._writing = threading.Lock()

    @classmethod
    def open(cls, path: Path | str | None = None, weights: Weights = TUNED) -> "Index":
        """The index saved at `path`, or an empty one where there is none, or a torn or older one."""
        index = cls(Path(path) if path is not None else None, weights)
        if index.path is not None:
            saved.load(index, index.path)
        return index

    def save(self) -> None:
        """Write the index beside its path and put it in place at once; a crash leaves the older copy."""
        if self.path is not None:
            with self._writing:
                saved.save(self, self.path)

    def __len__(self) -> int:
        return self.documents.living

    def catch_up(self, connection: Connection) -> int:
        """Read what changed in the database since the last time; how many articles that were.

        The first time it also compares with the database as a whole, so that a saved copy of another
        archive, or one that missed something, is put right.
        """
        with self._writing:
            horizon = arrivals.horizon(connection)
            if horizon < self.horizon:
                self._checked = False
            count = 0
            for batch in arrivals.since(connection, min(self.horizon, horizon)):
                count += self.take(batch)
            self.horizon = horizon
            if not self._checked:
                count += self._compare(connection)
                self._checked = True
            return count

    def compare(self, connection: Connection) -> int:
        """Compare with the database as a whole; how many articles were not as they should be.

        Wanted after articles were deleted, which leaves no change to read.
        """
        with self._writing:
            return self._compare(connection)

    def _compare(self, connection: Connection) -> int:
        documents = self.documents
        living = (documents.column("marks") & OLD) == 0
        if arrivals.totals(connection) == (documents.living, int(documents.column("changes")[living].sum())):
            return 0
        wanted = arrivals.changes(connection)
        slots = np.flatnonzero(living)
        present = dict(
            zip(
                documents.column("articles")[slots].tolist(),
                documents.column("changes")[slots].tolist(),
                strict=True,
            )
        )
        for article in present.keys() - wanted.keys():
            self._retire(documents.slot_of(article))
        documents.slots.forget(present.keys() - wanted.keys())
        stale = sorted(article for article, change in wanted.items() if present.get(article) != change)
        for batch in arrivals.of(connection, stale):
            self.take(batch)
        return len(stale)

    def take(self, batch: Iterable[Arrival]) -> int:
        """Index a batch, which `catch_up` read or a benchmark made; how many of them were new or changed."""
        first = len(self.documents)
        taken = 0
        for arrival in batch:
            taken += self._take_one(arrival)
        fresh = range(first, len(self.documents))
        packed = [self.documents.packed(slot) for slot in fresh]
        if packed and sum(map(len, packed)):
            terms = np.concatenate(packed)
            slots = np.repeat(
                np.arange(first, first + len(packed), dtype=np.uint32), [len(p) for p in packed]
            )
            postings = (slots << np.uint32(8)) | (terms & np.uint32(255))
            made = segment((terms >> np.uint32(8)).astype(np.int32), postings)
            self.segments = tidied((*self.segments, made))
        return taken

    def _take_one(self, arrival: Arrival) -> int:
        documents = self.documents
        marks = (WITHDRAWN if arrival.withdrawn else 0) | (DUPLICATE if arrival.duplicate_of else 0)
        slot = documents.slot_of(arrival.id)
        digest = arrival.digest()
        if slot >= 0 and int(documents.column("digests")[slot]) == digest:
            known = int(documents.column("changes")[slot]) == arrival.change
            documents.column("changes")[slot] = arrival.change
            documents.column("marks")[slot] = marks
            documents.column("groups")[slot] = arrival.duplicate_of or arrival.id
            documents.column("minutes")[slot] = minute_of(arrival.published_at)
            return 0 if known else 1
        if slot >= 0:
            self._retire(slot)
        analysed = analyse(arrival.title, arrival.body, arrival.language, self.weights)
        self.languages[analysed.language] = self.languages.get(analysed.language, 0) + 1
        documents.add(
            Slot(
                article=arrival.id,
                change=arrival.change,
                digest=digest,
                group=arrival.duplicate_of or arrival.id,
                minute=minute_of(arrival.published_at),
                marks=marks,
                words=self._pack(analysed.words, analysed.shown),
                names=self._pack({f"\x01{name}": count for name, count in analysed.names.items()}, {}),
                sections=self._pack({section_key(name): 1 for name in arrival.sections}, {}),
            )
        )
        return 1

    def _pack(self, counts: dict[str, int], shown: dict[str, str]) -> list[int]:
        packed = []
        for term, count in counts.items():
            number = self.lexicon.add(term, shown.get(term, term.lstrip("\x01")))
            if number >= 0:
                packed.append((number << 8) | min(count, 255))
        if packed:
            self.lexicon.articles.view[np.array(packed, np.uint32) >> np.uint32(8)] += 1
        return packed

    def _retire(self, slot: int) -> None:
        self.documents.retire(slot)
        self.lexicon.articles.view[self.documents.packed(slot) >> np.uint32(8)] -= 1

    # Questions

    def related(self, article_id: int, count: int, offset: int = 0, now: datetime | None = None) -> list[Hit]:
        """The articles most related to one, best first; none where nothing reaches the floor.

        The article itself, its duplicates and withdrawn articles are left out. `now` is not looked at:
        what was published about when the article was counts most.
        """
        questions, found = self._related(article_id, count, offset)
        return [Hit(self._article(slot), score, self._shared(slot, questions)) for slot, score in found]

    def nearest(self, article_id: int, count: int) -> list[tuple[int, float]]:
        """The same articles with their scores alone, which is cheaper where there are many."""
        return [(self._article(slot), score) for slot, score in self._related(article_id, count, 0)[1]]

    def related_to_text(
        self, text: str, count: int, offset: int = 0, now: datetime | None = None
    ) -> list[Hit]:
        """The articles most related to some words or a whole text, best first."""
        analysed = analyse("", text, "", self.weights)
        questions = self._asked(
            self._look_up(analysed.words),
            self._look_up({f"\x01{name}": times for name, times in analysed.names.items()}),
            alone=False,
        )
        moment = minute_of(now) if now is not None else None
        found = self._answer(questions, moment, count, offset)
        return [Hit(self._article(slot), score, self._shared(slot, questions)) for slot, score in found]

    def _related(self, article_id: int, count: int, offset: int) -> tuple[Questions, list[tuple[int, float]]]:
        documents = self.documents
        slot = documents.slot_of(article_id)
        if slot < 0:
            return (), []
        questions = self._asked(documents.packed(slot, "words"), documents.packed(slot, "names"), alone=True)
        moment = int(documents.column("minutes")[slot])
        group = int(documents.column("groups")[slot])
        return questions, self._answer(questions, moment, count, offset, group)

    def _article(self, slot: int) -> int:
        return int(self.documents.column("articles")[slot])

    def search(
        self,
        query: str,
        count: int,
        offset: int = 0,
        order: str = "best",
        now: datetime | None = None,
    ) -> Results:
        """The articles that say what a reader typed (see `grammar`), "best" or newest ("date") first."""
        return find(self, query, count, offset, order, now)

    def _look_up(self, counts: dict[str, int]) -> Packed:
        numbers = self.lexicon.find(list(counts))
        packed = (numbers.astype(np.int64) << 8) | np.minimum(
            np.fromiter(counts.values(), np.int64, len(counts)), 255
        )
        return packed[numbers >= 0].astype(np.uint32)

    def fields(self) -> tuple[Field, Field]:
        """What BM25 needs to know of the words and of the names."""
        documents = self.documents
        living = max(documents.living, 1)
        holders = self.lexicon.articles.view
        return (
            Field(documents.column("word_counts"), documents.words_in_all / living, living, holders),
            Field(documents.column("name_counts"), documents.names_in_all / living, living, holders),
        )

    def _answer(
        self, questions: Questions, moment: int | None, count: int, offset: int, group: int = 0
    ) -> list[tuple[int, float]]:
        """The slots that answer best, and their scores."""
        segments, slots, documents = self.segments, len(self.documents), self.documents
        own = sum(question.own for question in questions)
        if own <= 0:
            return []
        total = np.zeros(slots)
        for question, field in zip(questions, self.fields(), strict=True):
            total += ranking.scores(segments, question, field, self.weights, slots)
        total /= own
        total[documents.column("marks")[:slots] != 0] = 0
        if group:
            total[documents.column("groups")[:slots] == group] = 0
        if moment is not None:
            total *= ranking.faded(documents.column("minutes")[:slots], moment, self.weights)
        self._ask_the_nearest(total)
        found = ranking.best(total, count, offset, self.weights.floor)
        return list(zip(found.tolist(), total[found].tolist(), strict=True))

    def _asked(self, words: Packed, names: Packed, *, alone: bool) -> Questions:
        """The question in both fields, a name's weight among the names included."""
        of_words, of_names = self.fields()
        named = ranking.asked(names, of_names, self.weights, alone=alone)
        share = self.weights.names
        return (
            ranking.asked(words, of_words, self.weights, alone=alone),
            Asked(named.terms, named.weights * share, named.own * share),
        )

    def _ask_the_nearest(self, total: Floats) -> None:
        """Rank the best answers again by what the very best of them would have answered themselves."""
        weights = self.weights
        looked_at = ranking.best(total, weights.looked_at, 0, weights.floor)
        nearest = looked_at[: weights.near]
        if len(nearest) < 2:
            return
        questions: list[Asked] = []
        shares: list[float] = []
        for slot in nearest.tolist():
            words, names = self.documents.packed(slot, "words"), self.documents.packed(slot, "names")
            asked = self._asked(words, names, alone=True)
            own = sum(question.own for question in asked)
            questions.extend(asked)
            shares.extend([total[slot] / own if own else 0.0] * 2)
        terms, weight = ranking.together(questions, shares)
        if len(terms):
            more = ranking.forward_scores(*self._forward(looked_at), terms, weight)
            more[: len(nearest)] -= total[nearest]  # nobody speaks for himself
            total[looked_at] += weights.near_share * more / total[nearest].sum()

    def _forward(self, slots: NDArray[np.int64]) -> tuple[Packed, NDArray[np.int64], NDArray[np.float32]]:
        """The terms of some slots, for each term whose it is (by place in `slots`) and its field's damp."""
        documents = self.documents
        starts = documents.column("starts")[slots]
        names_at = documents.column("names_at")[slots].astype(np.int64)
        sizes = documents.column("sections_at")[slots].astype(np.int64)
        whose = np.repeat(np.arange(len(slots)), sizes)
        within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        of_words, of_names = self.fields()
        damp = np.where(
            within < names_at[whose],
            of_words.damp(of_words.lengths[slots], self.weights)[whose],
            of_names.damp(of_names.lengths[slots], self.weights)[whose],
        )
        return documents.terms.view[starts[whose] + within], whose, damp

    def _shared(self, slot: int, questions: Questions) -> tuple[str, ...]:
        here = self.documents.packed(slot) >> np.uint32(8)
        found: dict[str, float] = {}
        for question in questions:
            for at in np.flatnonzero(np.isin(question.terms, here)):
                shown = self.lexicon.shown(int(question.terms[at]))
                found.setdefault(fold(shown), float(question.weights[at]))
        best = sorted(found, key=lambda word: -found[word])
        return tuple(best[:8])


def section_key(name: str) -> str:
    """The key under which a section is indexed."""
    return f"\x04{fold(tidy(name)).strip()}"
