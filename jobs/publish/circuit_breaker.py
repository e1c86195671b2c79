"""A circuit breaker: while Telegram does not answer, one request a minute probes it, and all others wait.

A request without an answer may have been applied, so few should be made during an outage. The circuit opens
after several requests in a row without an answer, if they are of different chats or kinds: if only one chat
fails, only that chat waits. If no connection can be made, the first failure opens it, and the probe comes
sooner, because such a request is surely not applied. Any answer closes it. Pure; times are seconds of one
monotonic clock.
"""

from collections.abc import Hashable

from jobs.publish.send_result import TryLater, Unclear

#: The circuit opens after so many unanswered requests in a row, or after fewer over so many seconds.
MAX_UNANSWERED = 10
MIN_UNANSWERED, MIN_UNANSWERED_SECONDS = 3, 30.0
#: Seconds between two probes.
PROBE_INTERVAL = 60.0
#: Seconds; a shorter wait is a floating-point error.
EPSILON = 0.001


class CircuitBreaker:
    """Learns the outcome of every request; none may begin before `retry_in` is 0."""

    def __init__(self) -> None:
        self._close_circuit()

    def _close_circuit(self) -> None:
        #: when the first request was not answered; None if the circuit is closed
        self.open_since: float | None = None
        self.retry_at = 0.0
        self._failed_requests: list[Hashable] = []  # since the last answer
        self._first_failure_at = self._probe_interval = 0.0
        self._probing = False  # a probe is in flight

    @property
    def is_open(self) -> bool:
        return self.open_since is not None

    def open_seconds(self, now: float) -> float:
        """The seconds since the first unanswered request; 0 if the circuit is closed."""
        return now - self.open_since if self.open_since is not None else 0.0

    def retry_in(self, now: float) -> float:
        """The seconds until the next probe may begin; 0 if the circuit is closed."""
        wait = self.retry_at - now if self.is_open else 0.0
        return wait if wait > EPSILON else 0.0

    def start_request(self, now: float) -> None:
        """Note that a request begins: if the circuit is open, it is the probe, and the next one waits."""
        if self.is_open:
            self._probing, self.retry_at = True, now + self._probe_interval

    def record_outcome(self, kind: Hashable, outcome: object, now: float) -> None:
        """Learn the outcome of a request; `kind` is its kind and its chat."""
        match outcome:
            case TryLater(seconds, _, False):
                self._record_unanswered(kind, now)
                self._hold_requests(seconds, now)
            case Unclear():
                self._record_unanswered(kind, now)
                if self._should_open(now):
                    self._hold_requests(PROBE_INTERVAL, now)
            case _:
                self._close_circuit()

    def _record_unanswered(self, kind: Hashable, now: float) -> None:
        if not self._failed_requests:
            self._first_failure_at = now
        self._failed_requests = [*self._failed_requests, kind][-MAX_UNANSWERED:]

    def _should_open(self, now: float) -> bool:
        lasting = (
            len(self._failed_requests) >= MIN_UNANSWERED
            and now - self._first_failure_at >= MIN_UNANSWERED_SECONDS
        )
        return (lasting or len(self._failed_requests) >= MAX_UNANSWERED) and len(
            set(self._failed_requests)
        ) > 1

    def _hold_requests(self, seconds: float, now: float) -> None:
        """Let no request begin for so long, or, after each failed probe, for twice as long as before it."""
        if self._probing or not self.is_open:
            self._probe_interval = min(PROBE_INTERVAL, max(seconds, self._probe_interval * 2))
            self._probing = False
        self.open_since = self._first_failure_at if self.open_since is None else self.open_since
        self.retry_at = max(self.retry_at, now + self._probe_interval)
