"""Feeds are known by the address that the operator wrote, and keep what they know."""

from datetime import UTC, datetime, timedelta

from storage import feeds
from storage.database import Database
from storage.records import FeedState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)
A, B = "https://a.example/feed", "https://b.example/"


def set_columns(db: Database, feed_id: int, **columns: object) -> None:
    db.run_sync(lambda connection: feeds.update_columns(connection, feed_id, **columns))


def test_a_new_feed_is_due_at_once_and_is_registered_once(db: Database) -> None:
    db.run_sync(feeds.register_urls, [A, B, A], NOW)
    db.run_sync(feeds.register_urls, [A, B], LATER)
    assert [feed.url for feed in db.read_sync(feeds.list_due, NOW)] == [A, B]
    assert [feed.fetch_url for feed in db.read_sync(feeds.list_all)] == [A, B]


def test_a_feed_is_not_due_before_its_next_look(db: Database) -> None:
    db.run_sync(feeds.register_urls, [A, B], NOW)
    first = db.read_sync(feeds.list_due, NOW)[0]
    set_columns(db, first.id, next_fetch_at=LATER)
    assert [feed.url for feed in db.read_sync(feeds.list_due, NOW)] == [B]
    assert [feed.url for feed in db.read_sync(feeds.list_due, LATER)] == [B, A]


def test_a_feed_left_out_is_paused_and_put_back_goes_on_where_it_was(db: Database) -> None:
    db.run_sync(feeds.register_urls, [A, B], NOW)
    [_, feed] = db.read_sync(feeds.list_all)
    set_columns(db, feed.id, etag='W/"x"', fetch_url="https://b.example/rss", title="B")
    db.run_sync(feeds.register_urls, [A], NOW)
    assert [one.url for one in db.read_sync(feeds.list_due, LATER)] == [A]
    db.run_sync(feeds.register_urls, [A, B], NOW)
    again = db.read_sync(feeds.get_by_url, B)
    assert again is not None
    assert (again.state, again.etag, again.title, again.last_error) == (FeedState.ACTIVE, 'W/"x"', "B", "")
    assert db.read_sync(feeds.get_by_url, "https://b.example/rss") == again


def test_a_feed_that_an_operator_paused_stays_paused(db: Database) -> None:
    db.run_sync(feeds.register_urls, [A], NOW)
    [feed] = db.read_sync(feeds.list_all)
    set_columns(db, feed.id, state=FeedState.PAUSED, last_error="An operator paused it.")
    db.run_sync(feeds.register_urls, [A], NOW)
    assert db.read_sync(feeds.list_due, LATER) == []
    db.run_sync(feeds.resume, [feed.id], LATER)
    assert [one.url for one in db.read_sync(feeds.list_due, LATER)] == [A]
