"""The rate limiter: never more requests than allowed in any sliding window, however they are delayed; pure.

A request counts from when it may have reached Telegram: a late response moves its mark by the time by which
it was slower than the fastest one, and a request in flight counts until it ends. So the windows hold at
Telegram's end, too. Times are seconds of one monotonic clock.

Answers to readers and posts share the rates. While both wait, a post is next if fewer than a third of the
last requests, as many as a window has, were posts; otherwise an answer is. So posts are sure of a third of
every window and answers of two thirds, and a side that waits alone gets all. A chat's own window is not
spread evenly; there each side also leaves the other's unused third free (`sliding_windows.SharedWindow`).
"""

from collections import deque
from collections.abc import Collection, Hashable, Iterable
from itertools import chain, islice

from jobs.config import Rate
from jobs.publish.circuit_breaker import CircuitBreaker
from jobs.publish.sliding_windows import SHARE, ChatWindows, FastestResponse, SharedBudget, Slowdown

#: Seconds within which 429s of several chats block everything.
FLOOD_WINDOW = 10.0
#: Several are two private chats, which are never near their own limit, or three of any kind.
MIN_FLOODED_PRIVATE, MIN_FLOODED = 2, 3
#: The factors by which a 429 slows its chat, and 429s of several chats slow everything.
CHAT_SLOWDOWN, OVERALL_SLOWDOWN = 2.0, 1.25
#: Slowed chats that are remembered.
MAX_SLOW_CHATS = 10_000
#: Seconds for which a slot is kept free for whoever waits for it.
RESERVATION_SECONDS = 0.1
#: Seconds; whoever has to wait longer checks again earlier.
MAX_RESERVED_WAIT = 1.0
#: Seconds for which answers to a chat wait for a post that is owed to it, if it is the post's turn.
ANSWER_DELAY = 0.5
#: Seconds; a shorter wait is a floating-point error.
EPSILON = 1e-9


class RateLimiter:
    """One budget for all requests, sends and edits alike. Groups and channels have negative ids."""

    def __init__(self, overall: Rate, chat: Rate, group: Rate, unpaid: Rate | None = None) -> None:
        """`unpaid`: the rate for requests that cannot be paid for, if the others are paid."""
        self._overall = SharedBudget(overall)
        self._unpaid = SharedBudget(unpaid) if unpaid else self._overall
        self._private, self._public = ChatWindows((chat,)), ChatWindows((chat, group))
        self._blocked_until: dict[int, float] = {}  # by chat
        self._all_blocked_until = 0.0
        self._chat_slowdowns: dict[int, Slowdown] = {}
        self._overall_slowdown = Slowdown()
        self._floods: deque[tuple[float, int]] = deque()
        self._in_flight: dict[int, tuple[int, float, bool]] = {}  # by ticket: chat, start, whether an answer
        self._tickets = 0
        self._fastest_response = FastestResponse(overall.seconds)
        self._pending_chats: Collection[int] = ()
        self.circuit_breaker = CircuitBreaker()  #: opens while Telegram does not answer

    def request_seconds(self, *, unpaid: bool = False) -> float:
        """The seconds of the overall rate that one request takes."""
        return self._unpaid.interval if unpaid else self._overall.interval

    def try_acquire(self, chat_id: int, now: float, *, answer: bool = False) -> float:
        """0 if one more may go to the chat now, which counts it; else the seconds until the next attempt.

        The slot that the caller has to wait for is kept free, if it is its side's turn.
        """
        wait = self.wait_seconds(chat_id, now, answer=answer)
        if wait == 0:
            self._count_request(chat_id, now, answer=answer)
        return wait

    def start_request(self, chat_id: int, now: float, *, answer: bool = False, unpaid: bool = False) -> int:
        """Count a request that begins now, after `wait_seconds` was 0; its ticket for `finish_request`."""
        self._count_request(chat_id, now, answer=answer, unpaid=unpaid)
        self.circuit_breaker.start_request(now)
        self._tickets += 1
        self._in_flight[self._tickets] = (chat_id, now, answer)
        return self._tickets

    def finish_request(self, ticket: int, now: float) -> None:
        """The request ended: move its mark by the time that the response was late."""
        chat_id, at, answer = self._in_flight.pop(ticket)
        late = self._fastest_response.measure_delay(now - at, now)
        if late > 0:
            for budget in {self._overall, self._unpaid}:
                budget.window.move_mark(at, at + late)
            slower = self._chat_slowdown(chat_id, now)
            self._select_windows(chat_id).move_mark(chat_id, at, at + late, slower, answer=answer)

    def wait_seconds(self, chat_id: int, now: float, *, answer: bool = False, unpaid: bool = False) -> float:
        """The seconds until one more may go to the chat, 0 for now; nothing is counted.

        `unpaid`: an edit or a delete, which cannot be paid for. Infinite until the next `finish_request`
        if the requests in flight fill a window.
        """
        rest = self.rest_seconds(chat_id, now, answer=answer, unpaid=unpaid)
        opens = [
            (self._budget_opens_at(budget, now, answer), budget) for budget in self._select_budgets(unpaid)
        ]
        at = max(at for at, _ in opens)
        if rest > 0:
            return max(rest, at - now)
        for until, budget in opens:
            if until - now > EPSILON:
                budget.reserve_slot(min(until, now + MAX_RESERVED_WAIT) + RESERVATION_SECONDS, answer=answer)
        return at - now if at - now > EPSILON else 0.0

    def rest_seconds(self, chat_id: int, now: float, *, answer: bool = False, unpaid: bool = False) -> float:
        """The part of `wait_seconds` that is not for a turn: because of the chat's own rate, or of a block.

        Also because of paid requests, if they leave no room for an `unpaid` one.
        """
        at = max(self._chat_opens_at(chat_id, now, answer), self._all_open_at())
        if unpaid and self._unpaid is not self._overall:
            soon = SHARE * self._unpaid.interval
            at = max(
                at, self._unpaid.window.opens_at(slower=self._overall_slowdown.current_factor(now)) - soon
            )
        return at - now if at - now > EPSILON else 0.0

    def set_pending_chats(self, chats: Collection[int]) -> None:
        """Note that posts wait for these chats, which have reached their own rate."""
        self._pending_chats = chats

    def capacity_within(self, now: float, horizon: float) -> int:
        """How many requests to any chats may begin within `horizon` seconds."""
        at = max(self._side_opens_at(now), self._all_open_at(), now)
        return int((now + horizon - at) / self._overall.interval) + 1 if at <= now + horizon else 0

    def opens_in(self, now: float, *, unpaid: bool = False) -> float:
        """The seconds until a post may go to any chat."""
        return max(0.0, self._side_opens_at(now, unpaid=unpaid) - now, self._all_open_at() - now)

    def blocked_chats(self, until: float) -> frozenset[int]:
        """The chats that get nothing before `until`."""
        ends = chain(
            self._private.post_opens_at.items(),
            self._public.post_opens_at.items(),
            self._blocked_until.items(),
        )
        return frozenset(chat_id for chat_id, at in ends if at > until)

    def next_opening(self, chats: Iterable[int], now: float) -> float:
        """The seconds until the first of these chats may get a post; infinite if none has to wait."""
        ends = (
            max(self._select_windows(chat).post_opens_at.get(chat, 0.0), self._blocked_until.get(chat, 0.0))
            for chat in chats
        )
        return min((at for at in ends if at > now), default=float("inf")) - now

    def record_outcome(self, kind: Hashable, outcome: object, now: float) -> None:
        """Tell the circuit breaker the outcome of a request; `kind` is its kind and its chat."""
        self.circuit_breaker.record_outcome(kind, outcome, now)

    def _all_open_at(self) -> float:
        """When anything may go: not while everything is blocked, nor while the circuit breaker is open."""
        return max(self._all_blocked_until, self.circuit_breaker.retry_at)

    def block_chat(self, chat_id: int, seconds: float, now: float) -> None:
        """Let nothing go to the chat for so long."""
        self._blocked_until[chat_id] = max(self._blocked_until.get(chat_id, 0.0), now + seconds)

    def record_flood(self, chat_id: int, seconds: float, now: float) -> None:
        """After a 429, block the chat for so long.

        If several chats get one within `FLOOD_WINDOW`, block everything until the first of them reopens.
        """
        self.block_chat(chat_id, seconds, now)
        self._chat_slowdowns.setdefault(chat_id, Slowdown()).grow_factor(CHAT_SLOWDOWN, now)
        self._floods.append((now, chat_id))
        while self._floods[0][0] < now - FLOOD_WINDOW:
            self._floods.popleft()
        together = {chat for _, chat in self._floods}
        if len(together) >= MIN_FLOODED or sum(chat > 0 for chat in together) >= MIN_FLOODED_PRIVATE:
            ends = [self._blocked_until.get(chat, now) for chat in together]
            self._all_blocked_until = max(self._all_blocked_until, min(ends))
            self._overall_slowdown.grow_factor(OVERALL_SLOWDOWN, now)
            self._floods.clear()
        self._drop_expired(now)

    def record_sent(self, chat_id: int, at: float) -> None:
        """Count a request of an earlier run, made at `at`."""
        self._select_windows(chat_id).add_mark(chat_id, at, 1.0)

    def count_tracked_chats(self) -> int:
        """How many chats are remembered."""
        return len(self._private) + len(self._public) + len(self._blocked_until) + len(self._chat_slowdowns)

    def _side_opens_at(self, now: float, *, answer: bool = False, unpaid: bool = False) -> float:
        """When one more of a side may go to any chat."""
        return max(self._budget_opens_at(budget, now, answer) for budget in self._select_budgets(unpaid))

    def _budget_opens_at(self, budget: SharedBudget, now: float, answer: bool) -> float:
        hanging = self._count_unanswered(now) if budget is self._overall else 0
        return budget.side_opens_at(
            now, answer=answer, hanging=hanging, slower=self._overall_slowdown.current_factor(now)
        )

    def _select_budgets(self, unpaid: bool) -> tuple[SharedBudget, ...]:
        both = unpaid and self._unpaid is not self._overall
        return (self._overall, self._unpaid) if both else (self._overall,)

    def _chat_opens_at(self, chat_id: int, now: float, answer: bool) -> float:
        """When the chat may get its next answer or post by its own windows."""
        chats, stopped = self._select_windows(chat_id), self._blocked_until.get(chat_id, 0.0)
        opens = chats.post_opens_at.get(chat_id, 0.0)
        if answer:
            opens = chats.side_opens_at(chat_id, now, self._chat_slowdown(chat_id, now), answer=True)
        if answer and chat_id in self._pending_chats and chats.is_posts_turn(chat_id):
            opens += ANSWER_DELAY
        return max(opens, stopped)

    def _count_unanswered(self, now: float) -> int:
        """Requests in flight that began longer ago than a window, and may still reach Telegram."""
        count = 0
        for _, at, _ in self._in_flight.values():
            if at > now - self._overall.window.rate.seconds:
                break
            count += 1
        return count

    def _count_request(self, chat_id: int, now: float, *, answer: bool = False, unpaid: bool = False) -> None:
        slower = self._overall_slowdown.current_factor(now)
        for budget in self._select_budgets(unpaid):
            budget.count_side(answer=answer)
        self._overall.count_request(now, slower)
        if self._unpaid is not self._overall:
            if unpaid:
                self._unpaid.count_request(now, slower)
            else:  # a paid request counts, too, but does not delay the others' even pace
                self._unpaid.window.add_mark(now)
        self._select_windows(chat_id).add_mark(chat_id, now, self._chat_slowdown(chat_id, now), answer=answer)

    def _select_windows(self, chat_id: int) -> ChatWindows:
        return self._public if chat_id < 0 else self._private

    def _chat_slowdown(self, chat_id: int, now: float) -> float:
        slow = self._chat_slowdowns.get(chat_id)
        return slow.current_factor(now) if slow else 1.0

    def _drop_expired(self, now: float) -> None:
        for chat_id in [chat for chat, end in self._blocked_until.items() if end <= now]:
            del self._blocked_until[chat_id]
        for chat_id in list(islice(self._chat_slowdowns, max(0, len(self._chat_slowdowns) - MAX_SLOW_CHATS))):
            del self._chat_slowdowns[chat_id]
