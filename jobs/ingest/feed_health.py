"""Detect a feed that has gone silent: no new article for longer than is usual for it. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

#: With fewer arrivals, nothing is known about what is usual.
_MIN_ARRIVALS = 10
#: A pause this many times as long as the longest one so far (a night, a weekend) is unusual.
_PAUSE_FACTOR = 1.5
_MIN_SILENCE = timedelta(hours=6)


def longest_pause(arrivals: Sequence[datetime]) -> timedelta | None:
    """The longest time between two arrivals, or None if there are too few to tell."""
    times = sorted(set(arrivals))
    if len(times) < _MIN_ARRIVALS:
        return None
    return max(later - earlier for earlier, later in pairwise(times))


def silent_for(arrivals: Sequence[datetime], now: datetime) -> timedelta | None:
    """How long the feed has had no new article, if that is unusually long; else None.

    `arrivals` are the times at which its newest articles were first seen.
    """
    pause = longest_pause(arrivals)
    if pause is None:
        return None
    since = now - max(arrivals)
    return since if since > max(pause * _PAUSE_FACTOR, _MIN_SILENCE) else None
