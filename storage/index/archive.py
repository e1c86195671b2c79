"""The archive as the index holds it: terms, articles and postings, and how an article gets in and out."""

from collections.abc import Iterable
from copy import copy

import numpy as np
from numpy.typing import NDArray

from storage.index.analyzer import analyse
from storage.index.documents import DUPLICATE, WITHDRAWN, Documents, Slot, minute_of
from storage.index.postings import Segment, segment, tidied
from storage.index.ranking import Field, Packed
from storage.index.source import Arrival
from storage.index.vocabulary import Lexicon
from storage.index.weights import Weights
from storage.text.normalize import fold, tidy
from storage.text.stopwords import has_stems

#: A word is as rare as if there were so many articles at least: two of three having it proves little.
SMALLEST = 100


class Archive:
    """One writer at a time. Readers, on any thread, need no lock if they ask what is `still`."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.lexicon = Lexicon()
        self.documents = Documents()
        self.segments: tuple[Segment, ...] = ()
        self.languages: dict[str, int] = {}  #: how many articles were in each

    def still(self) -> "Archive":
        """The archive as it is at this moment: articles that come in later are not in its segments."""
        return copy(self)

    def usual_language(self) -> str:
        """The language of most articles, of those whose words have stems; "" where there is none."""
        counts = {name: count for name, count in sorted(self.languages.items()) if has_stems(name)}
        return max(counts, key=lambda name: counts[name], default="")

    def take(self, batch: Iterable[Arrival]) -> int:
        """Index a batch as one segment; how many of it were new or changed."""
        first = len(self.documents)
        taken = sum(self._take_one(arrival) for arrival in batch)
        packed = [self.documents.packed(slot) for slot in range(first, len(self.documents))]
        sizes = [len(part) for part in packed]
        if sum(sizes):
            terms = np.concatenate(packed)
            slots = np.repeat(np.arange(first, first + len(packed), dtype=np.uint32), sizes)
            postings = (slots << np.uint32(8)) | (terms & np.uint32(255))
            made = segment((terms >> np.uint32(8)).astype(np.int32), postings)
            self.segments = tidied((*self.segments, made))
        return taken

    def retire(self, slot: int) -> None:
        """Take a slot out of all answers and all counts."""
        self.documents.retire(slot)
        self.lexicon.articles.view[self.documents.packed(slot) >> np.uint32(8)] -= 1

    def _take_one(self, arrival: Arrival) -> int:
        documents = self.documents
        slot = documents.slot_of(arrival.id)
        digest = arrival.digest()
        if slot >= 0 and int(documents.column("digests")[slot]) == digest:
            return self._mark(slot, arrival)
        if slot >= 0:
            self.retire(slot)
        analysed = analyse(arrival.title, arrival.body, arrival.language, self.weights)
        self.languages[analysed.language] = self.languages.get(analysed.language, 0) + 1
        documents.add(
            Slot(
                article=arrival.id,
                change=arrival.change,
                digest=digest,
                group=arrival.duplicate_of or arrival.id,
                minute=minute_of(arrival.published_at),
                marks=_marks(arrival),
                words=self._pack(analysed.words, analysed.shown),
                names=self._pack({name_key(name): count for name, count in analysed.names.items()}, {}),
                sections=self._pack({section_key(name): 1 for name in arrival.sections}, {}),
            )
        )
        return 1

    def _mark(self, slot: int, arrival: Arrival) -> int:
        """The same text as before: only what stands beside it is put right."""
        documents = self.documents
        known = int(documents.column("changes")[slot]) == arrival.change
        documents.column("changes")[slot] = arrival.change
        documents.column("marks")[slot] = _marks(arrival)
        documents.column("groups")[slot] = arrival.duplicate_of or arrival.id
        documents.column("minutes")[slot] = minute_of(arrival.published_at)
        return 0 if known else 1

    def _pack(self, counts: dict[str, int], shown: dict[str, str]) -> list[int]:
        numbered = zip(self.lexicon.add(list(counts), shown), counts.values(), strict=True)
        packed = [(number << 8) | min(count, 255) for number, count in numbered if number >= 0]
        if packed:
            self.lexicon.articles.view[np.array(packed, np.uint32) >> np.uint32(8)] += 1
        return packed

    def look_up(self, counts: dict[str, int]) -> Packed:
        """The terms that the archive knows, packed with their counts."""
        numbers = self.lexicon.find(list(counts)).astype(np.int64)
        times = np.minimum(np.fromiter(counts.values(), np.int64, len(counts)), 255)
        return ((numbers << 8) | times)[numbers >= 0].astype(np.uint32)

    def fields(self) -> tuple[Field, Field]:
        """What BM25 needs to know of the words and of the names."""
        documents = self.documents
        living = max(documents.living, 1)
        articles = max(living, SMALLEST)
        holders = self.lexicon.articles.view
        return (
            Field(documents.column("word_counts"), documents.words_in_all / living, articles, holders),
            Field(documents.column("name_counts"), documents.names_in_all / living, articles, holders),
        )

    def terms_of(self, slots: NDArray[np.int64]) -> tuple[Packed, NDArray[np.int64], NDArray[np.float32]]:
        """The words and names of some slots, for each its owner's place in `slots`, and its field's damp."""
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


def _marks(arrival: Arrival) -> int:
    return (WITHDRAWN if arrival.withdrawn else 0) | (DUPLICATE if arrival.duplicate_of else 0)


def name_key(name: str) -> str:
    """The key under which a name is indexed, beside the word that it also is."""
    return f"\x01{name}"


def section_key(name: str) -> str:
    """The key under which a section is indexed."""
    return f"\x04{fold(tidy(name)).strip()}"
