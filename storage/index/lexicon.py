"""The lexicon: every term ever indexed, its number, how many articles have it, and how people write it."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from storage.index.folding import fold
from storage.index.growing import Growing
from storage.index.keymap import KeyMap
from storage.index.spelling import LONG_ENOUGH, candidates, letters_of, one_letter_off

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

    def add(self, term: str, shown: str) -> int:
        """The term's number, a new one where it is new; -1 where the lexicon is full."""
        number = self._known.get(term)
        if number is not None:
            return number
        key = key_of(term)
        number = self.numbers.get(key)
        if number < 0:
            number = len(self)
            if number >= MOST_TERMS:
                return -1
            self._write(shown)
            self.numbers.put(key, number)
        if len(self._known) > 50_000:
            self._known.clear()
        self._known[term] = number
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
