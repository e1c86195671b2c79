"""Texts go when the operator says so; headlines, links and identities stay."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from jobs.cleanup import CLEANUP_INTERVAL, alert_cleanup_interval, drop_old_alerts, drop_old_texts
from storage import articles
from storage.articles import ArticleDraft
from storage.database import Connection, Database
from storage.delivery import planning, retention
from storage.delivery.planning import NewPost
from storage.records import DeliveryState, Lane, PostKind
from storage.schema import deliveries
from tests.conftest import MovedClock


async def test_only_texts_older_than_the_retention_are_dropped(db: Database, clock: MovedClock) -> None:
    now = clock.now()
    drafts = [
        ArticleDraft(
            url=f"https://paper.example/{days}",
            title=f"{days}",
            summary="s",
            text="long",
            published_at=now - timedelta(days=days),
        )
        for days in (1, 40)
    ]
    new, old = db.run_sync(articles.add, drafts, now)
    assert await drop_old_texts(db, clock, timedelta()) == 0
    assert await drop_old_texts(db, clock, timedelta(days=30)) == 1
    kept, dropped = db.read_sync(articles.get_many, [new, old])
    assert (kept.text, dropped.text, dropped.title) == ("long", "", "40")


def every_state(connection: Connection, clock: MovedClock, days: int, first_chat: int) -> None:
    """A delivery in each state, to a reader and to a channel, from so many days ago."""
    when = clock.now() - timedelta(days=days)
    post = NewPost(kind=PostKind.NOTICE, lane=Lane.ROUTINE, not_before=when)
    rows = [
        {
            "post_id": planning.add_post(connection, post, when),
            "chat_id": first_chat + place if private else -first_chat - place,
            "public": not private,
            "state": state,
            "lane": Lane.ROUTINE,
            "not_before": when,
            "settled_at": when if state is DeliveryState.SETTLED else None,
        }
        for place, state in enumerate(DeliveryState)
        for private in (True, False)
    ]
    connection.execute(insert(deliveries), rows)


@pytest.mark.parametrize("size", [3, 1000])
async def test_what_ended_is_kept_of_readers_for_a_while_and_of_channels_for_ever(
    db: Database, clock: MovedClock, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SLICE_SIZE", size)
    for days, first_chat in ((30, 100), (8, 200), (6, 300)):
        db.run_sync(every_state, clock, days, first_chat)
    ended = len(retention.ENDED)
    assert await drop_old_alerts(db, clock, timedelta(days=7)) == 2 * ended
    assert await drop_old_alerts(db, clock, timedelta(days=7)) == 0
    kept = db.read_sync(lambda c: c.execute(select(deliveries.c.chat_id, deliveries.c.state)).all())
    assert len([row for row in kept if row.chat_id < 0]) == 3 * len(DeliveryState)
    old = {row.state for row in kept if 0 < row.chat_id < 300}
    assert old == set(DeliveryState) - retention.ENDED
    assert len([row for row in kept if row.chat_id >= 300]) == len(DeliveryState)
    assert db.erasure.is_pending


def test_alerts_are_dropped_hourly_or_oftener() -> None:
    assert alert_cleanup_interval(timedelta(days=7)) == CLEANUP_INTERVAL
    assert alert_cleanup_interval(timedelta(seconds=20)) == timedelta(seconds=2)
