"""The archive in memory: terms, articles and postings, and how articles are added and removed."""

from collections.abc import Iterable
from copy import copy

import numpy as np
from numpy.typing import NDArray

from storage.index.analyzer import analyze_article
from storage.index.documents import DUPLICATE, WITHDRAWN, DocumentRow, Documents, to_minutes
from storage.index.postings import Segment, build_segment, merge_due_segments
from storage.index.ranking import FieldStats, PackedTerms
from storage.index.source import ArticleForIndex
from storage.index.vocabulary import Vocabulary
from storage.index.weights import Weights
from storage.text.normalize import fold_text, normalize_text
from storage.text.stopwords import has_stems

#: The number of articles that rarity is computed with at least: in a tiny archive it would mean little.
MIN_ARTICLES = 100


class Archive:
    """The indexed archive. One writer at a time; readers on any thread need no lock if they use `still`."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.vocabulary = Vocabulary()
        self.documents = Documents()
        self.segments: tuple[Segment, ...] = ()
        self.languages: dict[str, int] = {}  #: how many articles were in each

    def frozen_copy(self) -> "Archive":
        """A snapshot of the archive: articles that are added later are not in its segments."""
        return copy(self)

    def usual_language(self) -> str:
        """The language of most articles, of those whose words have stems; "" where there is none."""
        counts = {name: count for name, count in sorted(self.languages.items()) if has_stems(name)}
        return max(counts, key=lambda name: counts[name], default="")

    def add_batch(self, batch: Iterable[ArticleForIndex]) -> int:
        """Index a batch as one segment; how many of it were new or changed."""
        first = len(self.documents)
        taken = sum(self._add_article(arrival) for arrival in batch)
        packed = [self.documents.packed_terms(slot) for slot in range(first, len(self.documents))]
        sizes = [len(part) for part in packed]
        if sum(sizes):
            terms = np.concatenate(packed)
            slots = np.repeat(np.arange(first, first + len(packed), dtype=np.uint32), sizes)
            postings = (slots << np.uint32(8)) | (terms & np.uint32(255))
            made = build_segment((terms >> np.uint32(8)).astype(np.int32), postings)
            self.segments = merge_due_segments((*self.segments, made))
        return taken

    def retire_slot(self, slot: int) -> None:
        """Remove a slot from all results and counts."""
        self.documents.retire_slot(slot)
        self.vocabulary.document_counts.view[self.documents.packed_terms(slot) >> np.uint32(8)] -= 1

    def _add_article(self, arrival: ArticleForIndex) -> int:
        documents = self.documents
        slot = documents.slot_of(arrival.id)
        digest = arrival.content_digest()
        if slot >= 0 and int(documents.column("digests")[slot]) == digest:
            return self._update_marks(slot, arrival)
        if slot >= 0:
            self.retire_slot(slot)
        analysed = analyze_article(arrival.title, arrival.body, arrival.language, self.weights)
        self.languages[analysed.language] = self.languages.get(analysed.language, 0) + 1
        documents.add(
            DocumentRow(
                article=arrival.id,
                change=arrival.change,
                digest=digest,
                group=arrival.duplicate_of or arrival.id,
                minute=to_minutes(arrival.published_at),
                marks=_marks_of(arrival),
                words=self._pack_terms(analysed.words, analysed.shown),
                names=self._pack_terms({name_key(name): count for name, count in analysed.names.items()}, {}),
                sections=self._pack_terms({section_key(name): 1 for name in arrival.sections}, {}),
            )
        )
        return 1

    def _update_marks(self, slot: int, arrival: ArticleForIndex) -> int:
        """Update the metadata of a slot whose text is unchanged."""
        documents = self.documents
        known = int(documents.column("changes")[slot]) == arrival.change
        documents.column("changes")[slot] = arrival.change
        documents.column("marks")[slot] = _marks_of(arrival)
        documents.column("groups")[slot] = arrival.duplicate_of or arrival.id
        documents.column("minutes")[slot] = to_minutes(arrival.published_at)
        return 0 if known else 1

    def _pack_terms(self, counts: dict[str, int], shown: dict[str, str]) -> list[int]:
        numbered = zip(self.vocabulary.add_terms(list(counts), shown), counts.values(), strict=True)
        packed = [(number << 8) | min(count, 255) for number, count in numbered if number >= 0]
        if packed:
            self.vocabulary.document_counts.view[np.array(packed, np.uint32) >> np.uint32(8)] += 1
        return packed

    def look_up_terms(self, counts: dict[str, int]) -> PackedTerms:
        """The terms that the archive knows, packed with their counts."""
        numbers = self.vocabulary.find_terms(list(counts)).astype(np.int64)
        times = np.minimum(np.fromiter(counts.values(), np.int64, len(counts)), 255)
        return ((numbers << 8) | times)[numbers >= 0].astype(np.uint32)

    def field_stats(self) -> tuple[FieldStats, FieldStats]:
        """What BM25 needs to know of the words and of the names."""
        documents = self.documents
        living = max(documents.live_count, 1)
        articles = max(living, MIN_ARTICLES)
        holders = self.vocabulary.document_counts.view
        return (
            FieldStats(documents.column("word_counts"), documents.total_words / living, articles, holders),
            FieldStats(documents.column("name_counts"), documents.total_names / living, articles, holders),
        )

    def terms_of_slots(
        self, slots: NDArray[np.int64]
    ) -> tuple[PackedTerms, NDArray[np.int64], NDArray[np.float32]]:
        """The words and names of some slots, for each its owner's place in `slots`, and its field's damp."""
        documents = self.documents
        starts = documents.column("starts")[slots]
        names_at = documents.column("names_at")[slots].astype(np.int64)
        sizes = documents.column("sections_at")[slots].astype(np.int64)
        whose = np.repeat(np.arange(len(slots)), sizes)
        within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        of_words, of_names = self.field_stats()
        damp = np.where(
            within < names_at[whose],
            of_words.length_norm(of_words.lengths[slots], self.weights)[whose],
            of_names.length_norm(of_names.lengths[slots], self.weights)[whose],
        )
        return documents.terms.view[starts[whose] + within], whose, damp


def _marks_of(arrival: ArticleForIndex) -> int:
    return (WITHDRAWN if arrival.withdrawn else 0) | (DUPLICATE if arrival.duplicate_of else 0)


def name_key(name: str) -> str:
    """The key under which a name is indexed, besides its key as a word."""
    return f"\x01{name}"


def section_key(name: str) -> str:
    """The key under which a section is indexed."""
    return f"\x04{fold_text(normalize_text(name)).strip()}"
