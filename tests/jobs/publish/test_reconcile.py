"""Unclear sends: in channels exactly once; in private chats repeated until they are answered, and counted."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from jobs.publish.reconcile import MAX_CHECKED, MAX_MISSES, LookupMethod, MessageSearch, choose_method
from jobs.publish.send_result import ChatAccess
from storage.database import Database
from storage.records import ChatKind, DeliveryState
from tests.conftest import THOROUGH, MovedClock
from tests.jobs.publish.harness import Desk, desk
from tests.jobs.publish.newsroom import followers

CHANNEL, OTHER, GROUP = -1001000000001, -1001000000002, -1001000000003
OPERATOR = 50
UNCLEAR = ["closed", "closed_applied", "gateway_502_applied", "late", "timeout", "truncated"]
COLLEAGUES = ("can_post_messages", "can_edit_messages")


async def newsroom_with_a_past(
    db: Database, clock: MovedClock, rights: tuple[str, ...] = ("can_post_messages",), **policy: object
) -> Desk:
    """A channel where the bot has posted before."""
    made = desk(db, clock, CHANNEL, **policy)
    made.box.add_channel("Daily", id=CHANNEL, rights=rights)
    made.box.add_person("Operator", id=OPERATOR)
    async with made.working():
        made.news("Before")
        await made.pass_time(1)
    return made


def rights(made: Desk, title: str, chat_id: int = CHANNEL) -> int:
    """How many messages ever showed this headline."""
    return len(made.box.visibility.messages_with(chat_id, title))


@pytest.mark.parametrize("fault", UNCLEAR)
async def test_an_unclear_send_to_a_channel_is_neither_repeated_nor_lost(
    db: Database, clock: MovedClock, fault: str
) -> None:
    newsroom = await newsroom_with_a_past(db, clock)
    newsroom.box.faults.script(fault, methods=["sendMessage"])
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(70, 5)
        assert newsroom.deliveries()[-1].state is DeliveryState.UNCLEAR
        await newsroom.pass_time(60, 1)
        newsroom.news("Bridge closed")
        await newsroom.pass_time(5, 1)
    assert [rights(newsroom, title) for title in ("River rises", "Bridge closed")] == [1, 1]
    assert newsroom.said(CHANNEL) == ["Before", "River rises", "Bridge closed"]
    unsure = newsroom.deliveries()[1]
    assert (unsure.unclear, unsure.repeats, unsure.state) == (1, 0, DeliveryState.SETTLED)
    applied = "applied" in fault or fault in ("truncated", "late")
    assert unsure.found == applied


@pytest.mark.parametrize("through_an_operator", [False, True])
async def test_a_colleagues_posts_are_never_touched(
    db: Database, clock: MovedClock, through_an_operator: bool
) -> None:
    policy = {"operators": (OPERATOR,)} if through_an_operator else {}
    rights_of_bot = COLLEAGUES if through_an_operator else ("can_post_messages",)
    newsroom = await newsroom_with_a_past(db, clock, rights_of_bot, **policy)
    newsroom.box.faults.script("closed_applied", methods=["sendMessage"], chat_id=CHANNEL)
    async with newsroom.working():
        for number in range(5):
            newsroom.box.post(CHANNEL, f"By hand {number}")
        newsroom.news("River rises")
        await newsroom.pass_time(3, 1)
        for number in range(5, 12):
            newsroom.box.post(CHANNEL, f"By hand {number}")
        await newsroom.pass_time(200, 2)
    assert rights(newsroom, "River rises") == 1
    assert newsroom.deliveries()[1].found == 1
    by_hand = [
        message
        for message in newsroom.box.visible_messages(CHANNEL)
        if message.author.id != newsroom.box.bot.id
    ]
    assert all(not message.versions for message in by_hand)
    assert len([message for message in by_hand if not message.service]) == 12


async def test_where_looking_could_touch_a_colleagues_post_and_nobody_can_compare_it_is_sent_again_once(
    db: Database, clock: MovedClock
) -> None:
    newsroom = await newsroom_with_a_past(db, clock, COLLEAGUES)
    newsroom.box.post(CHANNEL, "By hand")
    newsroom.box.faults.script("closed_applied", methods=["sendMessage"])
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(100, 1)
    assert rights(newsroom, "River rises") == 2
    assert newsroom.deliveries()[1].repeats == 1
    assert "By hand" in [
        newsroom.box.view_message(message)["text"] for message in newsroom.box.visible_messages(CHANNEL)
    ]


@pytest.mark.parametrize("fault", ["closed_applied", "closed", "late", "truncated"])
async def test_a_supergroup_is_looked_at_through_an_operator(
    db: Database, clock: MovedClock, fault: str
) -> None:
    newsroom = desk(db, clock, GROUP, operators=(OPERATOR,))
    [reader] = newsroom.box.add_people(1, first_id=100)
    newsroom.box.add_supergroup("Desk", [reader], id=GROUP)
    newsroom.box.add_person("Operator", id=OPERATOR)
    newsroom.box.faults.script(fault, methods=["sendMessage"], chat_id=GROUP)
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(2, 1)
        for number in range(4):
            newsroom.box.say(reader, GROUP, f"Is it true? {number}")
        await newsroom.pass_time(130, 1)
    assert rights(newsroom, "River rises", GROUP) == 1
    assert newsroom.said(OPERATOR) == []


async def test_everything_else_goes_on_while_a_channel_is_unclear(db: Database, clock: MovedClock) -> None:
    newsroom = desk(db, clock, CHANNEL, OTHER)
    newsroom.box.add_channel("Daily", id=CHANNEL), newsroom.box.add_channel("Weekly", id=OTHER)
    readers = newsroom.box.add_people(3, first_id=100)
    newsroom.db.run_sync(followers, readers)
    clock.move(1)
    async with newsroom.working():
        newsroom.news("Before")
        await newsroom.pass_time(2)
        newsroom.box.faults.script("timeout", methods=["sendMessage"], chat_id=CHANNEL)
        newsroom.news("River rises"), newsroom.news("Bridge closed")
        await newsroom.pass_time(30, 1)
        expected = ["Before", "River rises", "Bridge closed"]
        assert newsroom.said(CHANNEL) == ["Before"]
        assert [newsroom.said(chat) for chat in (OTHER, *readers)] == [expected] * 4
        await newsroom.pass_time(90, 1)
        assert newsroom.said(CHANNEL) == expected


@pytest.mark.parametrize(("fault", "shown"), [("closed", 1), ("closed_applied", 2), ("late", 2)])
async def test_an_unclear_send_to_a_reader_is_repeated_once_and_counted(
    db: Database, clock: MovedClock, fault: str, shown: int
) -> None:
    newsroom = desk(db, clock)
    [reader] = newsroom.box.add_people(1, first_id=100)
    newsroom.db.run_sync(followers, [reader])
    clock.move(1)
    newsroom.box.faults.script(fault, methods=["sendMessage"])
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(90, 1)
    assert rights(newsroom, "River rises", reader) == shown
    [delivery] = newsroom.deliveries()
    assert (delivery.unclear, delivery.repeats, delivery.state) == (1, 1, DeliveryState.SETTLED)


@pytest.mark.usefixtures("seldom_idle")
async def test_what_is_never_answered_is_repeated_ever_more_seldom_and_given_up_when_it_is_too_old(
    db_of_hours: Database, clock: MovedClock
) -> None:
    newsroom = desk(db_of_hours, clock, max_age=timedelta(hours=3))
    [reader] = newsroom.box.add_people(1, first_id=100)
    newsroom.db.run_sync(followers, [reader])
    clock.move(1)
    newsroom.box.faults.script("closed_applied", methods=["sendMessage"], times=99)
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(4 * 3600, 30)
    sent = [message.at for message in newsroom.box.visibility.messages_with(reader, "River rises")]
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(sent)]
    assert waits == sorted(waits)
    assert (len(sent), waits[0] < 110) == (8, True)
    [delivery] = newsroom.deliveries()
    assert (delivery.repeats, delivery.state) == (7, DeliveryState.SKIPPED)
    assert "perhaps shown" in delivery.error


async def test_an_unclear_edit_is_done_again(db: Database, clock: MovedClock) -> None:
    newsroom = await newsroom_with_a_past(db, clock)
    async with newsroom.working():
        river = newsroom.news("River rises")
        await newsroom.pass_time(2)
        newsroom.box.faults.script("late", methods=["editMessageText"])
        newsroom.correct(river, "River falls")
        await newsroom.pass_time(3)
        newsroom.correct(river, "River falls further")
        await newsroom.pass_time(120, 1)
        assert newsroom.said(CHANNEL)[-1].startswith("River falls further")
    assert newsroom.deliveries()[1].shown_revision == 3


async def test_probes_that_are_not_answered_are_made_again(db: Database, clock: MovedClock) -> None:
    newsroom = await newsroom_with_a_past(db, clock)
    newsroom.box.faults.script("closed_applied", methods=["sendMessage"])
    newsroom.box.faults.script("reset", methods=["editMessageText", "getChat", "getChatMember"], times=9)
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(300, 2)
    assert rights(newsroom, "River rises") == 1
    assert newsroom.deliveries()[1].state is DeliveryState.SETTLED


@pytest.mark.parametrize("seed", range(20 if THOROUGH else 3))
async def test_whenever_it_is_killed_a_channel_gets_each_post_exactly_once(
    db: Database, clock: MovedClock, seed: int
) -> None:
    chance = random.Random(seed)
    newsroom = await newsroom_with_a_past(db, clock, operators=(OPERATOR,))
    titles = [f"Story {number}" for number in range(6)]
    for title in titles:
        newsroom.news(title)
        newsroom.box.faults.latency = chance.choice([0.0, 0.1, 0.4])
        await newsroom.killed_while_working(chance.random() * 2)
    newsroom.box.faults.latency = 0.0
    async with newsroom.working():
        await newsroom.pass_time(400, 2)
    assert [rights(newsroom, title) for title in titles] == [1] * len(titles)
    assert all(each.repeats == 0 for each in newsroom.deliveries())
    assert newsroom.said(CHANNEL) == ["Before", *titles]


def test_the_way_to_look_never_risks_what_is_not_ours() -> None:
    channel = ChatAccess(id=CHANNEL, kind=ChatKind.CHANNEL)
    powerful = ChatAccess(id=CHANNEL, kind=ChatKind.CHANNEL, may_edit=True)
    supergroup = ChatAccess(id=GROUP, kind=ChatKind.SUPERGROUP)
    group = ChatAccess(id=-4001, kind=ChatKind.GROUP)
    assert choose_method(channel, 7, ()) is LookupMethod.EDIT
    assert choose_method(channel, 0, (OPERATOR,)) is LookupMethod.FORWARD
    assert choose_method(powerful, 7, (OPERATOR,)) is LookupMethod.FORWARD
    assert choose_method(supergroup, 7, (OPERATOR,)) is LookupMethod.FORWARD
    assert [choose_method(each, 7, ()) for each in (powerful, supergroup, group)] == [LookupMethod.REPEAT] * 3
    assert choose_method(group, 7, (OPERATOR,)) is LookupMethod.REPEAT


def test_a_search_ends_behind_several_misses_and_bridges_gaps() -> None:
    search = MessageSearch(after=40)
    numbers = []
    for there in [True, *[False] * (MAX_MISSES - 1), True, *[False] * MAX_MISSES]:
        assert not search.is_finished
        numbers.append(search.next_message_id)
        search.record_probe(there=there)
    assert (search.is_finished, search.reached_end) == (True, True)
    assert numbers == list(range(41, 41 + len(numbers)))


def test_a_search_among_too_many_messages_is_not_sure() -> None:
    search = MessageSearch(after=0)
    for _ in range(MAX_CHECKED):
        search.record_probe(there=True)
    assert (search.is_finished, search.reached_end) == (True, False)
