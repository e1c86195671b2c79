"""Whose answer is next? One to a chat that was answered least often lately, then the first that came; pure.

So however many chats ask all the time, the answer to somebody who asks now and then waits for none of them.
Times are seconds of one clock that never runs backwards.
"""

from collections import Counter, deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")

#: Answers of so many seconds count.
RECENT_WINDOW = 30.0


class AnswerQueue(Generic[T]):
    """What is to be said, each with its chat."""

    def __init__(self) -> None:
        self._ready: list[tuple[int, int, int, T]] = []  # a heap: answers lately, number, chat, what
        self._delayed: list[tuple[float, int, int, int, T]] = []  # a heap: the same behind when it may go
        self._number = 0
        self._answered: deque[tuple[float, int]] = deque()
        self._recent_counts: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._ready) + len(self._delayed)

    def add(self, chat_id: int, what: T, now: float) -> None:
        """Something to be said, behind what comes before it."""
        self._drop_expired(now)
        self._number += 1
        heappush(self._ready, (self._recent_counts[chat_id], self._number, chat_id, what))

    def first_ready(self, now: float, rest: Callable[[int, T], float]) -> tuple[int, T] | None:
        """The next, and its chat; it stays in the queue. None where all have to `rest` for some seconds."""
        while self._delayed and self._delayed[0][0] <= now:
            heappush(self._ready, heappop(self._delayed)[1:])
        while self._ready:
            lately, number, chat_id, what = self._ready[0]
            seconds = rest(chat_id, what)
            if seconds <= 0:
                return chat_id, what
            heappop(self._ready)
            heappush(self._delayed, (now + seconds, lately, number, chat_id, what))
        return None

    def next_ready_in(self, now: float) -> float:
        """The seconds until the first of those that rest is to be looked at again; infinite for none."""
        return self._delayed[0][0] - now if self._delayed else float("inf")

    def pop(self) -> None:
        """Take away what `first` returned, unsaid."""
        heappop(self._ready)

    def pop_answered(self, now: float) -> None:
        """Take away what `first` returned: it is said now."""
        _, _, chat_id, _ = heappop(self._ready)
        self._answered.append((now, chat_id))
        self._recent_counts[chat_id] += 1

    def _drop_expired(self, now: float) -> None:
        while self._answered and self._answered[0][0] < now - RECENT_WINDOW:
            _, chat_id = self._answered.popleft()
            self._recent_counts[chat_id] -= 1
            if not self._recent_counts[chat_id]:
                del self._recent_counts[chat_id]
