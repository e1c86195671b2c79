"""A fair queue of answers: chats answered least often recently go first, then first in, first out; pure.

However many chats keep asking, an occasional question does not wait behind theirs. Times are seconds of one
monotonic clock.
"""

from collections import Counter, deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")

#: Answers of the last seconds that count as recent.
RECENT_WINDOW = 30.0


class AnswerQueue(Generic[T]):
    """Answers waiting to be sent, each with its chat."""

    def __init__(self) -> None:
        self._ready: list[tuple[int, int, int, T]] = []  # a heap: recent answers, number, chat, answer
        self._delayed: list[tuple[float, int, int, int, T]] = []  # a heap: when it may go, then the same
        self._number = 0
        self._answered: deque[tuple[float, int]] = deque()
        self._recent_counts: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._ready) + len(self._delayed)

    def add(self, chat_id: int, what: T, now: float) -> None:
        """Queue an answer."""
        self._drop_expired(now)
        self._number += 1
        heappush(self._ready, (self._recent_counts[chat_id], self._number, chat_id, what))

    def first_ready(self, now: float, rest: Callable[[int, T], float]) -> tuple[int, T] | None:
        """The next chat and answer, left in the queue; None if all of them must `rest` for some seconds."""
        while self._delayed and self._delayed[0][0] <= now:
            heappush(self._ready, heappop(self._delayed)[1:])
        while self._ready:
            recent, number, chat_id, what = self._ready[0]
            seconds = rest(chat_id, what)
            if seconds <= 0:
                return chat_id, what
            heappop(self._ready)
            heappush(self._delayed, (now + seconds, recent, number, chat_id, what))
        return None

    def next_ready_in(self, now: float) -> float:
        """Seconds until the first resting answer may be tried again; infinite if none rests."""
        return self._delayed[0][0] - now if self._delayed else float("inf")

    def pop(self) -> None:
        """Remove the answer that `first_ready` returned, without counting it."""
        heappop(self._ready)

    def pop_answered(self, now: float) -> None:
        """Remove the answer that `first_ready` returned, and count it as sent at `now`."""
        _, _, chat_id, _ = heappop(self._ready)
        self._answered.append((now, chat_id))
        self._recent_counts[chat_id] += 1

    def _drop_expired(self, now: float) -> None:
        while self._answered and self._answered[0][0] < now - RECENT_WINDOW:
            _, chat_id = self._answered.popleft()
            self._recent_counts[chat_id] -= 1
            if not self._recent_counts[chat_id]:
                del self._recent_counts[chat_id]
