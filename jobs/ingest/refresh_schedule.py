"""When and at which URL a feed is fetched next. Pure: the time and random numbers are parameters.

`regular` is the next time by the operator's schedule, counted from `now`. Every result is at or after it,
with some jitter, so due feeds must be queried more often than the schedule says. Nothing that a feed or a
site requests can delay an update by more than a day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.config import FeedHints
from jobs.ingest.http.results import FeedMoved, Seconds
from storage.records import Feed

MAX_WAIT = timedelta(hours=24)
#: Cache-Control is often set for the whole site; NetNewsWire has "seen one year" and has the same limit.
MAX_FRESHNESS = timedelta(hours=5)
#: Feeds whose hub pushes are polled nevertheless, in case a push gets lost.
PUSHED_WAIT = timedelta(minutes=30)
#: Jitter spreads the requests: a tenth of the wait, this at most.
MAX_JITTER = timedelta(seconds=30)
#: Each failure in a row multiplies the wait: the last wait is at most half of the outage.
BACKOFF_FACTOR = 1.5
#: A permanent redirect is followed for good after this many successful updates in a row.
REDIRECTS_TO_MOVE = 5
#: Mean time between unconditional requests: some servers answer 304 for ever.
FULL_FETCH_INTERVAL = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Hints:
    """How often a feed and its site want to be fetched."""

    fresh_for: Seconds | None = None
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()  #: of the day in UTC, 0 to 23
    skip_days: frozenset[int] = frozenset()  #: of the week in UTC, 0 for Monday


@dataclass(frozen=True, slots=True)
class PendingMove:
    """A permanent redirect that was not seen often enough yet: its target and count; "" and 0 for none."""

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
    """When to fetch again after a success, whether the feed had changed or not.

    `rng` is a random number from 0 to 1; `pushed`: a hub's lease is active.
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
    """When to fetch again after `failures` in a row, this one included; Retry-After is always respected."""
    interval = regular - now
    backoff = _capped_wait(interval.total_seconds() * BACKOFF_FACTOR ** min(failures - 1, 100))
    wait = max(_add_jitter(max(interval, backoff), rng), interval)
    if retry_after is not None:
        wait = max(wait, _capped_wait(retry_after))
    return now + wait


def stored_hints(feed: Feed, fresh_for: Seconds | None) -> Hints:
    """The hints for an unchanged feed: those stored when it was last parsed, and the response's headers."""
    hours, days = (frozenset(map(int, skipped)) for skipped in (feed.skip_hours, feed.skip_days))
    return Hints(fresh_for, timedelta(seconds=feed.ttl), hours, days)


def hint_columns(hints: Hints) -> dict[str, object]:
    """The feed's columns that keep its hints until it is parsed again."""
    return {
        "ttl": int(min(hints.ttl or timedelta(), MAX_WAIT).total_seconds()),
        "skip_hours": tuple(str(hour) for hour in sorted(hints.skip_hours)),
        "skip_days": tuple(str(day) for day in sorted(hints.skip_days)),
    }


def is_pushed(feed: Feed, public_url: str, now: datetime) -> bool:
    """Whether a hub has an active lease and can reach us."""
    return bool(public_url) and feed.lease_until is not None and now < feed.lease_until


def check_moved(feed: Feed, permanent_url: str) -> PendingMove | FeedMoved:
    """Whether a successful update, whose permanent redirects ended at `permanent_url`, moves the feed."""
    if permanent_url == feed.fetch_url:
        return PendingMove("", 0)
    times = feed.moved_times + 1 if permanent_url == feed.moved_to else 1
    return FeedMoved(permanent_url) if times >= REDIRECTS_TO_MOVE else PendingMove(permanent_url, times)


def choose_validators(feed: Feed, now: datetime, rng: float) -> tuple[str, str]:
    """The ETag and Last-Modified to send; both "" about once in `FULL_FETCH_INTERVAL`."""
    since = now - (feed.fetched_at or now)
    if rng < since / FULL_FETCH_INTERVAL:
        return "", ""
    return feed.etag, feed.last_modified


def _add_jitter(wait: timedelta, rng: float) -> timedelta:
    return wait + min(wait / 10, MAX_JITTER) * rng


def _requested_wait(hints: Hints) -> timedelta:
    """The wait that a feed and its site ask for, capped."""
    fresh = min(timedelta(seconds=min(hints.fresh_for or 0.0, 1e9)), MAX_FRESHNESS)
    return max(fresh, min(hints.ttl or timedelta(), MAX_WAIT))


def _next_open_hour(when: datetime, now: datetime, hints: Hints) -> datetime:
    """`when`, or the start of the next hour that the feed does not skip, within a day from now."""
    hour = when
    while hour < now + MAX_WAIT:
        if hour.hour not in hints.skip_hours and hour.weekday() not in hints.skip_days:
            return hour
        hour = (hour + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    return now + MAX_WAIT


def _capped_wait(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, MAX_WAIT.total_seconds()))
