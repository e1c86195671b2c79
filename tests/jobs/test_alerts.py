"""A dead source does not look like a quiet news day."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.alerts import check_feeds, feed_alarm
from storage import feeds
from storage.database import Database
from storage.records import Feed, FeedState
from storage.schema import posts
from tests.conftest import MovedClock

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOURLY = [NOW - timedelta(hours=hour) for hour in range(1, 30)]


@pytest.fixture
def feed(db: Database) -> Feed:
    db.run_sync(feeds.register_urls, ["https://paper.example/feed"], NOW)
    return db.read_sync(feeds.list_all)[0]


def with_facts(db: Database, feed: Feed, **facts: Any) -> Feed:
    db.run_sync(lambda connection: feeds.update_columns(connection, feed.id, **facts))
    return db.read_sync(feeds.list_all)[0]


def test_a_feed_with_news_is_well(db: Database, feed: Feed) -> None:
    assert feed_alarm(with_facts(db, feed, succeeded_at=NOW), HOURLY, NOW) == ""


def test_a_feed_silent_beyond_its_habit_raises_an_alarm(db: Database, feed: Feed) -> None:
    assert feed_alarm(with_facts(db, feed, succeeded_at=NOW), HOURLY, NOW + timedelta(hours=12)) == "silent"


def test_a_few_failures_are_nobodys_concern_and_an_hour_of_them_is(db: Database, feed: Feed) -> None:
    failing = with_facts(db, feed, succeeded_at=NOW, failures=5, last_error="No answer.")
    assert feed_alarm(failing, HOURLY, NOW + timedelta(minutes=10)) == ""
    assert feed_alarm(failing, HOURLY, NOW + timedelta(hours=2)) == "failing"


async def test_operators_are_told_once_and_once_more_when_it_is_over(
    db: Database, feed: Feed, clock: MovedClock
) -> None:
    with_facts(db, feed, state=FeedState.GONE, last_error="It is gone.")
    assert await check_feeds(db, clock, (77,)) == 1
    assert await check_feeds(db, clock, (77,)) == 0
    with_facts(db, feed, state=FeedState.ACTIVE)
    assert await check_feeds(db, clock, (77,)) == 1
    told = db.read_sync(lambda connection: list(connection.execute(posts.select()).scalars()))
    assert len(told) == 2
