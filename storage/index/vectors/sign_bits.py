"""Signs: one bit a dimension of each vector, to tell near from far in a fraction of the time."""

import numpy as np
from numpy.typing import NDArray

from storage.index.arrays import GrowingArray

Rows = NDArray[np.float32]
Slots = NDArray[np.int64]


class SignBits:
    """The signs of vectors, 64 in a word. One writer; readers need no lock."""

    def __init__(self, width: int) -> None:
        self._words = [GrowingArray(np.uint64) for _ in range(-(-width // 64))]

    def __len__(self) -> int:
        return min((len(word) for word in self._words), default=0)

    def extend(self, rows: Rows) -> None:
        """Put the signs of these behind the others."""
        for word, more in zip(self._words, _pack_signs(rows), strict=True):
            word.extend(more)

    def put(self, slots: Slots, rows: Rows) -> None:
        """Put these in place of what was there."""
        for word, fresh in zip(self._words, _pack_signs(rows), strict=True):
            word.view[slots] = fresh

    def nearest_slots(self, row: Rows, slots: Slots, count: int) -> Slots:
        """The `count` of these slots whose signs agree best with a row's, in no order."""
        if len(slots) <= count:
            return slots
        differ = np.zeros(len(slots), np.uint16)
        for word, mine in zip(self._words, _pack_signs(row[None]), strict=True):
            differ += np.bitwise_count(word.view[slots] ^ mine[0])
        nearest: Slots = slots[np.argpartition(differ, count)[:count]]
        return nearest


def _pack_signs(rows: Rows) -> NDArray[np.uint64]:
    """Words of signs, a row of them for each 64 dimensions."""
    packed = np.packbits(rows > 0, axis=1)
    missing = -packed.shape[1] % 8
    whole = np.ascontiguousarray(np.pad(packed, ((0, 0), (0, missing))))
    return np.ascontiguousarray(whole.view(np.uint64).T)
