"""Does Telegram answer? A circuit breaker: while it does not, one request a minute asks, and all others wait.

What is sent into a silence may arrive and never be known to, so that few requests should be lost in it.
Several in a row that nobody answers make a silence, if they are of different chats or of different kinds: one
chat that Telegram stumbles over is that chat's trouble. If not even a connection can be made, the first is
enough, and the next comes sooner: it is surely not applied. Any answer ends a silence. Pure; times are
seconds of one clock.
"""

from collections.abc import Hashable

from jobs.publish.send_result import TryLater, Unclear

#: So many without an answer in a row, or, where little is asked, so many over so many seconds.
FEW = 10
RARE, RARELY = 3, 30.0
#: One request in so many seconds asks whether Telegram answers again.
EVERY = 60.0
#: A wait shorter than this is none: floating point.
NOTHING = 0.001


class Silence:
    """`heard` what came of every request; nothing may be asked before `opens`."""

    def __init__(self) -> None:
        self._end()

    def _end(self) -> None:
        self.since: float | None = None  #: when the first request was not answered; None while all is well
        self.opens = 0.0
        self._asked: list[Hashable] = []  # what was not answered since the last answer
        self._first = self._every = 0.0
        self._asking = False  # a request asks whether it is over

    @property
    def on(self) -> bool:
        return self.since is not None

    def lasts(self, now: float) -> float:
        """For how many seconds nothing was answered; 0 while all is well."""
        return now - self.since if self.since is not None else 0.0

    def opens_in(self, now: float) -> float:
        """The seconds until the next may ask; 0 while all is well."""
        wait = self.opens - now if self.on else 0.0
        return wait if wait > NOTHING else 0.0

    def begin(self, now: float) -> None:
        """A request begins: in a silence it is the one that asks, and the next comes a while after it."""
        if self.on:
            self._asking, self.opens = True, now + self._every

    def heard(self, asked: Hashable, outcome: object, now: float) -> None:
        """What came of a request; `asked` is what kind it was, and of which chat."""
        match outcome:
            case TryLater(seconds, _, False):
                self._unanswered(asked, now)
                self._hold(seconds, now)
            case Unclear():
                self._unanswered(asked, now)
                if self._are_many(now):
                    self._hold(EVERY, now)
            case _:
                self._end()

    def _unanswered(self, asked: Hashable, now: float) -> None:
        if not self._asked:
            self._first = now
        self._asked = [*self._asked, asked][-FEW:]

    def _are_many(self, now: float) -> bool:
        rare = len(self._asked) >= RARE and now - self._first >= RARELY
        return (rare or len(self._asked) >= FEW) and len(set(self._asked)) > 1

    def _hold(self, seconds: float, now: float) -> None:
        """Nobody asks for so long; twice as long after each that asked in vain."""
        if self._asking or not self.on:
            self._every = min(EVERY, max(seconds, self._every * 2))
            self._asking = False
        self.since = self._first if self.since is None else self.since
        self.opens = max(self.opens, now + self._every)
