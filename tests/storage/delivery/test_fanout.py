"""Slices: followers get their deliveries, and corrections reach them, without one long transaction."""

from storage import articles, chats, reports, subscriptions
from storage.articles import withdraw
from storage.database import Connection, Database
from storage.delivery import deliveries
from storage.delivery.fanout import fan_out_slice
from storage.delivery.planning import update_posts
from storage.records import ChatKind, ChatState, DeliveryState, Lane
from tests.jobs.publish.newsroom import (
    CHANNEL,
    NOW,
    article,
    chat,
    correct,
    every_delivery,
    followers,
    later,
    post,
    spread_all,
    states,
)
from tests.storage.delivery.test_deliveries import claim, sent


def chats_owed(c: Connection) -> list[int]:
    return [delivery.chat_id for delivery in every_delivery(c)]


def test_every_follower_gets_one_delivery_in_slices(db: Database) -> None:
    def work(c: Connection) -> tuple[list[int], int]:
        followers(c, range(1, 8))
        post(c, about=article(c), readers=True)
        slices = spread_all(c, size=3)
        return chats_owed(c), slices

    assert db.run_sync(work) == (list(range(1, 8)), 4)


def test_a_slice_done_before_a_crash_is_not_done_again(db: Database) -> None:
    def begin(c: Connection) -> None:
        followers(c, range(1, 8))
        post(c, about=article(c), readers=True)
        fan_out_slice(c, NOW, size=3)

    db.run_sync(begin)
    assert db.run_sync(lambda c: (spread_all(c, size=3), chats_owed(c))[1]) == list(range(1, 8))


def test_who_blocked_us_asked_for_a_digest_or_came_later_gets_nothing(db: Database) -> None:
    def work(c: Connection) -> list[int]:
        followers(c, [1, 2])
        chats.update_columns(c, 2, state=ChatState.BLOCKED, reason="blocked")
        chat(c, 3, ChatKind.PRIVATE)
        subscriptions.subscribe(c, 3, subscriptions.EVERYTHING, "daily", NOW)
        followers(c, [4], later(seconds=1))
        post(c, about=article(c), readers=True)
        spread_all(c)
        return chats_owed(c)

    assert db.run_sync(work) == [1]


def test_a_chat_that_is_a_channel_and_a_follower_gets_it_once(db: Database) -> None:
    def work(c: Connection) -> list[int]:
        chat(c)
        subscriptions.subscribe(c, CHANNEL, subscriptions.EVERYTHING, subscriptions.AT_ONCE, NOW)
        post(c, CHANNEL, about=article(c), readers=True)
        spread_all(c)
        return chats_owed(c)

    assert db.run_sync(work) == [CHANNEL]


def test_a_group_that_follows_one_edition_and_is_anothers_channel_gets_an_article_once(db: Database) -> None:
    def work(c: Connection) -> list[list[int]]:
        chat(c, CHANNEL, ChatKind.SUPERGROUP, edition="burmese")
        subscriptions.subscribe(c, CHANNEL, subscriptions.EVERYTHING, subscriptions.AT_ONCE, NOW)
        [one, two] = (article(c, title) for title in ("River rises", "Dam opens"))
        post(c, CHANNEL, about=one, edition="english")
        post(c, about=one, edition="burmese", readers=True)
        post(c, about=two, edition="burmese", readers=True)
        spread_all(c)
        post(c, CHANNEL, about=two, edition="english")
        spread_all(c)
        lives = [reports.article_history(c, each.id) for each in (one, two)]
        return [[delivery.chat_id for delivery in life.deliveries] for life in lives]

    assert db.run_sync(work) == [[CHANNEL], [CHANNEL]]


def test_readers_follow_their_edition_and_those_who_chose_none_the_first(db: Database) -> None:
    def work(c: Connection) -> list[int]:
        followers(c, [1, 2])
        chat(c, 3, ChatKind.PRIVATE, edition="burmese")
        subscriptions.subscribe(c, 3, subscriptions.EVERYTHING, subscriptions.AT_ONCE, NOW)
        post(c, about=article(c), readers=True)
        while fan_out_slice(c, NOW, default_edition=""):
            pass
        return chats_owed(c)

    assert db.run_sync(work) == [1, 2]


def test_a_correction_reaches_who_saw_it_and_who_will(db: Database) -> None:
    def work(c: Connection) -> list[tuple[DeliveryState, int, Lane]]:
        followers(c, range(1, 5))
        news = article(c)
        post(c, about=news, readers=True, lane=Lane.BREAKING)
        spread_all(c)
        for each, state in zip(claim(c, NOW, 3), ("settled", "removed", "settled"), strict=True):
            settled = sent(each.delivery.id, 5)
            deliveries.settle(c, [settled if state == "settled" else _removed(each.delivery.id)], NOW)
        update_posts(c, correct(c, news, "River falls"))
        assert spread_all(c, size=3) == 2
        return [(each.state, each.wanted_revision, each.lane) for each in every_delivery(c)]

    assert db.run_sync(work) == [
        (DeliveryState.OWED, 2, Lane.ROUTINE),
        (DeliveryState.REMOVED, 1, Lane.BREAKING),
        (DeliveryState.OWED, 2, Lane.ROUTINE),
        (DeliveryState.OWED, 2, Lane.BREAKING),
    ]


def _removed(delivery_id: int) -> deliveries.DeliveryResult:
    return deliveries.DeliveryResult(
        delivery_id=delivery_id,
        state=DeliveryState.REMOVED,
        shown_revision=0,
        message_id=5,
    )


def test_a_withdrawal_skips_what_is_unsent_and_takes_back_what_is_shown(db: Database) -> None:
    def work(c: Connection) -> tuple[list[DeliveryState], list[int]]:
        followers(c, range(1, 6))
        news = article(c)
        post(c, about=news, readers=True)
        fan_out_slice(c, NOW, size=3)
        [first, _] = claim(c, NOW, 2)
        deliveries.settle(c, [sent(first.delivery.id, 5)], NOW)
        withdraw(c, news.id, NOW)
        gone = articles.get(c, news.id)
        assert gone
        update_posts(c, gone)
        spread_all(c)
        return states(c), [each.wanted_revision for each in every_delivery(c)]

    state = DeliveryState
    assert db.run_sync(work) == ([state.OWED, state.CLAIMED, state.SKIPPED], [0, 0, 0])
