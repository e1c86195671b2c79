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
MAX_UNANSWERED = 10
MIN_UNANSWERED, MIN_UNANSWERED_SECONDS = 3, 30.0
#: One request in so many seconds asks whether Telegram answers again.
PROBE_INTERVAL = 60.0
#: A wait shorter than this is none: floating point.
EPSILON = 0.001


class CircuitBreaker:
    """`heard` what came of every request; nothing may be asked before `opens`."""

    def __init__(self) -> None:
        self._close_circuit()

    def _close_circuit(self) -> None:
        self.open_since: float | None = (
            None  #: when the first request was not answered; None while all is well
        )
        self.retry_at = 0.0
        self._failed_requests: list[Hashable] = []  # what was not answered since the last answer
        self._first_failure_at = self._probe_interval = 0.0
        self._probing = False  # a request asks whether it is over

    @property
    def is_open(self) -> bool:
        return self.open_since is not None

    def open_seconds(self, now: float) -> float:
        """For how many seconds nothing was answered; 0 while all is well."""
        return now - self.open_since if self.open_since is not None else 0.0

    def retry_in(self, now: float) -> float:
        """The seconds until the next may ask; 0 while all is well."""
        wait = self.retry_at - now if self.is_open else 0.0
        return wait if wait > EPSILON else 0.0

    def start_request(self, now: float) -> None:
        """A request begins: in a silence it is the one that asks, and the next comes a while after it."""
        if self.is_open:
            self._probing, self.retry_at = True, now + self._probe_interval

    def record_outcome(self, asked: Hashable, outcome: object, now: float) -> None:
        """What came of a request; `asked` is what kind it was, and of which chat."""
        match outcome:
            case TryLater(seconds, _, False):
                self._record_unanswered(asked, now)
                self._hold_requests(seconds, now)
            case Unclear():
                self._record_unanswered(asked, now)
                if self._should_open(now):
                    self._hold_requests(PROBE_INTERVAL, now)
            case _:
                self._close_circuit()

    def _record_unanswered(self, asked: Hashable, now: float) -> None:
        if not self._failed_requests:
            self._first_failure_at = now
        self._failed_requests = [*self._failed_requests, asked][-MAX_UNANSWERED:]

    def _should_open(self, now: float) -> bool:
        rare = (
            len(self._failed_requests) >= MIN_UNANSWERED
            and now - self._first_failure_at >= MIN_UNANSWERED_SECONDS
        )
        return (rare or len(self._failed_requests) >= MAX_UNANSWERED) and len(set(self._failed_requests)) > 1

    def _hold_requests(self, seconds: float, now: float) -> None:
        """Nobody asks for so long; twice as long after each that asked in vain."""
        if self._probing or not self.is_open:
            self._probe_interval = min(PROBE_INTERVAL, max(seconds, self._probe_interval * 2))
            self._probing = False
        self.open_since = self._first_failure_at if self.open_since is None else self.open_since
        self.retry_at = max(self.retry_at, now + self._probe_interval)
