"""Growing numpy arrays: appending does not copy them each time."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


class GrowingArray:
    """An array with spare room at its end. A `view` stays valid and does not grow."""

    def __init__(self, kind: Any, start: NDArray[Any] | None = None) -> None:
        self._buffer: NDArray[Any] = np.empty(0, kind) if start is None else start
        self._used = len(self._buffer)

    def __len__(self) -> int:
        return self._used

    @property
    def view(self) -> NDArray[Any]:
        """Its values, without copying."""
        return self._buffer[: self._used]

    def extend(self, more: NDArray[Any]) -> None:
        """Append several values."""
        needed = self._used + len(more)
        self._reserve_room(needed)
        self._buffer[self._used : needed] = more
        self._used = needed

    def append(self, value: Any) -> None:
        """Append one value."""
        self._reserve_room(self._used + 1)
        self._buffer[self._used] = value
        self._used += 1

    def _reserve_room(self, needed: int) -> None:
        if needed > len(self._buffer):
            room = np.empty(max(needed, int(len(self._buffer) * 1.125) + 64), self._buffer.dtype)
            room[: self._used] = self.view
            self._buffer = room


Keys = NDArray[np.uint64]
Places = NDArray[np.int32]

#: New keys are kept in a dict until there are this many, then merged into the sorted ones.
MAX_RECENT = 8192


class KeyMap:
    """Keys (64 bits, unsigned) to places (32 bits). One writer; readers need no lock."""

    def __init__(self, keys: Keys | None = None, places: Places | None = None) -> None:
        self._sorted: tuple[Keys, Places] = (
            np.empty(0, np.uint64) if keys is None else keys,
            np.empty(0, np.int32) if places is None else places,
        )
        self._recent: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._sorted[0]) + len(self._recent)

    def get(self, key: int) -> int:
        """The key's place, or -1."""
        place = self._recent.get(key)
        if place is not None:
            return place
        keys, places = self._sorted
        at = int(np.searchsorted(keys, np.uint64(key)))
        return int(places[at]) if at < len(keys) and keys[at] == key else -1

    def get_many(self, wanted: list[int]) -> Places:
        """The places of many keys, -1 for unknown ones."""
        recent = self._recent
        found = np.array([recent.get(key, -1) for key in wanted], np.int32)
        keys, places = self._sorted
        if len(keys) and len(wanted):
            asked = np.array(wanted, np.uint64)
            at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
            found = np.where((found < 0) & (keys[at] == asked), places[at], found)
        return found

    def put(self, key: int, place: int) -> None:
        """Add a key, or update a recent one."""
        self._recent[key] = place
        if len(self._recent) >= MAX_RECENT:
            self.merge_recent()

    def merge_recent(self) -> None:
        """Merge the recent keys into the sorted ones; a recent key replaces an older one."""
        if not self._recent:
            return
        keys, places = self._sorted
        fresh = np.fromiter(self._recent.keys(), np.uint64, len(self._recent))
        put = np.fromiter(self._recent.values(), np.int32, len(self._recent))
        order = np.argsort(fresh)
        fresh, put = fresh[order], put[order]
        kept = ~np.isin(keys, fresh)
        keys, places = keys[kept], places[kept]
        at = np.searchsorted(keys, fresh)
        self._sorted = (np.insert(keys, at, fresh), np.insert(places, at, put))
        self._recent = {}

    def sorted_arrays(self) -> tuple[Keys, Places]:
        """Everything, sorted by key, to be saved."""
        self.merge_recent()
        return self._sorted

    def remove(self, gone: Iterable[int]) -> None:
        """Remove keys."""
        self.merge_recent()
        keys, places = self._sorted
        kept = ~np.isin(keys, np.fromiter(gone, np.uint64))
        self._sorted = (keys[kept], places[kept])
