"""Whom an article has reached, or is about to: counted once each, also while it is being spread."""

import pytest
from sqlalchemy import update

from storage import subscriptions
from storage.database import Connection, Database
from storage.delivery.fanout import fan_out_slice
from storage.delivery.planning import update_posts
from storage.delivery.reach import Reach, count_reach
from storage.records import ChatKind, DeliveryState
from storage.schema import deliveries
from tests.jobs.publish.newsroom import (
    CHANNEL,
    NOW,
    article,
    chat,
    correct,
    followers,
    post,
    spread_all,
)

GROUP = -1001000000777


def everybody(c: Connection) -> int:
    """An article posted in a channel, in a group that follows, and to five readers; its number."""
    chat(c)
    chat(c, GROUP, ChatKind.SUPERGROUP)
    subscriptions.subscribe(c, GROUP, subscriptions.EVERYTHING, subscriptions.AT_ONCE, NOW)
    followers(c, range(1, 6))
    about = article(c)
    post(c, CHANNEL, about=about, readers=True)
    return about.id


EVERYBODY = Reach(channels=1, groups=1, readers=5)


@pytest.mark.parametrize("slices", range(5))
def test_followers_count_from_the_moment_of_the_plan(db: Database, slices: int) -> None:
    def work(c: Connection) -> Reach:
        number = everybody(c)
        for _ in range(slices):
            fan_out_slice(c, NOW, size=2)
        return count_reach(c, number)

    assert db.run_sync(work) == EVERYBODY


@pytest.mark.parametrize(
    ("state", "message", "revision", "counts"),
    [
        (DeliveryState.OWED, None, 0, True),
        (DeliveryState.CLAIMED, None, 0, True),
        (DeliveryState.UNCLEAR, None, 0, True),
        (DeliveryState.SETTLED, 7, 1, True),
        (DeliveryState.OWED, 7, 1, True),  # a correction is on its way
        (DeliveryState.REFUSED, 7, 1, True),  # a correction was refused: what stood there stands
        (DeliveryState.REFUSED, None, 0, False),
        (DeliveryState.SETTLED, 7, 0, False),  # taken back
        (DeliveryState.SKIPPED, None, 0, False),
        (DeliveryState.REMOVED, 7, 1, False),
    ],
)
def test_what_stands_or_is_on_its_way_counts(
    db: Database, state: DeliveryState, message: int | None, revision: int, counts: bool
) -> None:
    def work(c: Connection) -> Reach:
        number = everybody(c)
        spread_all(c)
        facts = {"state": state, "message_id": message, "shown_revision": revision}
        c.execute(update(deliveries).where(deliveries.c.chat_id == CHANNEL).values(**facts))
        return count_reach(c, number)

    assert db.run_sync(work).channels == int(counts)


def test_a_chat_with_two_posts_about_it_counts_once_and_others_articles_not(db: Database) -> None:
    def work(c: Connection) -> tuple[Reach, Reach]:
        chat(c)
        one, other = article(c, "River rises"), article(c, "Dam opens")
        post(c, CHANNEL, about=one)
        post(c, CHANNEL, about=correct(c, one, "The river rises"), edition="burmese")
        update_posts(c, one)
        return count_reach(c, one.id), count_reach(c, other.id)

    nobody = Reach(channels=0, groups=0, readers=0)
    assert db.run_sync(work) == (Reach(channels=1, groups=0, readers=0), nobody)
