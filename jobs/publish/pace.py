"""How fast may we speak? Never above the rates in any sliding window, however requests are delayed; pure.

A request counts from when it may have arrived: an answer that is late moves its mark by what it was later
than the quickest, and a request without an answer counts until it has one. So the windows hold on the other
side, too. Times are seconds of one clock that never runs backwards.
"""

from collections import deque
from collections.abc import Hashable, Iterable
from itertools import chain, islice

from jobs.policy import Rate
from jobs.publish.silence import Silence
from jobs.publish.windows import Budget, Chats, Quickest, Slowness

#: Floods of several chats within this many seconds concern everything.
TOGETHER = 10.0
#: Chats make several: of private ones, which are never pressed, two; of any, three.
SEVERAL_PRIVATE, SEVERAL = 2, 3
#: By what a flood slows its chat, and by what a flood of several slows everything.
SLOWER, ALL_SLOWER = 2.0, 1.25
#: Flooded chats that are remembered.
REMEMBERED = 10_000
#: How long a slot is kept free for an answer that was told to wait for it, in seconds.
PROMISE = 0.1
#: A wait shorter than this is none: floating point.
NOTHING = 1e-9


class Pace:
    """One budget for all that the bot says, sends and edits alike. Groups and channels have negative ids."""

    def __init__(self, overall: Rate, chat: Rate, group: Rate, unpaid: Rate | None = None) -> None:
        """`unpaid`: what Telegram allows of requests that cannot be paid for, where the others are."""
        self._overall = Budget(overall)
        self._unpaid = Budget(unpaid) if unpaid else self._overall
        self._private, self._public = Chats((chat,)), Chats((chat, group))
        self._stopped: dict[int, float] = {}  # by chat, until when
        self._all_stopped = 0.0
        self._slow: dict[int, Slowness] = {}
        self._all_slow = Slowness()
        self._floods: deque[tuple[float, int]] = deque()
        self._flying: dict[int, tuple[int, float]] = {}  # by ticket: chat and when
        self._tickets = 0
        self._quickest = Quickest(overall.seconds)
        self._promised: deque[float] = deque()
        self.silence = Silence()  #: whether Telegram answers

    def cost(self, *, unpaid: bool = False) -> float:
        """The seconds of the pace that one request takes."""
        return self._unpaid.interval if unpaid else self._overall.interval

    def reserve(self, chat_id: int, now: float, *, answer: bool = False) -> float:
        """0 where one more may go to the chat now (it is counted), else the seconds after which to ask again.

        An `answer` to a reader goes before posts: the next slot is kept for one that has to wait.
        """
        wait = self.wait(chat_id, now, answer=answer)
        if wait == 0:
            self._count(chat_id, now)
        return wait

    def start(self, chat_id: int, now: float, *, unpaid: bool = False) -> int:
        """Count a request that begins now, after `wait` said 0; its ticket, to be given to `answered`."""
        self._count(chat_id, now, unpaid=unpaid)
        self.silence.begin(now)
        self._tickets += 1
        self._flying[self._tickets] = (chat_id, now)
        return self._tickets

    def answered(self, ticket: int, now: float) -> None:
        """The request is over; it counts from its beginning and what it was late."""
        chat_id, at = self._flying.pop(ticket)
        late = self._quickest.late(now - at, now)
        if late > 0:
            for budget in {self._overall, self._unpaid}:
                budget.window.move(at, at + late)
            self._kind(chat_id).move(chat_id, at, at + late, self._slower(chat_id, now))

    def wait(self, chat_id: int, now: float, *, answer: bool = False, unpaid: bool = False) -> float:
        """The seconds until one more may go to the chat, 0 for now; nothing is counted.

        `unpaid`: an edit or a delete, which cannot be paid for. Infinite where all of a window may still be
        on its way: until the next `answered`.
        """
        opens = self._kind(chat_id).opens.get(chat_id, 0.0)
        chat = max(opens, self._stopped.get(chat_id, 0.0), self._all_open())
        if unpaid and self._unpaid is not self._overall:
            chat = max(chat, self._unpaid.opens(slower=self._all_slow.now(now)))
        at = chat if chat > now else self._in_turn(now, answer)
        return at - now if at - now > NOTHING else 0.0

    def room(self, now: float, horizon: float) -> int:
        """How many may begin, to whomever, within `horizon` seconds."""
        at = max(self._next(now), self._all_open(), now)
        return int((now + horizon - at) / self._overall.interval) + 1 if at <= now + horizon else 0

    def opens_in(self, now: float, *, unpaid: bool = False) -> float:
        """The seconds until anything at all may go."""
        other = self._unpaid.opens(slower=self._all_slow.now(now)) if unpaid else 0.0
        return max(0.0, self._next(now) - now, other - now, self._all_open() - now)

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

    def rest(self, chat_id: int, seconds: float, now: float) -> None:
        """Nothing goes to the chat for so long: a 429 of an earlier run says so."""
        self._stopped[chat_id] = max(self._stopped.get(chat_id, 0.0), now + seconds)

    def flooded(self, chat_id: int, seconds: float, now: float) -> None:
        """A 429: nothing goes to the chat for so long.

        Where several chats get one together nothing goes anywhere, until the first of them may be spoken to.
        """
        self.rest(chat_id, seconds, now)
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

    def _in_turn(self, now: float, answer: bool) -> float:
        """When the next slot is free: answers take the first, posts those behind the promised ones."""
        while self._promised and self._promised[0] < now - PROMISE:
            self._promised.popleft()
        at = self._next(now)
        if not answer:
            return max(at, now) + self._overall.interval * len(self._promised) if self._promised else at
        if at > now + NOTHING:
            self._promised.append(at)
        elif self._promised:
            self._promised.popleft()
        return at

    def _next(self, now: float) -> float:
        """When the next one may go, to whomever."""
        hanging = 0
        for _, at in self._flying.values():
            if at > now - self._overall.window.rate.seconds:
                break
            hanging += 1
        return self._overall.opens(hanging=hanging, slower=self._all_slow.now(now))

    def _count(self, chat_id: int, now: float, *, unpaid: bool = False) -> None:
        slower = self._all_slow.now(now)
        self._overall.count(now, slower)
        if self._unpaid is not self._overall:
            if unpaid:
                self._unpaid.count(now, slower)
            else:  # what is paid for counts, too, but does not push the others' even pace
                self._unpaid.window.mark(now)
        self._kind(chat_id).mark(chat_id, now, self._slower(chat_id, now))

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
