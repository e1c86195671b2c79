"""How fast may we speak? Never above the rates in any sliding window, however requests are delayed; pure.

A request counts from when it may have arrived: an answer that is late moves its mark by what it was later
than the quickest, and a request without an answer counts until it has one. So the windows hold on the other
side, too. Times are seconds of one clock that never runs backwards.

Answers to readers and posts share the rates. While both wait, a post goes next if fewer than a third of the
last requests, as many as a window has, were posts; otherwise an answer does. So posts are sure of a third of
every window and answers of two, and a side that waits alone gets all. In a chat's own window, which is not
spread evenly, each side besides leaves the other's unused third free (`windows.SharedWindow`).
"""

from collections import deque
from collections.abc import Collection, Hashable, Iterable
from itertools import chain, islice

from jobs.config import Rate
from jobs.publish.circuit_breaker import Silence
from jobs.publish.sliding_windows import SHARE, Chats, Quickest, SharedBudget, Slowness

#: Floods of several chats within this many seconds concern everything.
TOGETHER = 10.0
#: Chats make several: of private ones, which are never pressed, two; of any, three.
SEVERAL_PRIVATE, SEVERAL = 2, 3
#: By what a flood slows its chat, and by what a flood of several slows everything.
SLOWER, ALL_SLOWER = 2.0, 1.25
#: Flooded chats that are remembered.
REMEMBERED = 10_000
#: How long a slot is kept free for whoever was told to wait for it, in seconds.
PROMISE = 0.1
#: Who was told to wait for longer than this asks again earlier, in seconds.
ASK_AGAIN = 1.0
#: How long answers to a chat wait for a post that is owed to it, once it is that post's turn, in seconds.
HELD = 0.5
#: A wait shorter than this is none: floating point.
NOTHING = 1e-9


class Pace:
    """One budget for all that the bot says, sends and edits alike. Groups and channels have negative ids."""

    def __init__(self, overall: Rate, chat: Rate, group: Rate, unpaid: Rate | None = None) -> None:
        """`unpaid`: what Telegram allows of requests that cannot be paid for, where the others are."""
        self._overall = SharedBudget(overall)
        self._unpaid = SharedBudget(unpaid) if unpaid else self._overall
        self._private, self._public = Chats((chat,)), Chats((chat, group))
        self._stopped: dict[int, float] = {}  # by chat, until when
        self._all_stopped = 0.0
        self._slow: dict[int, Slowness] = {}
        self._all_slow = Slowness()
        self._floods: deque[tuple[float, int]] = deque()
        self._flying: dict[int, tuple[int, float, bool]] = {}  # by ticket: chat, when, whether an answer
        self._tickets = 0
        self._quickest = Quickest(overall.seconds)
        self._owed: Collection[int] = ()
        self.silence = Silence()  #: whether Telegram answers

    def cost(self, *, unpaid: bool = False) -> float:
        """The seconds of the pace that one request takes."""
        return self._unpaid.interval if unpaid else self._overall.interval

    def reserve(self, chat_id: int, now: float, *, answer: bool = False) -> float:
        """0 where one more may go to the chat now (it is counted), else the seconds after which to ask again.

        The slot that somebody is told to wait for is kept free for him, if it is his turn.
        """
        wait = self.wait(chat_id, now, answer=answer)
        if wait == 0:
            self._count(chat_id, now, answer=answer)
        return wait

    def start(self, chat_id: int, now: float, *, answer: bool = False, unpaid: bool = False) -> int:
        """Count a request that begins now, after `wait` said 0; its ticket, to be given to `answered`."""
        self._count(chat_id, now, answer=answer, unpaid=unpaid)
        self.silence.begin(now)
        self._tickets += 1
        self._flying[self._tickets] = (chat_id, now, answer)
        return self._tickets

    def answered(self, ticket: int, now: float) -> None:
        """The request is over; it counts from its beginning and what it was late."""
        chat_id, at, answer = self._flying.pop(ticket)
        late = self._quickest.late(now - at, now)
        if late > 0:
            for budget in {self._overall, self._unpaid}:
                budget.window.move(at, at + late)
            slower = self._slower(chat_id, now)
            self._kind(chat_id).move(chat_id, at, at + late, slower, answer=answer)

    def wait(self, chat_id: int, now: float, *, answer: bool = False, unpaid: bool = False) -> float:
        """The seconds until one more may go to the chat, 0 for now; nothing is counted.

        `unpaid`: an edit or a delete, which cannot be paid for. Infinite where all of a window may still be
        on its way: until the next `answered`.
        """
        rest = self.rest(chat_id, now, answer=answer, unpaid=unpaid)
        opens = [(self._opens_to(budget, now, answer), budget) for budget in self._budgets(unpaid)]
        at = max(at for at, _ in opens)
        if rest > 0:
            return max(rest, at - now)
        for until, budget in opens:
            if until - now > NOTHING:
                budget.wait(min(until, now + ASK_AGAIN) + PROMISE, answer=answer)
        return at - now if at - now > NOTHING else 0.0

    def rest(self, chat_id: int, now: float, *, answer: bool = False, unpaid: bool = False) -> float:
        """The part of `wait` that is not for a turn: what the chat got lately, or that all is stopped.

        Also what was paid for, where that leaves no room for what is `unpaid`.
        """
        at = max(self._chat_opens(chat_id, now, answer), self._all_open())
        if unpaid and self._unpaid is not self._overall:
            soon = SHARE * self._unpaid.interval
            at = max(at, self._unpaid.window.opens(slower=self._all_slow.now(now)) - soon)
        return at - now if at - now > NOTHING else 0.0

    def owe(self, chats: Collection[int]) -> None:
        """Posts wait for these chats, which got something else lately."""
        self._owed = chats

    def room(self, now: float, horizon: float) -> int:
        """How many may begin, to whomever, within `horizon` seconds."""
        at = max(self._in_turn(now), self._all_open(), now)
        return int((now + horizon - at) / self._overall.interval) + 1 if at <= now + horizon else 0

    def opens_in(self, now: float, *, unpaid: bool = False) -> float:
        """The seconds until any post at all may go."""
        return max(0.0, self._in_turn(now, unpaid=unpaid) - now, self._all_open() - now)

    def shut(self, until: float) -> frozenset[int]:
        """The chats that get nothing before `until`."""
        ends = chain(self._private.opens.items(), self._public.opens.items(), self._stopped.items())
        return frozenset(chat_id for chat_id, at in ends if at > until)

    def next_opening(self, chats: Iterable[int], now: float) -> float:
        """The seconds until the next of these chats that rest may be spoken to; infinite for none."""
        ends = (max(self._kind(chat).opens.get(chat, 0.0), self._stopped.get(chat, 0.0)) for chat in chats)
        return min((at for at in ends if at > now), default=float("inf")) - now

    def heard(self, asked: Hashable, outcome: object, now: float) -> None:
        """What came of a request; `asked` is what kind it was, and of which chat."""
        self.silence.heard(asked, outcome, now)

    def _all_open(self) -> float:
        """When anything may go: not while several are flooded, nor while Telegram does not answer."""
        return max(self._all_stopped, self.silence.opens)

    def hold(self, chat_id: int, seconds: float, now: float) -> None:
        """Nothing goes to the chat for so long: a 429 of an earlier run says so."""
        self._stopped[chat_id] = max(self._stopped.get(chat_id, 0.0), now + seconds)

    def flooded(self, chat_id: int, seconds: float, now: float) -> None:
        """A 429: nothing goes to the chat for so long.

        Where several chats get one together nothing goes anywhere, until the first of them may be spoken to.
        """
        self.hold(chat_id, seconds, now)
        self._slow.setdefault(chat_id, Slowness()).grow(SLOWER, now)
        self._floods.append((now, chat_id))
        while self._floods[0][0] < now - TOGETHER:
            self._floods.popleft()
        together = {chat for _, chat in self._floods}
        if len(together) >= SEVERAL or sum(chat > 0 for chat in together) >= SEVERAL_PRIVATE:
            ends = [self._stopped.get(chat, now) for chat in together]
            self._all_stopped = max(self._all_stopped, min(ends))
            self._all_slow.grow(ALL_SLOWER, now)
            self._floods.clear()
        self._forget(now)

    def said(self, chat_id: int, at: float) -> None:
        """Something went to the chat at `at`, before this pace began."""
        self._kind(chat_id).mark(chat_id, at, 1.0)

    def remembered(self) -> int:
        """How many chats take memory."""
        return len(self._private) + len(self._public) + len(self._stopped) + len(self._slow)

    def _in_turn(self, now: float, *, answer: bool = False, unpaid: bool = False) -> float:
        """When one more of a side may go, to whomever."""
        return max(self._opens_to(budget, now, answer) for budget in self._budgets(unpaid))

    def _opens_to(self, budget: SharedBudget, now: float, answer: bool) -> float:
        hanging = self._hanging(now) if budget is self._overall else 0
        return budget.opens_to(now, answer=answer, hanging=hanging, slower=self._all_slow.now(now))

    def _budgets(self, unpaid: bool) -> tuple[SharedBudget, ...]:
        both = unpaid and self._unpaid is not self._overall
        return (self._overall, self._unpaid) if both else (self._overall,)

    def _chat_opens(self, chat_id: int, now: float, answer: bool) -> float:
        """When the chat may get its next answer, or post, by its own windows."""
        chats, stopped = self._kind(chat_id), self._stopped.get(chat_id, 0.0)
        opens = chats.opens.get(chat_id, 0.0)
        if answer:
            opens = chats.opens_to(chat_id, now, self._slower(chat_id, now), answer=True)
        if answer and chat_id in self._owed and chats.is_posts_turn(chat_id):
            opens += HELD
        return max(opens, stopped)

    def _hanging(self, now: float) -> int:
        """Requests without an answer that may still arrive, although they began longer ago than a window."""
        hanging = 0
        for _, at, _ in self._flying.values():
            if at > now - self._overall.window.rate.seconds:
                break
            hanging += 1
        return hanging

    def _count(self, chat_id: int, now: float, *, answer: bool = False, unpaid: bool = False) -> None:
        slower = self._all_slow.now(now)
        for budget in self._budgets(unpaid):
            budget.count_side(answer=answer)
        self._overall.count(now, slower)
        if self._unpaid is not self._overall:
            if unpaid:
                self._unpaid.count(now, slower)
            else:  # what is paid for counts, too, but does not push the others' even pace
                self._unpaid.window.mark(now)
        self._kind(chat_id).mark(chat_id, now, self._slower(chat_id, now), answer=answer)

    def _kind(self, chat_id: int) -> Chats:
        return self._public if chat_id < 0 else self._private

    def _slower(self, chat_id: int, now: float) -> float:
        slow = self._slow.get(chat_id)
        return slow.now(now) if slow else 1.0

    def _forget(self, now: float) -> None:
        for chat_id in [chat for chat, end in self._stopped.items() if end <= now]:
            del self._stopped[chat_id]
        for chat_id in list(islice(self._slow, max(0, len(self._slow) - REMEMBERED))):
            del self._slow[chat_id]
