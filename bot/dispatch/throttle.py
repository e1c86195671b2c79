"""How long must somebody wait who keeps asking before they were answered? Pure: time is handed in.

A question that comes while an earlier one of the same asker is still unanswered is premature. A few are
free; from then on each doubles the time between two answers, up to `LONGEST_DELAY`. Silence undoes it
within seconds. Whoever waits for an answer before asking again is never slowed down.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

#: Premature questions that cost nothing: people do type three commands in a row.
FREE_PREMATURE = 3
#: Seconds between two answers at the most.
LONGEST_DELAY = 30.0
#: More premature questions than these make nothing worse.
MAX_PREMATURE = FREE_PREMATURE + 5
#: A second of silence beyond the first forgives so many premature questions.
FORGIVEN_PER_SECOND = 2.0
#: Askers remembered; whoever was silent for longest is forgotten first.
REMEMBERED_ASKERS = 10_000


@dataclass(slots=True)
class _AskerRecord:
    premature: float = 0.0  #: questions, as of `asked_at`
    asked_at: float = float("-inf")
    answered_at: float = float("-inf")
    told: bool = False  #: that they are being slowed down

    def premature_at(self, now: float) -> float:
        silence = max(0.0, now - self.asked_at - 1.0)
        return max(0.0, self.premature - FORGIVEN_PER_SECOND * silence)


class Throttle:
    """What is remembered of askers. Times are seconds of one clock that never runs backwards."""

    def __init__(self, remembered: int = REMEMBERED_ASKERS) -> None:
        self._most = remembered
        self._records: OrderedDict[Hashable, _AskerRecord] = OrderedDict()

    def record_question(self, asker: Hashable, now: float, *, premature: bool) -> None:
        """A question came; `premature`: an earlier one of this asker's is not answered yet."""
        record = self._records.setdefault(asker, _AskerRecord())
        self._records.move_to_end(asker)
        record.premature = min(record.premature_at(now) + premature, MAX_PREMATURE)
        record.asked_at = now
        if record.premature <= FREE_PREMATURE:
            record.told = False
        if len(self._records) > self._most:
            self._records.popitem(last=False)

    def record_answer(self, asker: Hashable, now: float) -> None:
        """An answer was given."""
        if record := self._records.get(asker):
            record.answered_at = now

    def remaining_wait(self, asker: Hashable, now: float) -> float:
        """Seconds until the next answer may be given; 0 for now."""
        record = self._records.get(asker)
        if record is None:
            return 0.0
        excess = record.premature_at(now) - FREE_PREMATURE
        delay = min(2.0**excess, LONGEST_DELAY) if excess > 0 else 0.0
        return max(0.0, record.answered_at + delay - now)

    def is_slowed_down(self, asker: Hashable, now: float) -> bool:
        """Whether this asker is being slowed down."""
        record = self._records.get(asker)
        return record is not None and record.premature_at(now) > FREE_PREMATURE

    def should_notify(self, asker: Hashable) -> bool:
        """Whether the asker is to be told now why answers are missing: once, until they slowed down."""
        record = self._records.setdefault(asker, _AskerRecord())
        told, record.told = record.told, True
        return not told
