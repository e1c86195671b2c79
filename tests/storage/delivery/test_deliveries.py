"""The outbox: who is next, and what is left after a crash."""

from collections.abc import Collection
from datetime import datetime, timedelta

from storage import chats, reports
from storage.database import Connection, Database
from storage.delivery import claims, deliveries
from storage.delivery.claims import PAGE_SIZE, DueDelivery, RequestIntent
from storage.delivery.deliveries import DeliveryResult
from storage.delivery.planning import update_posts
from storage.records import ChatState, DeliveryState, Lane
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

OTHER = CHANNEL - 1
WAIT = timedelta(seconds=75)


def claim(c: Connection, now: datetime, count: int, shut: Collection[int] = ()) -> list[DueDelivery]:
    """What is due, claimed at once."""
    debts = claims.select_due(c, now, count, shut).deliveries
    claims.claim_deliveries(c, [RequestIntent(debt.delivery.id) for debt in debts], now)
    return debts


def sent(delivery_id: int, message_id: int = 1, revision: int = 1) -> DeliveryResult:
    return DeliveryResult(
        delivery_id=delivery_id,
        state=DeliveryState.SETTLED,
        shown_revision=revision,
        message_id=message_id,
        shown=True,
    )


def test_lanes_come_in_order_then_channels_before_readers_then_order_of_owing(db: Database) -> None:
    def work(c: Connection) -> list[tuple[int, int]]:
        for number in (1, 2):
            chat(c, CHANNEL - number)
        digest = post(c, CHANNEL - 1, 11, lane=Lane.DIGEST)
        routine = post(c, 12, 13, CHANNEL - 2)
        later_routine = post(c, 14, now=later(seconds=-1))
        breaking = post(c, 15, lane=Lane.BREAKING)
        claimed = claim(c, NOW, 100)
        names = {digest: 3, routine: 2, later_routine: 1, breaking: 0}
        return [(names[each.post.id], each.delivery.chat_id) for each in claimed]

    assert db.run_sync(work) == [
        (0, 15), (2, CHANNEL - 2), (1, 14), (2, 12), (2, 13), (3, CHANNEL - 1), (3, 11),
    ]  # fmt: skip


def test_a_claim_takes_no_more_than_its_count_and_never_the_same_twice(db: Database) -> None:
    def work(c: Connection) -> list[int]:
        post(c, *range(1, 8))
        counts = []
        while claimed := claim(c, NOW, 3):
            counts.append(len(claimed))
        return counts

    assert db.run_sync(work) == [3, 3, 1]


def test_a_claim_looks_behind_whole_pages_that_it_may_not_take(db: Database) -> None:
    def work(c: Connection) -> list[int]:
        post(c, *range(1, PAGE_SIZE + 10))
        shut = set(range(1, PAGE_SIZE + 5))
        return [each.delivery.chat_id for each in claim(c, NOW, 100, shut)]

    assert db.run_sync(work) == list(range(PAGE_SIZE + 5, PAGE_SIZE + 10))


def test_a_channel_has_one_request_under_way_and_keeps_its_order(db: Database) -> None:
    def work(c: Connection) -> list[list[int]]:
        chat(c)
        first, second = post(c, CHANNEL), post(c, CHANNEL)
        taken = []
        for _ in range(3):
            claimed = claim(c, NOW, 10)
            taken.append([each.post.id - first for each in claimed])
        deliveries.settle(c, [sent(1)], NOW)
        taken.append([each.post.id - second for each in claim(c, NOW, 10)])
        return taken

    assert db.run_sync(work) == [[0], [], [], [0]]


def test_an_unclear_send_keeps_its_channel_waiting_and_nobody_else(db: Database) -> None:
    def work(c: Connection) -> list[int]:
        chat(c), chat(c, OTHER)
        post(c, CHANNEL, 7)
        claim(c, NOW, 10)
        assert deliveries.recover_interrupted(c, WAIT) == 2
        post(c, CHANNEL, OTHER, 7)
        return [each.delivery.chat_id for each in claim(c, NOW, 10)]

    assert db.run_sync(work) == [OTHER, 7]


def test_after_a_crash_only_what_was_claimed_is_unclear(db: Database) -> None:
    def work(c: Connection) -> tuple[list[DeliveryState], list[tuple[str, int, int]]]:
        chat(c), chat(c, OTHER)
        post(c, CHANNEL, OTHER, 7)
        assert len(claims.select_due(c, NOW, 10).deliveries) == 3
        assert claims.claim_deliveries(c, [RequestIntent(1, "words", 2, 4), RequestIntent(3)], NOW) == {1, 3}
        deliveries.recover_interrupted(c, WAIT)
        known = [(each.content, each.content_revision, each.after_message_id) for each in every_delivery(c)]
        return states(c), known

    state = DeliveryState
    assert db.run_sync(work) == (
        [state.UNCLEAR, state.OWED, state.UNCLEAR],
        [("words", 2, 4), ("", 0, 0), ("", 0, 0)],
    )


def test_what_is_no_longer_owed_is_not_claimed(db: Database) -> None:
    def work(c: Connection) -> set[int]:
        post(c, 7, 8)
        followers(c, [7])
        chats.erase_chat(c, 7)
        return claims.claim_deliveries(c, [RequestIntent(1), RequestIntent(2)], NOW)

    assert db.run_sync(work) == {2}


def test_what_is_in_hand_is_not_read_again(db: Database) -> None:
    def work(c: Connection) -> list[int]:
        post(c, *range(1, 8))
        return [each.delivery.chat_id for each in claims.select_due(c, NOW, 3, in_hand={1, 2}).deliveries]

    assert db.run_sync(work) == [3, 4, 5]


def test_what_is_unclear_is_looked_at_when_its_wait_is_over(db: Database) -> None:
    def work(c: Connection) -> list[int]:
        post(c, 7)
        claim(c, NOW, 10)
        deliveries.recover_interrupted(c, WAIT)
        assert deliveries.next_lookup_at(c) == NOW + WAIT
        return [len(deliveries.list_unclear(c, NOW + WAIT + timedelta(seconds=s), 10)) for s in (-1, 0)]

    assert db.run_sync(work) == [0, 1]


def test_nothing_goes_out_before_its_hour(db: Database) -> None:
    def work(c: Connection) -> list[int]:
        post(c, 7, not_before=later(hours=2))
        assert deliveries.next_due_at(c, NOW) == later(hours=2)
        return [len(claim(c, later(hours=hours), 10)) for hours in (1, 2)]

    assert db.run_sync(work) == [0, 1]


def test_a_paused_chat_is_still_owed_its_post_and_a_blocked_one_is_sent_nothing(db: Database) -> None:
    def work(c: Connection) -> tuple[int, list[DeliveryState], int]:
        chat(c)
        followers(c, [7])
        post(c, CHANNEL, 7)
        chats.update_columns(c, CHANNEL, state=ChatState.PAUSED, reason="may not post")
        chats.update_columns(c, 7, state=ChatState.BLOCKED, reason="blocked the bot")
        none = len(claim(c, NOW, 10))
        left = states(c)
        chats.update_columns(c, CHANNEL, state=ChatState.ACTIVE, reason="")
        return none, left, len(claim(c, NOW, 10))

    assert db.run_sync(work) == (0, [DeliveryState.OWED, DeliveryState.OWED], 1)


def test_a_correction_during_the_send_leaves_the_delivery_owed(db: Database) -> None:
    def work(c: Connection) -> tuple[list[DeliveryState], int | None, list[DeliveryState]]:
        chat(c)
        news = article(c)
        post(c, CHANNEL, about=news)
        claim(c, NOW, 10)
        update_posts(c, correct(c, news, "River falls"))
        spread_all(c)
        deliveries.settle(c, [sent(1, 9)], NOW)
        first = states(c)
        [again] = claim(c, NOW, 10)
        deliveries.settle(c, [sent(1, 9, 2)], NOW)
        return first, again.delivery.message_id, states(c)

    assert db.run_sync(work) == ([DeliveryState.OWED], 9, [DeliveryState.SETTLED])


def test_settling_twice_changes_nothing_more(db: Database) -> None:
    def work(c: Connection) -> int | None:
        post(c, 7)
        claim(c, NOW, 10)
        deliveries.settle(c, [sent(1, 9)], NOW)
        deliveries.settle(c, [sent(1, 10)], NOW)
        return every_delivery(c)[0].message_id

    assert db.run_sync(work) == 9


def test_released_deliveries_are_owed_again(db: Database) -> None:
    def work(c: Connection) -> list[DeliveryState]:
        post(c, 7, 8)
        claim(c, NOW, 10)
        deliveries.release_claims(c, [1])
        return states(c)

    assert db.run_sync(work) == [DeliveryState.OWED, DeliveryState.CLAIMED]


def test_the_life_of_an_article_tells_who_saw_what_when(db: Database) -> None:
    def work(c: Connection) -> None:
        chat(c)
        followers(c, [7, 8])
        news = article(c)
        number = post(c, CHANNEL, about=news, readers=True)
        spread_all(c)
        claimed = claim(c, NOW, 2)
        deliveries.settle(c, [sent(claimed[0].delivery.id, 40)], NOW)
        deliveries.settle(c, [sent(claimed[1].delivery.id, 41)], NOW)
        life = reports.article_history(c, news.id)
        assert [each.id for each in life.posts] == [number]
        assert [each.message_id for each in life.deliveries] == [40]
        assert life.private == {DeliveryState.SETTLED: 1, DeliveryState.OWED: 1}
        assert life.shown[0] == (CHANNEL, 1, NOW)
        assert reports.article_of_message(c, CHANNEL, 40) == news.id
        assert reports.article_of_message(c, CHANNEL, 41) is None

    db.run_sync(work)


def test_the_backlog_counts_what_is_due_and_names_what_is_paused(db: Database) -> None:
    def work(c: Connection) -> None:
        chat(c), chat(c, OTHER)
        chats.update_columns(c, OTHER, state=ChatState.PAUSED, reason="may not post")
        post(c, CHANNEL, 7, 8, lane=Lane.BREAKING)
        post(c, 9, not_before=later(hours=1))
        claim(c, NOW, 1)
        deliveries.recover_interrupted(c, WAIT)
        found = reports.delivery_backlog(c, NOW)
        assert found.owed == {Lane.BREAKING: 2, Lane.ROUTINE: 0, Lane.DIGEST: 0}
        assert (found.oldest, found.unclear, found.repeated) == (NOW, 1, 0)
        assert [(each.id, each.reason) for each in found.paused] == [(OTHER, "may not post")]

    db.run_sync(work)


def test_the_paces_memory_is_the_channels_requests_alone(db: Database) -> None:
    def work(c: Connection) -> object:
        chat(c)
        post(c, CHANNEL, 7)
        claim(c, NOW, 10)
        return list(deliveries.requests_since(c, later(minutes=-1))), list(deliveries.requests_since(c, NOW))

    assert db.run_sync(work) == ([(CHANNEL, NOW)], [])


def test_an_unclear_delivery_is_left_alone_while_its_channel_is_paused(db: Database) -> None:
    def work(c: Connection) -> int:
        chat(c)
        post(c, CHANNEL)
        claim(c, NOW, 10)
        deliveries.recover_interrupted(c, WAIT)
        chats.update_columns(c, CHANNEL, state=ChatState.PAUSED, reason="may not post")
        return len(deliveries.list_unclear(c, NOW + WAIT, 10))

    assert db.run_sync(work) == 0


def test_a_claim_tells_which_chats_had_to_wait(db: Database) -> None:
    def work(c: Connection) -> frozenset[int]:
        chat(c), chat(c, OTHER)
        chats.update_columns(c, OTHER, state=ChatState.PAUSED, reason="may not post")
        post(c, CHANNEL, OTHER, 7, 8)
        claim(c, NOW, 1)
        post(c, CHANNEL)
        return claims.select_due(c, NOW, 10, {7}).skipped_chats

    assert db.run_sync(work) == {CHANNEL, 7}
