"""When a feed is fetched next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from jobs.config import FeedHints
from jobs.ingest.http.results import FeedMoved, Seconds
from jobs.ingest.refresh_schedule import (
    PUSHED_WAIT,
    REDIRECTS_TO_MOVE,
    Hints,
    PendingMove,
    check_moved,
    choose_validators,
    hint_columns,
    is_pushed,
    next_after_failure,
    next_after_success,
    stored_hints,
)
from storage.records import Feed, FeedState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
TWO_MINUTES = timedelta(minutes=2)
DAY = timedelta(hours=24)
FEED = Feed(
    id=1,
    url="https://paper.example/",
    fetch_url="https://paper.example/feed",
    title="",
    language="",
    etag='"1"',
    last_modified="then",
    body_hash=b"",
    state=FeedState.ACTIVE,
    next_fetch_at=NOW,
    fetched_at=NOW - timedelta(minutes=2),
    succeeded_at=None,
    last_new_at=None,
    failures=0,
    last_error="",
    alarm="",
    moved_to="",
    moved_times=0,
    hub="",
    topic="",
    lease_until=None,
    ttl=0,
    skip_hours=(),
    skip_days=(),
)

times = some.timedeltas(timedelta(), timedelta(days=3000)).map(lambda since: NOW + since)
chances = some.floats(0, 1)
intervals = some.timedeltas(timedelta(seconds=1), DAY)
hints = some.builds(
    Hints,
    some.none() | some.floats(0, 1e12).map(Seconds),
    some.none() | some.timedeltas(timedelta(), timedelta(days=400)),
    some.frozensets(some.integers(0, 23)),
    some.frozensets(some.integers(0, 6)),
)


def next_wait(asked: Hints, wish: FeedHints = FeedHints.RESPECT, chance: float = 0.0) -> timedelta:
    return next_after_success(NOW, NOW + TWO_MINUTES, asked, wish, chance) - NOW


@given(times, intervals, hints, some.sampled_from(FeedHints), chances, some.booleans())
def test_nobody_is_asked_more_often_than_the_schedule_says_nor_forgotten(
    now: datetime, interval: timedelta, asked: Hints, wish: FeedHints, chance: float, pushed: bool
) -> None:
    wait = next_after_success(now, now + interval, asked, wish, chance, pushed=pushed) - now
    assert interval <= wait <= DAY + timedelta(seconds=30)


@given(times, intervals, hints, chances)
def test_a_newsrooms_own_site_is_asked_on_schedule_whatever_it_hints(
    now: datetime, interval: timedelta, asked: Hints, chance: float
) -> None:
    wait = next_after_success(now, now + interval, asked, FeedHints.IGNORE, chance) - now
    assert interval <= wait <= interval + timedelta(seconds=30)


@given(times, hints, chances)
def test_an_hour_or_a_day_that_the_feed_skips_is_skipped(now: datetime, asked: Hints, chance: float) -> None:
    then = next_after_success(now, now + TWO_MINUTES, asked, FeedHints.RESPECT, chance)
    skipped = then.hour in asked.skip_hours or then.weekday() in asked.skip_days
    assert not skipped or then - now >= DAY


@given(some.integers(1, 10**6), intervals, some.none() | some.floats(0, 1e12).map(Seconds), chances)
def test_after_failures_the_wait_is_from_the_schedule_to_a_day(
    failures: int, interval: timedelta, wish: Seconds | None, chance: float
) -> None:
    wait = next_after_failure(NOW, NOW + interval, failures, wish, chance) - NOW
    assert interval <= wait <= DAY + timedelta(seconds=30)
    if wish is not None:
        assert wait >= min(timedelta(seconds=min(wish, 1e6)), DAY)


@given(some.integers(1, 60), chances)
def test_each_failure_waits_at_least_as_long_as_the_one_before(failures: int, chance: float) -> None:
    waits = [next_after_failure(NOW, NOW + TWO_MINUTES, n, None, chance) for n in (failures, failures + 1)]
    assert waits == sorted(waits)


@given(chances, chances)
def test_jitter_spreads_the_updates(first: float, second: float) -> None:
    one, other = next_wait(Hints(), chance=first), next_wait(Hints(), chance=second)
    assert (one <= other) == (first <= second) or abs(first - second) < 1e-6


def test_an_outage_is_over_for_us_soon_after_it_is_over() -> None:
    """After an outage of an hour on a schedule of two minutes, the next update is within half an hour."""
    now, failures = NOW, 0
    while now < NOW + timedelta(hours=1):
        failures += 1
        now = next_after_failure(now, now + TWO_MINUTES, failures, None, 1.0)
    assert now <= NOW + timedelta(hours=1, minutes=31)


def test_a_feed_may_ask_for_more_patience_than_the_schedule() -> None:
    assert next_wait(Hints(ttl=timedelta(hours=1))) == timedelta(hours=1)
    assert next_wait(Hints(fresh_for=Seconds(600.0))) == timedelta(minutes=10)
    assert next_wait(Hints(fresh_for=Seconds(600.0), ttl=timedelta(minutes=1))) == timedelta(minutes=10)


def test_and_not_for_less() -> None:
    assert next_wait(Hints(fresh_for=Seconds(1.0), ttl=timedelta(seconds=1))) == TWO_MINUTES


def test_a_year_of_freshness_is_five_hours() -> None:
    assert next_wait(Hints(fresh_for=Seconds(31_536_000.0))) == timedelta(hours=5)


def test_a_feed_that_skips_every_hour_is_fetched_once_a_day() -> None:
    assert next_wait(Hints(skip_hours=frozenset(range(24)))) == DAY


def test_after_a_skipped_hour_the_update_comes_at_its_end() -> None:
    assert next_wait(Hints(skip_hours=frozenset({9, 10}))) == timedelta(hours=2)
    assert next_wait(Hints(skip_days=frozenset({0}))) == timedelta(hours=15)


def test_a_feed_whose_hub_pushes_is_fetched_less_often() -> None:
    wait = next_after_success(NOW, NOW + TWO_MINUTES, Hints(), FeedHints.IGNORE, 0.0, pushed=True) - NOW
    assert wait == PUSHED_WAIT


@given(hints)
def test_what_a_feed_asks_for_holds_while_it_is_unchanged(asked: Hints) -> None:
    columns: dict[str, Any] = hint_columns(asked)
    feed = replace(FEED, **columns)
    kept = stored_hints(feed, asked.fresh_for)
    assert (kept.fresh_for, kept.skip_hours, kept.skip_days) == (
        asked.fresh_for,
        asked.skip_hours,
        asked.skip_days,
    )
    assert abs(next_wait(kept) - next_wait(asked)) <= timedelta(seconds=1)


def test_a_feed_is_pushed_while_its_lease_runs_and_we_can_be_reached() -> None:
    feed = replace(FEED, lease_until=NOW + timedelta(minutes=1))
    assert is_pushed(feed, "https://bot.example", NOW)
    assert not is_pushed(feed, "", NOW)
    assert not is_pushed(feed, "https://bot.example", NOW + timedelta(minutes=1))
    assert not is_pushed(FEED, "https://bot.example", NOW)


def test_a_redirect_is_believed_when_it_has_proved_itself_and_not_before() -> None:
    feed, there = FEED, "https://paper.example/new"
    for times in range(1, REDIRECTS_TO_MOVE):
        moving = check_moved(feed, there)
        assert moving == PendingMove(there, times)
        feed = replace(feed, moved_to=moving.moved_to, moved_times=moving.moved_times)
    assert check_moved(feed, there) == FeedMoved(there)


def test_a_redirect_that_changes_its_mind_starts_again() -> None:
    feed = replace(FEED, moved_to="https://paper.example/new", moved_times=REDIRECTS_TO_MOVE - 1)
    assert check_moved(feed, "https://paper.example/other") == PendingMove("https://paper.example/other", 1)
    assert check_moved(feed, FEED.fetch_url) == PendingMove("", 0)


def test_validators_go_out_but_for_about_one_update_in_eight_days() -> None:
    assert choose_validators(FEED, NOW, 0.5) == ('"1"', "then")
    assert choose_validators(FEED, NOW, 0.0) == ("", "")
    assert choose_validators(replace(FEED, fetched_at=NOW - timedelta(days=9)), NOW, 0.99) == ("", "")
    assert choose_validators(replace(FEED, fetched_at=None), NOW, 0.0) == ('"1"', "then")
