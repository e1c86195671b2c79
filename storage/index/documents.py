"""Documents: what the index stores of each article, in a slot of its arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from storage.index.arrays import GrowingArray, KeyMap

#: A slot's marks.
WITHDRAWN, DUPLICATE, OLD = 1, 2, 4

#: The columns of a slot and how wide they are; what is saved is exactly these.
COLUMNS = {
    "articles": np.int64,  #: the article's id
    "changes": np.int64,  #: `articles.changed` when it was read
    "digests": np.uint64,  #: of the text that was indexed: the same text is not indexed again
    "groups": np.int64,  #: the article that this one is a duplicate of, else itself
    "minutes": np.int32,  #: published, in minutes since 1970
    "marks": np.uint8,
    "word_counts": np.int32,  #: length in words, as BM25 counts it
    "name_counts": np.int32,
    "starts": np.int64,  #: where its terms begin in `terms`: words, then names, then sections
    "names_at": np.int32,  #: counted from its start
    "sections_at": np.int32,
    "ends_at": np.int32,
}


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One article's row, as it is put in."""

    article: int
    change: int
    digest: int
    group: int
    minute: int
    marks: int
    words: Sequence[int]  #: terms as packed numbers and counts
    names: Sequence[int]
    sections: Sequence[int]


def to_minutes(moment: datetime) -> int:
    """Minutes since 1970, kept within 32 bits."""
    return max(-(1 << 30), min(1 << 30, int(moment.timestamp() // 60)))


class Documents:
    """Every article's slot. One writer; readers need no lock, as a slot is whole before it is counted."""

    def __init__(self) -> None:
        self.columns = {name: GrowingArray(kind) for name, kind in COLUMNS.items()}
        self.terms = GrowingArray(np.uint32)
        self.slots = KeyMap()  #: article id to its newest slot
        self._count = 0
        self.live_count = 0  #: slots that are not OLD
        self.total_words = 0
        self.total_names = 0

    def __len__(self) -> int:
        return self._count

    def update_count(self) -> None:
        """Recount the slots after the columns were filled from a saved copy."""
        self._count = len(self.columns["articles"])

    def column(self, name: str) -> NDArray[np.int64]:
        """One column, for all slots, to be read or changed in place."""
        return self.columns[name].view

    def slot_of(self, article: int) -> int:
        """The article's slot, or -1."""
        return self.slots.get(article) if article > 0 else -1

    def add(self, row: DocumentRow) -> int:
        """Add an article, in place of its older slot; the number of its slot."""
        slot = len(self)
        terms = np.array([*row.words, *row.names, *row.sections], np.uint32)
        names_at = len(row.words)
        sections_at = names_at + len(row.names)
        counts = terms & np.uint32(255)
        word_count, name_count = int(counts[:names_at].sum()), int(counts[names_at:sections_at].sum())
        values = (
            row.article, row.change, row.digest, row.group, row.minute, row.marks, word_count, name_count,
            len(self.terms), names_at, sections_at, len(terms),
        )  # fmt: skip
        self.terms.extend(terms)
        for name, value in zip(COLUMNS, values, strict=True):
            self.columns[name].append(value)
        self._count = slot + 1
        self.slots.put(row.article, slot)
        self.live_count += 1
        self.total_words += word_count
        self.total_names += name_count
        return slot

    def retire_slot(self, slot: int) -> None:
        """Mark a slot as no longer its article's."""
        self.column("marks")[slot] |= OLD
        self.live_count -= 1
        self.total_words -= int(self.column("word_counts")[slot])
        self.total_names -= int(self.column("name_counts")[slot])

    def packed_terms(self, slot: int, part: str = "") -> NDArray[np.uint32]:
        """The slot's terms with their counts: "words", "names", "sections", or all."""
        start = int(self.column("starts")[slot])
        names, sections, end = (
            start + int(self.column(name)[slot]) for name in ("names_at", "sections_at", "ends_at")
        )
        first = {"names": names, "sections": sections}.get(part, start)
        last = {"words": names, "names": sections}.get(part, end)
        return self.terms.view[first:last]
