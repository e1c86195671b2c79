"""Is a feed silent? No new article for longer than its own habit: a dead source is no quiet day. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

#: Arrivals below which a feed has no habit yet.
_MIN_ARRIVALS = 10
#: Its longest pause so far (a night, a weekend) and this much again is out of the ordinary.
_PAUSE_FACTOR = 1.5
_MIN_SILENCE = timedelta(hours=6)


def longest_pause(arrivals: Sequence[datetime]) -> timedelta | None:
    """The longest time between two arrivals, or None where there are too few to know a habit."""
    times = sorted(set(arrivals))
    if len(times) < _MIN_ARRIVALS:
        return None
    return max(later - earlier for earlier, later in pairwise(times))


def silent_for(arrivals: Sequence[datetime], now: datetime) -> timedelta | None:
    """For how long the feed has brought nothing new, where that is longer than its habit; else None.

    `arrivals` are the moments at which its newest articles were first seen.
    """
    pause = longest_pause(arrivals)
    if pause is None:
        return None
    since = now - max(arrivals)
    return since if since > max(pause * _PAUSE_FACTOR, _MIN_SILENCE) else None
