"""Feeds take turns: in a channel, in planning, in what is told and in what is spread."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from storage import articles
from storage.database import Connection, Database
from storage.delivery import claims, deliveries, planning, turns
from storage.delivery.claims import RequestIntent
from storage.delivery.deliveries import DeliveryResult
from storage.delivery.fanout import fan_out_slice
from storage.delivery.surges import find_surges
from storage.delivery.turns import QueueHead, next_of_each_chat
from storage.records import DeliveryState, Lane
from tests.jobs.publish.newsroom import CHANNEL, FEED, NOW, article, chat, correct, followers, later, post

LOUD, THIRD = "https://loud.example/feed", "https://third.example/feed"


def say_next(c: Connection, second: int) -> str:
    """Send what is next in the channel; which article that was about."""
    now = later(minutes=1, seconds=second)
    [debt] = claims.select_due(c, now, 10).deliveries
    number = debt.delivery.id
    claims.claim_deliveries(c, [RequestIntent(number)], now)
    settled = DeliveryResult(
        delivery_id=number, state=DeliveryState.SETTLED, shown_revision=1, message_id=second, shown=True
    )
    deliveries.settle(c, [settled], now)
    return str(debt.post.article_id)


def test_no_feed_has_two_posts_in_a_row_while_another_has_something(db: Database) -> None:
    def work(c: Connection) -> list[str]:
        chat(c)
        names = {}
        for feed, count in ((LOUD, 6), (FEED, 2), (THIRD, 1)):
            for number in range(count):
                about = article(c, f"{feed} {number}", feed=feed)
                names[str(about.id)] = f"{feed[8]}{number}"
                post(c, CHANNEL, about=about, lane=Lane.BREAKING if feed == LOUD else Lane.ROUTINE)
        return [names[say_next(c, second)] for second in range(1, 10)]

    assert db.run_sync(work) == ["l0", "n0", "l1", "t0", "n1", "l2", "l3", "l4", "l5"]


def test_what_is_not_due_yet_takes_no_turn(db: Database) -> None:
    def work(c: Connection) -> int:
        chat(c)
        post(c, CHANNEL, about=article(c, "Held", feed=FEED), not_before=later(hours=5))
        due = post(c, CHANNEL, about=article(c, "Due", feed=LOUD))
        [debt] = claims.select_due(c, NOW, 10).deliveries
        assert debt.post.id == due
        return len(turns.queue_heads(c, later(hours=6)))

    assert db.run_sync(work) == 2


FEEDS = st.integers(1, 4)
HEADS = st.lists(
    st.builds(
        QueueHead,
        delivery_id=st.integers(1, 1000),
        chat_id=st.sampled_from([-1, -2]),
        feed_id=FEEDS,
        lane=st.sampled_from(Lane),
        not_before=st.just(NOW),
        served_at=st.just(NOW),
    ),
    min_size=1,
)


@given(heads=HEADS, served=st.permutations(range(1, 5)))
def test_a_feed_has_two_turns_in_a_row_only_if_it_is_alone(heads: list[QueueHead], served: list[int]) -> None:
    when = {feed: NOW + timedelta(seconds=served.index(feed)) for feed in served}
    heads = [QueueHead(h.delivery_id, h.chat_id, h.feed_id, h.lane, NOW, when[h.feed_id]) for h in heads]
    for lane, chosen in next_of_each_chat(heads):
        there = [head for head in heads if head.chat_id == chosen.chat_id]
        last = max(there, key=lambda head: head.served_at).feed_id
        assert chosen.feed_id != last or {head.feed_id for head in there} == {last}
        assert lane is min((head.lane for head in there), key=[*Lane].index)


def test_the_first_of_each_feed_is_planned_before_the_second_of_any(db: Database) -> None:
    def work(c: Connection) -> int:
        loud = [article(c, f"Loud {number}", feed=LOUD).id for number in range(5)]
        quiet = article(c, "Quiet").id
        assert turns.next_unplanned(c, 3) == [loud[0], quiet, loud[1]]
        planning.save_plan(c, [], [], articles.get_many(c, [*loud, quiet]), NOW)
        for number in (*loud, quiet):
            [known] = articles.get_many(c, [number])
            correct(c, known, f"{known.title}, corrected")
        return turns.next_revised(c, 2).index(quiet)

    assert db.run_sync(work) == 1


def test_slices_go_round_the_feeds(db: Database) -> None:
    def work(c: Connection) -> list[int]:
        followers(c, range(1, 10))
        for number in range(3):
            post(c, about=article(c, f"Loud {number}", feed=LOUD), readers=True)
        post(c, about=article(c, "Quiet"), readers=True)
        took, feed = [], 0
        while done := fan_out_slice(c, NOW, size=100, last_feed=feed):
            took.append(feed := done.feed_id)
        return took

    first, second, *_ = db.run_sync(work)
    assert first != second


def test_a_surge_begins_with_its_first_article_and_knows_what_came_before(db: Database) -> None:
    def work(c: Connection) -> list[tuple[int, int]]:
        found = []
        for look, count in enumerate((9, 4, 5, 2, 4)):
            brought = [article(c, f"{look} {n}", now=later(minutes=look)) for n in range(count)]
            found += [(each.new_count, each.previous_count) for each in find_surges(c, brought[:2], 3)]
            assert find_surges(c, brought[1:], 3) == []
        return found

    assert db.run_sync(work) == [(4, 0), (5, 4), (4, 2)]
