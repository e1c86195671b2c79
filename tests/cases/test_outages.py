"""While Telegram does not answer: nothing is lost, little is asked, and the operators are told once."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.publish.circuit_breaker import MAX_UNANSWERED, PROBE_INTERVAL, CircuitBreaker
from jobs.publish.send_result import Sent, TryLater, Unclear
from storage.database import Database
from storage.records import DeliveryState
from tests.cases.newsdesk import OPERATOR, Newsdesk, newsdesk
from tests.conftest import THOROUGH, MovedClock
from tests.jobs.publish.newsroom import followers

CHANNEL = -1001000000001
FOR_EVER = 10**9


def with_readers(db: Database, clock: MovedClock, readers: range, **policy: Any) -> Newsdesk:
    room = newsdesk(db, clock, CHANNEL, **policy)
    room.desk.box.add_channel("Daily", id=CHANNEL)
    room.desk.box.add_people(len(readers), first_id=readers[0])
    db.run_sync(followers, readers)
    clock.move(1)
    return room


def asked_each_minute(room: Newsdesk, since: datetime, until: datetime) -> list[int]:
    counted = Counter(int((each.at - since).total_seconds() // 60) for each in room.asked if each.at < until)
    return [counted[minute] for minute in range(int((until - since).total_seconds() // 60))]


OUTAGES = [
    (5, "timeout_applied"),
    pytest.param(20, "gateway_502_applied", marks=pytest.mark.slow),
    *(
        [(60, "gateway_502"), (60, "timeout"), (60, "closed_applied"), (20, "error_500"), (5, "gateway_502")]
        if THOROUGH
        else []
    ),
]


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("minutes", "fault"), OUTAGES)
async def test_8_no_alert_of_a_thousand_is_lost_while_telegram_does_not_answer(
    archive: Database, clock: MovedClock, minutes: int, fault: str, count: int
) -> None:
    readers = range(1000, 1000 + count)
    room = with_readers(archive, clock, readers)
    desk = room.desk
    async with desk.working():
        desk.news("Before")
        await room.pass_time(10)
        desk.box.faults.script(fault, times=FOR_EVER)
        began = clock.now()
        desk.news("River rises")
        await room.pass_time(minutes * 30, 5)
        desk.news("Bridge closed")
        await room.pass_time(minutes * 30, 5)
        over = clock.now()
        desk.box.faults.clear()
        await room.pass_time(400, 10)
    asked = asked_each_minute(room, began, over)
    assert max(asked[2:]) <= 1
    assert sum(asked) <= minutes + 100
    said = [desk.said(reader) for reader in readers]
    for title in ("Before", "River rises", "Bridge closed"):
        shown = Counter(each.count(title) for each in said)
        assert shown[0] == 0
        assert set(shown) <= set(range(1, 9))
        assert len(desk.box.visibility.messages_with(CHANNEL, title)) == 1
    assert {each.state for each in desk.deliveries()} == {DeliveryState.SETTLED}
    silence, again = [text for text in room.told() if "Telegram" in text][-2:]
    assert "Telegram has not answered since" in silence
    assert "Telegram answers again, after" in again
    repeated = sum(each.repeats > 0 for each in desk.deliveries() if not each.public)
    assert f"{repeated} messages to readers" in again


@pytest.mark.parametrize("fault", ["gateway_502", "timeout"])
async def test_8_with_one_channel_alone_it_asks_no_more_and_looks_up_exactly(
    db_of_hours: Database, clock: MovedClock, fault: str
) -> None:
    room = newsdesk(db_of_hours, clock, CHANNEL)
    desk = room.desk
    desk.box.add_channel("Daily", id=CHANNEL)
    async with desk.working():
        desk.news("Before")
        await room.pass_time(10)
        desk.box.faults.script(f"{fault}_applied", methods=["sendMessage"], chat_id=CHANNEL)
        desk.box.faults.script(fault, times=FOR_EVER)
        began = clock.now()
        desk.news("River rises"), desk.news("Bridge closed")
        await room.pass_time(1200, 2)
        over = clock.now()
        desk.box.faults.clear()
        await room.pass_time(300, 2)
    assert max(asked_each_minute(room, began, over)[3:]) <= 1
    assert desk.said(CHANNEL) == ["Before", "River rises", "Bridge closed"]
    assert [
        len(desk.box.visibility.messages_with(CHANNEL, title)) for title in ("River rises", "Bridge closed")
    ] == [
        1,
        1,
    ]


async def test_8_an_alert_that_is_too_old_when_telegram_answers_is_not_sent(
    archive: Database, clock: MovedClock
) -> None:
    room = with_readers(archive, clock, range(1000, 1050), max_age=timedelta(minutes=20))
    desk = room.desk
    async with desk.working():
        desk.box.faults.script("gateway_502", times=FOR_EVER)
        desk.news("River rises")
        await room.pass_time(2000, 10)
        desk.box.faults.clear()
        desk.news("Bridge closed")
        await room.pass_time(300, 2)
    for reader in range(1000, 1050):
        assert desk.said(reader) == ["Bridge closed"]
    private = [each.state for each in desk.deliveries() if each.chat_id in range(1000, 1050)]
    assert Counter(private) == {DeliveryState.SKIPPED: 50, DeliveryState.SETTLED: 50}


async def test_8_one_chat_that_telegram_stumbles_over_is_that_chats_trouble(
    archive: Database, clock: MovedClock
) -> None:
    room = with_readers(archive, clock, range(1000, 1020))
    desk = room.desk
    desk.box.faults.script("gateway_502", times=FOR_EVER, methods=["sendMessage"], chat_id=1003)
    async with desk.working():
        for number in range(8):
            desk.news(f"Story {number}")
            await room.pass_time(100, 1)
            assert desk.said(1004)[-1] == f"Story {number}"
            assert desk.said(CHANNEL)[-1] == f"Story {number}"
    assert not any("Telegram" in text for text in room.told())


async def test_8_every_fifth_request_in_vain_is_no_silence(archive: Database, clock: MovedClock) -> None:
    room = with_readers(archive, clock, range(1000, 1300))
    desk = room.desk
    desk.box.faults.add_random(0.2, ["gateway_502", "closed_applied", "reset"], methods=["sendMessage"])
    async with desk.working():
        desk.news("River rises")
        await room.pass_time(900, 2)
    assert all("River rises" in desk.said(reader) for reader in range(1000, 1300))
    assert desk.said(CHANNEL) == ["River rises"]
    assert not any("Telegram" in text for text in room.told())


async def test_8_the_operators_notice_of_it_waits_for_telegram_as_everything_else(
    archive: Database, clock: MovedClock
) -> None:
    room = with_readers(archive, clock, range(1000, 1020))
    desk = room.desk
    async with desk.working():
        await room.pass_time(2)
        desk.box.faults.script("gateway_502", times=FOR_EVER)
        desk.news("River rises")
        await room.pass_time(1800, 5)
        assert desk.said(OPERATOR) == []
        assert room.parts.rate_limiter.circuit_breaker.is_open
        desk.box.faults.clear()
        await room.pass_time(300, 2)
    assert len([text for text in room.told() if "has not answered" in text]) == 1
    assert len([text for text in room.told() if "answers again" in text]) == 1


OUTCOMES = st.sampled_from([Sent(1), Unclear("502"), Unclear("time-out"), TryLater(2.0, "no connection")])


def requests(outcomes: list[Any], gaps: list[float]) -> Iterator[tuple[float, Any]]:
    at = 0.0
    for outcome, gap in zip(outcomes, gaps, strict=False):
        at += gap
        yield at, outcome


@given(st.lists(OUTCOMES, max_size=60), st.lists(st.floats(0.1, 90.0), min_size=60, max_size=60))
def test_8_an_answer_opens_everything_and_a_silence_lets_one_ask_a_minute(
    outcomes: list[Any], gaps: list[float]
) -> None:
    silence = CircuitBreaker()
    for number, (at, outcome) in enumerate(requests(outcomes, gaps)):
        was_on = silence.is_open
        if wait := silence.retry_in(at):
            assert wait <= PROBE_INTERVAL
            continue
        silence.start_request(at)
        assert not was_on or silence.retry_in(at) > 0
        silence.record_outcome(number, outcome, at)
        if isinstance(outcome, Sent):
            assert not silence.is_open
            assert silence.retry_in(at) == 0
        elif was_on:
            assert silence.is_open
            assert silence.retry_in(at) >= 2.0


def test_8_a_few_in_a_row_of_different_chats_make_a_silence() -> None:
    silence = CircuitBreaker()
    for number in range(MAX_UNANSWERED):
        assert not silence.is_open
        silence.record_outcome(number, Unclear("502"), 0.03 * number)
    assert silence.retry_in(0.3) == pytest.approx(PROBE_INTERVAL, abs=0.1)
    one_chat = CircuitBreaker()
    for number in range(3 * MAX_UNANSWERED):
        one_chat.record_outcome("the same", Unclear("502"), 60.0 * number)
    assert not one_chat.is_open
