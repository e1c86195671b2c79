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

MAX_WAIT = timedelta(hours=24)
#: Cache-Control is often the site's and not the feed's; NetNewsWire has "seen one year" and stops here too.
MAX_FRESHNESS = timedelta(hours=5)
#: Feeds whose hub pushes are looked at all the same, as the net below.
PUSHED_WAIT = timedelta(minutes=30)
#: Nobody is asked exactly on the minute, nor everybody at once: a tenth of the wait, this at most.
MAX_JITTER = timedelta(seconds=30)
#: Each failure in a row waits this much longer: an outage is over for us at half its own length.
BACKOFF_FACTOR = 1.5
#: The same permanent redirect, so many good looks in a row, is believed.
REDIRECTS_TO_MOVE = 5
#: About so often a feed is asked for unconditionally: there are servers that say 304 for ever.
FULL_FETCH_INTERVAL = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Hints:
    """What a feed and its site ask for."""

    fresh_for: Seconds | None = None
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()  #: of the day in UTC, 0 to 23
    skip_days: frozenset[int] = frozenset()  #: of the week in UTC, 0 for Monday


@dataclass(frozen=True, slots=True)
class PendingMove:
    """A permanent redirect that has not proved itself yet: what to keep of it. No redirect: "" and 0."""

    moved_to: str
    moved_times: int


def next_after_success(
    now: datetime,
    regular: datetime,
    hints: Hints,
    respect: FeedHints,
    rng: float,
    *,
    pushed: bool = False,
) -> datetime:
    """The next look after one that went well, be the feed changed or not.

    `chance` is from 0 to 1; `pushed` says that a hub's lease is running.
    """
    wait = _add_jitter(regular - now, rng)
    if pushed:
        wait = max(wait, PUSHED_WAIT)
    if respect is FeedHints.IGNORE:
        return now + wait
    wait = max(wait, _requested_wait(hints))
    return max(now + wait, _next_open_hour(now + wait, now, hints))


def next_after_failure(
    now: datetime, regular: datetime, failures: int, retry_after: Seconds | None, rng: float
) -> datetime:
    """The next look after `failures` in a row, this one counted; a host's own wish is always respected."""
    interval = regular - now
    backoff = _capped_wait(interval.total_seconds() * BACKOFF_FACTOR ** min(failures - 1, 100))
    wait = max(_add_jitter(max(interval, backoff), rng), interval)
    if retry_after is not None:
        wait = max(wait, _capped_wait(retry_after))
    return now + wait


def stored_hints(feed: Feed, fresh_for: Seconds | None) -> Hints:
    """What an unchanged feed asks for: what it said when it was last read, and the answer's own headers."""
    hours, days = (frozenset(map(int, skipped)) for skipped in (feed.skip_hours, feed.skip_days))
    return Hints(fresh_for, timedelta(seconds=feed.ttl), hours, days)


def hint_columns(hints: Hints) -> dict[str, object]:
    """The feed's columns that keep what it asks for until it is read again."""
    return {
        "ttl": int(min(hints.ttl or timedelta(), MAX_WAIT).total_seconds()),
        "skip_hours": tuple(str(hour) for hour in sorted(hints.skip_hours)),
        "skip_days": tuple(str(day) for day in sorted(hints.skip_days)),
    }


def is_pushed(feed: Feed, public_url: str, now: datetime) -> bool:
    """Whether a hub has promised to bring what is new, and can reach us."""
    return bool(public_url) and feed.lease_until is not None and now < feed.lease_until


def check_moved(feed: Feed, permanent_url: str) -> PendingMove | FeedMoved:
    """What a good look at `feed`, whose permanent redirects end at `permanent_url`, says of its address."""
    if permanent_url == feed.fetch_url:
        return PendingMove("", 0)
    times = feed.moved_times + 1 if permanent_url == feed.moved_to else 1
    return FeedMoved(permanent_url) if times >= REDIRECTS_TO_MOVE else PendingMove(permanent_url, times)


def choose_validators(feed: Feed, now: datetime, rng: float) -> tuple[str, str]:
    """The ETag and Last-Modified to send: those of the last look, but for one look in eight days."""
    since = now - (feed.fetched_at or now)
    if rng < since / FULL_FETCH_INTERVAL:
        return "", ""
    return feed.etag, feed.last_modified


def _add_jitter(wait: timedelta, rng: float) -> timedelta:
    return wait + min(wait / 10, MAX_JITTER) * rng


def _requested_wait(hints: Hints) -> timedelta:
    """The patience that a feed and its site ask for, in reason."""
    fresh = min(timedelta(seconds=min(hints.fresh_for or 0.0, 1e9)), MAX_FRESHNESS)
    return max(fresh, min(hints.ttl or timedelta(), MAX_WAIT))


def _next_open_hour(when: datetime, now: datetime, hints: Hints) -> datetime:
    """`when`, or the beginning of the next hour that the feed does not ask to skip, within a day from now."""
    hour = when
    while hour < now + MAX_WAIT:
        if hour.hour not in hints.skip_hours and hour.weekday() not in hints.skip_days:
            return hour
        hour = (hour + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    return now + MAX_WAIT


def _capped_wait(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, MAX_WAIT.total_seconds()))
