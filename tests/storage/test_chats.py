"""Chats keep their settings through changes of state and moves, and leave nothing when they are erased."""

from dataclasses import replace

from storage import chats
from storage.database import Connection, Database
from storage.records import ChatKind, ChatState, DeliveryState
from storage.subscriptions import AT_ONCE, EVERYTHING, list_subscriptions, subscribe, unsubscribe
from tests.jobs.publish.newsroom import (
    CHANNEL,
    NOW,
    article,
    chat,
    every_delivery,
    followers,
    later,
    post,
    states,
)

GROUP, SUPERGROUP = -4001, -1002


def test_a_known_chat_keeps_its_settings_when_it_is_stored_again(db: Database) -> None:
    def work(c: Connection) -> None:
        chat(c, language="my", state=ChatState.PAUSED)
        known = chats.upsert_chat(c, replace(chats.empty_chat(CHANNEL, ChatKind.CHANNEL, NOW), title="Daily"))
        assert (known.title, known.language, known.state) == ("Daily", "my", ChatState.PAUSED)
        assert chats.get(c, CHANNEL) == known
        assert chats.get(c, 7) is None

    db.run_sync(work)


def test_a_chat_is_found_by_its_name_in_any_case(db: Database) -> None:
    def work(c: Connection) -> None:
        chat(c, username="Daily_News")
        found = chats.get_by_username(c, "@daily_news")
        assert found
        assert found.id == CHANNEL
        assert chats.get_by_username(c, "@other") is None

    db.run_sync(work)


def test_a_subscription_is_stored_once_and_its_rhythm_may_change(db: Database) -> None:
    def work(c: Connection) -> None:
        chat(c, 7, ChatKind.PRIVATE)
        assert subscribe(c, 7, EVERYTHING, AT_ONCE, NOW)
        assert not subscribe(c, 7, EVERYTHING, AT_ONCE, later(days=1))
        assert subscribe(c, 7, EVERYTHING, "daily", later(days=1))
        assert subscribe(c, 7, "section:world", "weekly", later(days=2))
        found = [(each.what, each.rhythm) for each in list_subscriptions(c, 7)]
        assert found == [(EVERYTHING, "daily"), ("section:world", "weekly")]
        assert unsubscribe(c, 7, "section:world") == 1
        assert unsubscribe(c, 7) == 1
        assert unsubscribe(c, 7) == 0

    db.run_sync(work)


def test_the_highest_message_is_remembered(db: Database) -> None:
    def work(c: Connection) -> int:
        chat(c)
        for number in (5, 9, 7):
            chats.record_message_id(c, CHANNEL, number)
        found = chats.get(c, CHANNEL)
        assert found
        return found.last_message_id

    assert db.run_sync(work) == 9


def test_a_group_that_moves_takes_its_settings_subscriptions_and_deliveries_along(db: Database) -> None:
    def work(c: Connection) -> None:
        chat(c, GROUP, ChatKind.GROUP, language="my")
        subscribe(c, GROUP, EVERYTHING, AT_ONCE, NOW)
        post(c, GROUP)
        chats.move(c, GROUP, SUPERGROUP)
        new, old = chats.get(c, SUPERGROUP), chats.get(c, GROUP)
        assert new
        assert old
        assert (new.kind, new.language, new.state) == (ChatKind.SUPERGROUP, "my", ChatState.ACTIVE)
        assert (old.state, old.moved_to) == (ChatState.LEFT, SUPERGROUP)
        assert [each.what for each in list_subscriptions(c, SUPERGROUP)] == [EVERYTHING]
        assert list_subscriptions(c, GROUP) == []
        assert [each.chat_id for each in every_delivery(c)] == [SUPERGROUP]
        assert chats.resolve_channels(c, [GROUP], NOW, "")[0].id == SUPERGROUP

    db.run_sync(work)


def test_moving_into_a_chat_that_is_owed_the_same_owes_it_once(db: Database) -> None:
    def work(c: Connection) -> list[tuple[int, DeliveryState]]:
        chat(c, GROUP, ChatKind.GROUP), chat(c, SUPERGROUP, ChatKind.SUPERGROUP)
        post(c, GROUP, SUPERGROUP)
        chats.move(c, GROUP, SUPERGROUP)
        return [(each.chat_id, each.state) for each in every_delivery(c)]

    assert db.run_sync(work) == [(GROUP, DeliveryState.SKIPPED), (SUPERGROUP, DeliveryState.OWED)]


def test_channels_of_the_settings_are_kept_and_unknown_names_wait(db: Database) -> None:
    def work(c: Connection) -> None:
        named: list[int | str] = [CHANNEL, "@daily", "@weekly", CHANNEL]
        by_id, daily, weekly = chats.resolve_channels(c, named, NOW, "burmese")
        assert (by_id.id, by_id.state, by_id.edition) == (CHANNEL, ChatState.ACTIVE, "burmese")
        assert daily.state is weekly.state is ChatState.PAUSED
        assert len({daily.id, weekly.id, CHANNEL}) == 3
        assert [each.id for each in chats.resolve_channels(c, named, NOW, "")] == [
            CHANNEL,
            daily.id,
            weekly.id,
        ]

    db.run_sync(work)


def test_an_erased_chat_leaves_nothing(db: Database) -> None:
    def work(c: Connection) -> None:
        followers(c, [7, 8])
        post(c, 7, 8, about=article(c))
        chats.erase_chat(c, 7)
        assert chats.get(c, 7) is None
        assert list_subscriptions(c, 7) == []
        assert [each.chat_id for each in every_delivery(c)] == [8]
        assert states(c) == [DeliveryState.OWED]

    db.run_sync(work)


def test_rate_limited_chats_are_listed_until_their_wait_ends(db: Database) -> None:
    def work(c: Connection) -> list[tuple[int, object]]:
        chat(c), chat(c, CHANNEL - 1)
        chats.update_columns(c, CHANNEL, flooded_until=later(seconds=30))
        chats.update_columns(c, CHANNEL - 1, flooded_until=later(seconds=-30))
        return list(chats.list_flooded(c, NOW))

    assert db.run_sync(work) == [(CHANNEL, later(seconds=30))]
