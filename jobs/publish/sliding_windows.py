"""Sliding windows, the parts of the rate limiter: when one more request may go, and whose turn it is; pure.

Times are seconds of one monotonic clock. A mark is the time at which a request counts.
"""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable

from jobs.config import Rate

#: Seconds of an even pace that may be caught up at once after a late wake-up.
MAX_CATCH_UP = 0.1
#: The fastest response is that of this many seconds, and of as many before.
RESPONSE_MEMORY = 30.0
#: Seconds in which a slowdown falls by half, and its largest factor.
SLOWDOWN_HALF_LIFE, MAX_SLOWDOWN = 600.0, 16.0
#: The part by which a window is lengthened, for what is not measured and for floating-point errors.
MARGIN = 0.005
#: Posts and answers are each sure of one in so many requests.
SHARE = 3


class SlidingWindow:
    """At most `count` marks in any `seconds`."""

    __slots__ = ("marks", "rate")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.marks: list[float] = []  # sorted; the newest `count`

    def opens_at(self, *, hanging: int = 0, slower: float = 1.0) -> float:
        """When one more may come; `hanging` requests in flight may still arrive at any time."""
        most = self.rate.count - hanging
        if most < 1:
            return float("inf")
        if len(self.marks) < most:
            return 0.0
        return self.marks[-most] + self.rate.seconds * slower * (1 + MARGIN)

    def add_mark(self, at: float) -> None:
        insort(self.marks, at)
        if len(self.marks) > self.rate.count:
            del self.marks[0]

    def move_mark(self, at: float, later: float) -> None:
        """Move the mark at `at` to `later`."""
        place = bisect_left(self.marks, at)
        if place < len(self.marks) and self.marks[place] == at:
            del self.marks[place]
        self.add_mark(later)


class SharedWindow(SlidingWindow):
    """A chat's own window, in which posts and answers leave each other a third.

    A request may go if it leaves free a part of the other side's unused third: the part that the time until
    the next slot opens is of the window. So a side that is alone gets all slots but one, and the other side
    always finds one open and gets its third within a window.
    """

    __slots__ = ("_sides",)

    def __init__(self, rate: Rate) -> None:
        super().__init__(rate)
        self._sides: tuple[list[float], list[float]] = ([], [])  # marks of posts, of answers; sorted

    def mark_side(self, at: float, *, answer: bool) -> None:
        """Add a mark of one side."""
        self.add_mark(at)
        side = self._sides[answer]
        insort(side, at)
        if len(side) > self.rate.count:
            del side[0]

    def move_side(self, at: float, later: float, *, answer: bool) -> None:
        """Move a mark of one side."""
        self.move_mark(at, later)
        side = self._sides[answer]
        place = bisect_left(side, at)
        if place < len(side) and side[place] == at:
            del side[place]
            insort(side, later)

    def side_opens_at(self, now: float, *, answer: bool, slower: float = 1.0) -> float:
        """When one more of a side may come. Posts leave a third only if the window has answers in it."""
        length = self.rate.seconds * slower * (1 + MARGIN)
        share, [_, answers] = self.rate.count // SHARE, self._sides
        if share == 0 or not (answer or (answers and answers[-1] > now - length)):
            return self.opens_at(slower=slower)
        others, since = self._sides[not answer], now
        counted = self.marks[bisect_right(self.marks, now - length) :]
        for gone, mark in enumerate(counted):
            free, until = self.rate.count - len(counted) + gone, mark + length
            unused = share - (len(others) - bisect_left(others, mark))
            at = max(since, until - (free - 1) * length / unused) if unused > 0 else since
            if free > 0 and at < until:
                return at
            since = until
        return since


class Budget:
    """A window, over which requests are spread evenly."""

    __slots__ = ("_due", "interval", "window")

    def __init__(self, rate: Rate) -> None:
        self.window = SlidingWindow(rate)
        self.interval = rate.seconds / rate.count
        self._due = 0.0  # when the next one is due at an even pace

    def opens_at(self, *, hanging: int = 0, slower: float = 1.0) -> float:
        """When one more may go."""
        return max(self._due, self.window.opens_at(hanging=hanging, slower=slower))

    def count_request(self, now: float, slower: float = 1.0) -> None:
        """Count a request that goes now."""
        self.window.add_mark(now)
        self._due = max(self._due, now - MAX_CATCH_UP) + self.interval * slower


class SharedBudget(Budget):
    """A budget of which posts are sure of a third and answers of two thirds.

    While both wait, a post is next if fewer than a third of the last requests, as many as the window has,
    were posts, else an answer. A side that waits alone gets all.
    """

    __slots__ = ("_kinds", "_posts", "_sure", "_waiting")

    def __init__(self, rate: Rate) -> None:
        super().__init__(rate)
        size = max(rate.count, SHARE)
        self._sure = -(-size // SHARE)  # the posts among so many requests
        self._posts, self._kinds = size - 1, deque([False] * (size - 1), size - 1)  # True for an answer
        self._waiting = [0.0, 0.0]  # until when a post waits, an answer

    def side_opens_at(self, now: float, *, answer: bool, hanging: int = 0, slower: float = 1.0) -> float:
        """When one more of a side may go: later, if the other side waits and is next."""
        at = self.opens_at(hanging=hanging, slower=slower)
        if self._waiting[not answer] > now and (self._posts >= self._sure) != answer:
            return max(at, now) + self.interval
        return at

    def reserve_slot(self, until: float, *, answer: bool) -> None:
        """Note that a request of a side waits for its slot, at most until then."""
        self._waiting[answer] = until

    def count_side(self, *, answer: bool) -> None:
        """Count a request of a side; others of that side that wait have to reserve again."""
        self._posts += (not answer) - (not self._kinds[0])
        self._kinds.append(answer)
        self._waiting[answer] = 0.0


class FastestResponse:
    """The shortest of the last response times; unknown for the first `unknown` seconds."""

    __slots__ = ("_before", "_known_at", "_now", "_since", "_unknown")

    def __init__(self, unknown: float) -> None:
        self._since = self._now = self._before = self._known_at = float("inf")
        self._unknown = unknown

    def measure_delay(self, took: float, at: float) -> float:
        """By how many seconds a response was slower than the fastest; all of `took` while that is unknown."""
        if self._since == float("inf"):
            self._known_at = at + self._unknown
        if self._since == float("inf") or at - self._since > RESPONSE_MEMORY:
            self._since, self._before, self._now = at, self._now, took
        self._now = min(self._now, took)
        return took if at <= self._known_at else took - min(self._now, self._before)


class Slowdown:
    """The factor by which a rate is lowered after a 429; it decays to 1."""

    __slots__ = ("_factor", "_since")

    def __init__(self) -> None:
        self._factor, self._since = 1.0, 0.0

    def current_factor(self, now: float) -> float:
        decay: float = 0.5 ** ((now - self._since) / SLOWDOWN_HALF_LIFE)
        return 1.0 + (self._factor - 1.0) * decay

    def grow_factor(self, factor: float, now: float) -> None:
        self._factor, self._since = min(self.current_factor(now) * factor, MAX_SLOWDOWN), now


class ChatWindows:
    """The windows of each chat that had a request within them; other chats take no memory."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._rates = tuple(rates)
        self._kept = max(rate.seconds for rate in self._rates)
        self._windows: dict[int, tuple[SharedWindow, ...]] = {}  # the longest without a request first
        self._answers: dict[int, int] = {}  # in a row, since the last post
        self.post_opens_at: dict[int, float] = {}  #: by chat, when it may get its next post

    def __len__(self) -> int:
        return len(self._windows)

    def add_mark(self, chat_id: int, at: float, slower: float, *, answer: bool = False) -> None:
        windows = self._windows.pop(chat_id, None) or tuple(SharedWindow(rate) for rate in self._rates)
        for window in windows:
            window.mark_side(at, answer=answer)
        self._windows[chat_id] = windows
        self._answers[chat_id] = self._answers.get(chat_id, 0) + 1 if answer else 0
        self.post_opens_at[chat_id] = self.side_opens_at(chat_id, at, slower)
        self._drop_expired(at)

    def move_mark(
        self, chat_id: int, at: float, later: float, slower: float, *, answer: bool = False
    ) -> None:
        """Move the mark at `at` to `later`."""
        if windows := self._windows.get(chat_id):
            for window in windows:
                window.move_side(at, later, answer=answer)
            self.post_opens_at[chat_id] = self.side_opens_at(chat_id, later, slower)

    def side_opens_at(self, chat_id: int, now: float, slower: float, *, answer: bool = False) -> float:
        """When the chat may get its next answer or post."""
        windows = self._windows.get(chat_id, ())
        return max(
            (window.side_opens_at(now, answer=answer, slower=slower) for window in windows), default=0.0
        )

    def is_posts_turn(self, chat_id: int) -> bool:
        """Whether the chat got so many answers in a row that a waiting post goes first."""
        return self._answers.get(chat_id, 0) >= SHARE - 1

    def _drop_expired(self, now: float) -> None:
        while self._windows:
            chat_id = next(iter(self._windows))
            if self._windows[chat_id][0].marks[-1] > now - self._kept or self.post_opens_at[chat_id] > now:
                return
            del self._windows[chat_id], self._answers[chat_id], self.post_opens_at[chat_id]
