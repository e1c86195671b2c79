"""The lexicon: every term ever indexed, its number, how many articles have it, and how people write it."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from storage.index.arrays import Growing, KeyMap
from storage.index.fuzzy import LONG_ENOUGH, candidates, letters_of, one_letter_off
from storage.text.normalize import fold

#: Terms are numbered in 24 bits, so that a number and a count fit into one 32-bit word.
MOST_TERMS = 1 << 24
#: Characters of a term that are kept to be shown.
LONGEST = 40
#: Words that are compared letter by letter for one that was typed.
MOST_COMPARED = 400


def key_of(term: str) -> int:
    """The term's 64-bit key. The same in every process, which Python's own hash is not."""
    return int.from_bytes(blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class Lexicon:
    """Terms by number. One writer; readers need no lock."""

    def __init__(self) -> None:
        self.numbers = KeyMap()
        self.articles = Growing(np.int32)  #: how many articles have the term
        self.letters = Growing(np.uint8)  #: the terms as people write them, UTF-8, one behind the other
        self.ends = Growing(np.int32)
        self.spelled = Growing(np.uint32)  #: each term's letters as bits (see `spelling`)
        self.lengths = Growing(np.uint8)  #: and how many letters it has, folded
        self._known: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.ends)

    def find(self, terms: list[str]) -> NDArray[np.int32]:
        """The terms' numbers, -1 for a term that no article has."""
        return self.numbers.many([key_of(term) for term in terms])

    def add(self, terms: list[str], shown: dict[str, str]) -> list[int]:
        """The terms' numbers, new ones for new terms; -1 for those for which the lexicon is too full.

        `shown`: how people write a term, where not as it stands behind its mark.
        """
        numbers = [self._known.get(term, -1) for term in terms]
        unmet = [at for at, number in enumerate(numbers) if number < 0]
        if not unmet:
            return numbers
        if len(self._known) > 50_000:
            self._known.clear()
        keys = [key_of(terms[at]) for at in unmet]
        for at, key, number in zip(unmet, keys, self.numbers.many(keys).tolist(), strict=True):
            term = terms[at]
            numbers[at] = number if number >= 0 else self._put(key, shown.get(term) or term[1:])
            if numbers[at] >= 0:
                self._known[term] = numbers[at]
        return numbers

    def _put(self, key: int, shown: str) -> int:
        number = len(self)
        if number >= MOST_TERMS:
            return -1
        self._write(shown)
        self.numbers.put(key, number)
        return number

    def _write(self, shown: str) -> None:
        folded = fold(shown[:LONGEST])
        self.spelled.append(letters_of(folded))
        self.lengths.append(min(255, len(folded)))
        letters = np.frombuffer(shown[:LONGEST].encode("utf-8", "ignore"), np.uint8)
        self.letters.extend(letters)
        self.articles.append(0)
        self.ends.append(len(self.letters))

    def shown(self, number: int) -> str:
        """The term as the first article that had it wrote it."""
        ends = self.ends.view
        start = int(ends[number - 1]) if number else 0
        return bytes(self.letters.view[start : int(ends[number])]).decode("utf-8", "replace")

    def like(self, folded: str, *, letter_off: bool) -> list[int]:
        """Terms spelled as a folded word but for accents, or one letter off; those of most articles first."""
        if letter_off and len(folded) < LONG_ENOUGH:
            return []
        count = min(len(self.spelled), len(self.lengths))
        found = candidates(
            folded, self.spelled.view[:count], self.lengths.view[:count], letter_off=letter_off
        )
        holders = self.articles.view[found]
        found = found[holders > 0][np.argsort(-holders[holders > 0], kind="stable")][:MOST_COMPARED]
        shown = ((number, fold(self.shown(number))) for number in found.tolist())
        if letter_off:
            return [number for number, word in shown if one_letter_off(folded, word)]
        return [number for number, word in shown if word == folded]
