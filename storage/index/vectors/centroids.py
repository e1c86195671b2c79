"""Middles: where each language's vectors lie, so that languages can be compared."""

import numpy as np
from numpy.typing import NDArray

from storage.index.vectors.sign_bits import Rows

#: The number of a language that is not known: never anybody's neighbour across languages.
UNKNOWN_LANGUAGE = 0


class LanguageCentroids:
    """The middle of each language's vectors.

    A model puts each language into a corner of its own. Seen from the middle of the corner, articles that say
    the same in two languages point the same way.
    """

    def __init__(self, prior: float) -> None:
        self._prior = prior
        self._numbers: dict[str, int] = {"": UNKNOWN_LANGUAGE}
        self._names = [""]
        self._sums: dict[int, NDArray[np.float64]] = {}
        self._counts: dict[int, int] = {}
        self.rows: Rows = np.zeros((0, 0), np.float32)  #: by the language's number

    def language_number(self, language: str) -> int:
        """The language's number, a new one where it is new."""
        if language not in self._numbers:
            self._names.append(language)
            self._numbers[language] = len(self._names) - 1
        return self._numbers[language]

    def language_name(self, number: int) -> str:
        """The language with this number."""
        return self._names[number]

    def nearest_language(self, row: Rows) -> int:
        """The number of the language in whose corner a vector lies."""
        there = [number for number, count in self._counts.items() if count > 0 and number != UNKNOWN_LANGUAGE]
        away = np.linalg.norm(self.rows[there] - row, axis=1)
        return there[int(away.argmin())] if there else UNKNOWN_LANGUAGE

    def update_sums(self, numbers: NDArray[np.int16], rows: Rows, times: int) -> None:
        """Count vectors in (1) or out (-1), each for its language's number."""
        for number in np.unique(numbers).tolist():
            mine = rows[numbers == number]
            self._sums[number] = self._sums.get(number, 0.0) + times * mine.sum(axis=0, dtype=np.float64)
            self._counts[number] = self._counts.get(number, 0) + times * len(mine)

    def update_centroids(self) -> None:
        """Recompute the means; a language with few articles gets one close to the mean of all."""
        width = len(next(iter(self._sums.values())))
        sums, counts = np.zeros((len(self._numbers), width)), np.zeros((len(self._numbers), 1))
        for number, total in self._sums.items():
            sums[number], counts[number] = total, self._counts[number]
        everything = sums.sum(axis=0) / max(counts.sum(), 1.0)
        self.rows = ((sums + self._prior * everything) / (counts + self._prior)).astype(np.float32)


def to_unit_length(rows: Rows) -> Rows:
    """The same directions, each of length 1; nothing stays nothing."""
    longest = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-6))
    same: Rows = (rows / longest).astype(np.float32, copy=False)
    return same
