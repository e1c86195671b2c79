"""Growing: numpy arrays that take more at their end without being copied each time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Growing:
    """An array with room at its end. What was given out by `view` stays valid and does not grow."""

    def __init__(self, kind: Any, start: NDArray[Any] | None = None) -> None:
        self._room: NDArray[Any] = np.empty(0, kind) if start is None else start
        self._used = len(self._room)

    def __len__(self) -> int:
        return self._used

    @property
    def view(self) -> NDArray[Any]:
        """What is in it, without copying."""
        return self._room[: self._used]

    def extend(self, more: NDArray[Any]) -> None:
        """Put `more` behind what is there."""
        needed = self._used + len(more)
        self._make_room(needed)
        self._room[self._used : needed] = more
        self._used = needed

    def append(self, value: Any) -> None:
        """Put one value behind what is there."""
        self._make_room(self._used + 1)
        self._room[self._used] = value
        self._used += 1

    def _make_room(self, needed: int) -> None:
        if needed > len(self._room):
            room = np.empty(max(needed, int(len(self._room) * 1.125) + 64), self._room.dtype)
            room[: self._used] = self.view
            self._room = room
