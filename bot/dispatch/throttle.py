"""Throttling of askers who do not wait for their answers; pure, as time is passed in.

A question is premature if an earlier one of the same asker is still unanswered. A few are free; each further
one doubles the time between two answers, up to `LONGEST_DELAY`. A few seconds of silence reset this. Askers
who wait for each answer are never throttled.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

#: Premature questions that are free: people do type three commands in a row.
FREE_PREMATURE = 3
#: The longest time between two answers, in seconds.
LONGEST_DELAY = 30.0
#: The most premature questions that are counted.
MAX_PREMATURE = FREE_PREMATURE + 5
#: Premature questions forgiven per second of silence, after the first second.
FORGIVEN_PER_SECOND = 2.0
#: Askers remembered; the one silent for longest is evicted first.
REMEMBERED_ASKERS = 10_000


@dataclass(slots=True)
class _AskerRecord:
    premature: float = 0.0  #: questions, as of `asked_at`
    asked_at: float = float("-inf")
    answered_at: float = float("-inf")
    notified: bool = False  #: whether the asker was told that they are throttled

    def premature_at(self, now: float) -> float:
        silence = max(0.0, now - self.asked_at - 1.0)
        return max(0.0, self.premature - FORGIVEN_PER_SECOND * silence)


class Throttle:
    """The throttling state of all askers. Times are seconds of one monotonic clock."""

    def __init__(self, remembered: int = REMEMBERED_ASKERS) -> None:
        self._most = remembered
        self._records: OrderedDict[Hashable, _AskerRecord] = OrderedDict()

    def record_question(self, asker: Hashable, now: float, *, premature: bool) -> None:
        """Record a question; `premature` if an earlier one of this asker is unanswered."""
        record = self._records.setdefault(asker, _AskerRecord())
        self._records.move_to_end(asker)
        record.premature = min(record.premature_at(now) + premature, MAX_PREMATURE)
        record.asked_at = now
        if record.premature <= FREE_PREMATURE:
            record.notified = False
        if len(self._records) > self._most:
            self._records.popitem(last=False)

    def record_answer(self, asker: Hashable, now: float) -> None:
        """Record that the asker was answered."""
        if record := self._records.get(asker):
            record.answered_at = now

    def remaining_wait(self, asker: Hashable, now: float) -> float:
        """Seconds until the asker's next answer may be sent."""
        record = self._records.get(asker)
        if record is None:
            return 0.0
        excess = record.premature_at(now) - FREE_PREMATURE
        delay = min(2.0**excess, LONGEST_DELAY) if excess > 0 else 0.0
        return max(0.0, record.answered_at + delay - now)

    def is_slowed_down(self, asker: Hashable, now: float) -> bool:
        """Whether this asker is being throttled."""
        record = self._records.get(asker)
        return record is not None and record.premature_at(now) > FREE_PREMATURE

    def should_notify(self, asker: Hashable) -> bool:
        """Whether the asker should now be told that they are throttled: true once, until they slow down."""
        record = self._records.setdefault(asker, _AskerRecord())
        notified, record.notified = record.notified, True
        return not notified
