"""Anomalies: a feed that goes silent, an article that disappears."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.feed_health import longest_pause, silent_for
from jobs.ingest.removals import find_missing
from storage.records import Entry

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def hours_ago(*hours: float) -> list[datetime]:
    return [NOW - timedelta(hours=hour) for hour in hours]


def test_a_feed_is_silent_when_its_pause_is_longer_than_its_habit() -> None:
    arrivals = hours_ago(*(8 + 2 * n for n in range(20)))
    assert longest_pause(arrivals) == timedelta(hours=2)
    assert silent_for(arrivals, NOW) == timedelta(hours=8)
    assert silent_for(arrivals, NOW - timedelta(hours=3)) is None


def test_a_night_or_a_weekend_is_part_of_the_habit() -> None:
    nightly = hours_ago(*(14 + 24 * day + hour for day in range(5) for hour in (0, 3, 6, 9)))
    assert longest_pause(nightly) == timedelta(hours=15)
    assert silent_for(nightly, NOW) is None


def test_a_new_feed_has_no_habit_yet() -> None:
    assert silent_for(hours_ago(100, 101, 102), NOW) is None
    assert silent_for([], NOW) is None


def entry(article: int, position: int) -> Entry:
    return Entry(
        feed_id=1,
        article_id=article,
        content_hash=b"",
        seen_at=NOW,
        last_seen_at=NOW,
        position=position,
        changes=0,
    )


BEFORE = [entry(article, position) for position, article in enumerate(range(10, 0, -1))]
DATES = {article: NOW + timedelta(minutes=article) for article in range(1, 11)}


def shown(*articles: int) -> dict[int, int]:
    return {article: position for position, article in enumerate(articles)}


def test_what_vanished_from_the_middle_is_missing() -> None:
    assert find_missing(BEFORE, shown(11, 10, 9, 8, 6, 5, 4, 3, 2), DATES) == [7]


def test_what_fell_off_the_end_is_not() -> None:
    assert find_missing(BEFORE, shown(13, 12, 11, 10, 9, 8, 7, 6, 5, 4), DATES) == []


def test_an_older_date_above_a_newer_one_proves_nothing() -> None:
    assert find_missing(BEFORE, shown(10, 9, 8, 6, 5, 4, 3, 2, 1), DATES | {7: NOW}) == []


@given(st.permutations(range(1, 11)), st.integers(0, 10))
def test_a_reordered_or_short_feed_misses_nothing(order: list[int], length: int) -> None:
    found = find_missing(BEFORE, shown(*order[:length]), DATES)
    stayed = order[:length]
    vanished = set(range(min(stayed, default=11), 11)) - set(stayed)
    if stayed != sorted(stayed, reverse=True) or len(vanished) > 2:
        assert found == []
    assert set(found) <= vanished
