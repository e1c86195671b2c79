"""The lexicon: every term ever indexed, its number, how many articles have it, and how people write it."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from storage.index.arrays import GrowingArray, KeyMap
from storage.index.fuzzy import MIN_WORD_LENGTH, is_one_letter_off, letter_bits, similar_words
from storage.text.normalize import fold_text

#: Terms are numbered in 24 bits, so that a number and a count fit into one 32-bit word.
MAX_TERMS = 1 << 24
#: Characters of a term that are kept to be shown.
MAX_DISPLAY_LENGTH = 40
#: Words that are compared letter by letter for one that was typed.
MAX_COMPARED = 400


def term_key(term: str) -> int:
    """The term's 64-bit key. The same in every process, which Python's own hash is not."""
    return int.from_bytes(blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class Vocabulary:
    """Terms by number. One writer; readers need no lock."""

    def __init__(self) -> None:
        self.numbers = KeyMap()
        self.document_counts = GrowingArray(np.int32)  #: how many articles have the term
        self.display_bytes = GrowingArray(
            np.uint8
        )  #: the terms as people write them, UTF-8, one behind the other
        self.ends = GrowingArray(np.int32)
        self.letter_bits = GrowingArray(np.uint32)  #: each term's letters as bits (see `spelling`)
        self.lengths = GrowingArray(np.uint8)  #: and how many letters it has, folded
        self._known: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.ends)

    def find_terms(self, terms: list[str]) -> NDArray[np.int32]:
        """The terms' numbers, -1 for a term that no article has."""
        return self.numbers.get_many([term_key(term) for term in terms])

    def add_terms(self, terms: list[str], shown: dict[str, str]) -> list[int]:
        """The terms' numbers, new ones for new terms; -1 for those for which the lexicon is too full.

        `shown`: how people write a term, where not as it stands behind its mark.
        """
        numbers = [self._known.get(term, -1) for term in terms]
        unmet = [at for at, number in enumerate(numbers) if number < 0]
        if not unmet:
            return numbers
        if len(self._known) > 50_000:
            self._known.clear()
        keys = [term_key(terms[at]) for at in unmet]
        for at, key, number in zip(unmet, keys, self.numbers.get_many(keys).tolist(), strict=True):
            term = terms[at]
            numbers[at] = number if number >= 0 else self._add_term(key, shown.get(term) or term[1:])
            if numbers[at] >= 0:
                self._known[term] = numbers[at]
        return numbers

    def _add_term(self, key: int, shown: str) -> int:
        number = len(self)
        if number >= MAX_TERMS:
            return -1
        self._append_display_form(shown)
        self.numbers.put(key, number)
        return number

    def _append_display_form(self, shown: str) -> None:
        folded = fold_text(shown[:MAX_DISPLAY_LENGTH])
        self.letter_bits.append(letter_bits(folded))
        self.lengths.append(min(255, len(folded)))
        letters = np.frombuffer(shown[:MAX_DISPLAY_LENGTH].encode("utf-8", "ignore"), np.uint8)
        self.display_bytes.extend(letters)
        self.document_counts.append(0)
        self.ends.append(len(self.display_bytes))

    def display_form(self, number: int) -> str:
        """The term as the first article that had it wrote it."""
        ends = self.ends.view
        start = int(ends[number - 1]) if number else 0
        return bytes(self.display_bytes.view[start : int(ends[number])]).decode("utf-8", "replace")

    def find_similar(self, folded: str, *, letter_off: bool) -> list[int]:
        """Terms spelled as a folded word but for accents, or one letter off; those of most articles first."""
        if letter_off and len(folded) < MIN_WORD_LENGTH:
            return []
        count = min(len(self.letter_bits), len(self.lengths))
        found = similar_words(
            folded, self.letter_bits.view[:count], self.lengths.view[:count], letter_off=letter_off
        )
        holders = self.document_counts.view[found]
        found = found[holders > 0][np.argsort(-holders[holders > 0], kind="stable")][:MAX_COMPARED]
        shown = ((number, fold_text(self.display_form(number))) for number in found.tolist())
        if letter_off:
            return [number for number, word in shown if is_one_letter_off(folded, word)]
        return [number for number, word in shown if word == folded]
