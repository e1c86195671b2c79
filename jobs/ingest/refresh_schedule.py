"""When is a feed looked at next, and where? Pure: the present and chance are handed in.

`regular` is the next time by the operator's schedule, counted from `now`. Every answer lies at or behind it,
a little spread by chance, so whoever asks which feeds are due must ask more often than the schedule says.
What makes us wait longer is never believed for more than a day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.config import FeedHints
from jobs.ingest.http.results import FeedMoved, Seconds
from storage.records import Feed

LONGEST_WAIT = timedelta(hours=24)
#: Cache-Control is often the site's and not the feed's; NetNewsWire has "seen one year" and stops here too.
LONGEST_FRESHNESS = timedelta(hours=5)
#: Feeds whose hub pushes are looked at all the same, as the net below.
PUSHED_WAIT = timedelta(minutes=30)
#: Nobody is asked exactly on the minute, nor everybody at once: a tenth of the wait, this at most.
LONGEST_SPREAD = timedelta(seconds=30)
#: Each failure in a row waits this much longer: an outage is over for us at half its own length.
GROWTH = 1.5
#: The same permanent redirect, so many good looks in a row, is believed.
PROOFS = 5
#: About so often a feed is asked for unconditionally: there are servers that say 304 for ever.
WHOLE_AGAIN = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Hints:
    """What a feed and its site ask for."""

    fresh_for: Seconds | None = None
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()  #: of the day in UTC, 0 to 23
    skip_days: frozenset[int] = frozenset()  #: of the week in UTC, 0 for Monday


@dataclass(frozen=True, slots=True)
class Moving:
    """A permanent redirect that has not proved itself yet: what to keep of it. No redirect: "" and 0."""

    moved_to: str
    moved_times: int


def after_success(
    now: datetime,
    regular: datetime,
    hints: Hints,
    respect: FeedHints,
    chance: float,
    *,
    pushed: bool = False,
) -> datetime:
    """The next look after one that went well, be the feed changed or not.

    `chance` is from 0 to 1; `pushed` says that a hub's lease is running.
    """
    wait = _spread(regular - now, chance)
    if pushed:
        wait = max(wait, PUSHED_WAIT)
    if respect is FeedHints.IGNORE:
        return now + wait
    wait = max(wait, _asked(hints))
    return max(now + wait, _open_hour(now + wait, now, hints))


def after_failure(
    now: datetime, regular: datetime, failures: int, retry_after: Seconds | None, chance: float
) -> datetime:
    """The next look after `failures` in a row, this one counted; a host's own wish is always respected."""
    interval = regular - now
    backoff = _at_most_a_day(interval.total_seconds() * GROWTH ** min(failures - 1, 100))
    wait = max(_spread(max(interval, backoff), chance), interval)
    if retry_after is not None:
        wait = max(wait, _at_most_a_day(retry_after))
    return now + wait


def remembered(feed: Feed, fresh_for: Seconds | None) -> Hints:
    """What an unchanged feed asks for: what it said when it was last read, and the answer's own headers."""
    hours, days = (frozenset(map(int, skipped)) for skipped in (feed.skip_hours, feed.skip_days))
    return Hints(fresh_for, timedelta(seconds=feed.ttl), hours, days)


def to_remember(hints: Hints) -> dict[str, object]:
    """The feed's columns that keep what it asks for until it is read again."""
    return {
        "ttl": int(min(hints.ttl or timedelta(), LONGEST_WAIT).total_seconds()),
        "skip_hours": tuple(str(hour) for hour in sorted(hints.skip_hours)),
        "skip_days": tuple(str(day) for day in sorted(hints.skip_days)),
    }


def is_pushed(feed: Feed, public_url: str, now: datetime) -> bool:
    """Whether a hub has promised to bring what is new, and can reach us."""
    return bool(public_url) and feed.lease_until is not None and now < feed.lease_until


def moved(feed: Feed, permanent_url: str) -> Moving | FeedMoved:
    """What a good look at `feed`, whose permanent redirects end at `permanent_url`, says of its address."""
    if permanent_url == feed.fetch_url:
        return Moving("", 0)
    times = feed.moved_times + 1 if permanent_url == feed.moved_to else 1
    return FeedMoved(permanent_url) if times >= PROOFS else Moving(permanent_url, times)


def validators(feed: Feed, now: datetime, chance: float) -> tuple[str, str]:
    """The ETag and Last-Modified to send: those of the last look, but for one look in eight days."""
    since = now - (feed.fetched_at or now)
    if chance < since / WHOLE_AGAIN:
        return "", ""
    return feed.etag, feed.last_modified


def _spread(wait: timedelta, chance: float) -> timedelta:
    return wait + min(wait / 10, LONGEST_SPREAD) * chance


def _asked(hints: Hints) -> timedelta:
    """The patience that a feed and its site ask for, in reason."""
    fresh = min(timedelta(seconds=min(hints.fresh_for or 0.0, 1e9)), LONGEST_FRESHNESS)
    return max(fresh, min(hints.ttl or timedelta(), LONGEST_WAIT))


def _open_hour(when: datetime, now: datetime, hints: Hints) -> datetime:
    """`when`, or the beginning of the next hour that the feed does not ask to skip, within a day from now."""
    hour = when
    while hour < now + LONGEST_WAIT:
        if hour.hour not in hints.skip_hours and hour.weekday() not in hints.skip_days:
            return hour
        hour = (hour + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    return now + LONGEST_WAIT


def _at_most_a_day(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds()))
