"""Telegram's rate limits: exact windows, shared by sends and edits; waits grow if the bot does not wait."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.telegram.assertions import peak_in_window
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.limits import FloodLimiter, Limits
from jobs.config import Rate
from tests.bot.sandbox.conftest import Harness
from tests.conftest import MovedClock, settle

EXACT = Limits(grace=0.0)


@pytest.fixture
def strict(clock: MovedClock) -> Harness:
    """A fake Telegram with the real limits, without grace."""
    telegram = FakeTelegram(clock, random.Random(1), limits=EXACT)
    return Harness(telegram, clock, telegram.add_person("Aye"), telegram.add_channel("Daily"))


async def flooded(harness: Harness, chat_id: int, **params: object) -> int:
    """`retry_after` of sendMessage; 0 if it succeeded."""
    _, body = await harness.telegram.call("sendMessage", {"chat_id": chat_id, "text": "x"} | params)
    return int(body.get("parameters", {}).get("retry_after", 0))


async def test_thirty_a_second_over_all_chats_and_not_one_more(strict: Harness) -> None:
    people = strict.telegram.add_people(40)
    waits = [await flooded(strict, person) for person in people[:31]]
    assert waits == [0] * 30 + [1]
    strict.clock.move(1)
    assert await flooded(strict, people[31]) == 0


async def test_a_chat_takes_three_at_once_and_then_one_a_second(strict: Harness) -> None:
    waits = [await flooded(strict, strict.reader.id) for _ in range(4)]
    assert waits == [0, 0, 0, 1]
    strict.clock.move(1)
    assert await flooded(strict, strict.reader.id) == 0


async def test_a_channel_takes_twenty_a_minute(strict: Harness) -> None:
    waits = []
    for _ in range(21):
        waits.append(await flooded(strict, strict.channel.id))
        strict.clock.move(1)
    assert waits == [0] * 20 + [40]


async def test_edits_are_counted_with_sends(strict: Harness) -> None:
    post = await strict.send(strict.channel.id)
    for number in range(19):
        strict.clock.move(1)
        there = {"chat_id": strict.channel.id, "message_id": post.id, "text": str(number)}
        assert await strict.ask("editMessageText", **there)
    strict.clock.move(1)
    assert await flooded(strict, strict.channel.id) == 40
    wrong = await strict.refused("editMessageText", **there | {"text": "more"})
    assert wrong.startswith("Too Many Requests: retry after ")


async def test_a_flooded_chat_does_not_stop_the_others(strict: Harness) -> None:
    for _ in range(4):
        last = await flooded(strict, strict.channel.id)
    assert last
    assert await flooded(strict, strict.reader.id) == 0


async def test_who_goes_on_waits_longer_and_who_waits_is_forgiven(strict: Harness) -> None:
    for _ in range(20):
        await flooded(strict, strict.channel.id)
        strict.clock.move(1)
    waits = []
    for _ in range(4):
        waits.append(await flooded(strict, strict.channel.id))
        strict.clock.move(5)
    assert waits == [40, 80, 160, 320]
    strict.clock.move(315)
    assert await flooded(strict, strict.channel.id) == 0


async def test_requests_already_on_their_way_do_not_lengthen_the_wait(strict: Harness) -> None:
    people = strict.telegram.add_people(90)
    waits = [await flooded(strict, person) for person in people]
    assert waits == [0] * 30 + [1] * 60


async def test_a_429_says_it_in_the_header_too(strict: Harness) -> None:
    for _ in range(4):
        answer = await strict.telegram.serve_request(
            strict.telegram.token, "sendMessage", {"chat_id": strict.reader.id, "text": "x"}
        )
    assert getattr(answer, "status", 0) == 429
    assert getattr(answer, "headers", {}) == {"Retry-After": "1"}
    assert getattr(answer, "body", b"") == (
        b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1",'
        b'"parameters":{"retry_after":1}}'
    )


async def test_a_paid_broadcast_goes_out_at_a_thousand_a_second(strict: Harness) -> None:
    people = strict.telegram.add_people(1001)
    waits = [await flooded(strict, person, allow_paid_broadcast=True) for person in people]
    assert waits == [0] * 1000 + [1]


async def test_a_text_that_is_refused_is_not_counted(strict: Harness) -> None:
    for _ in range(50):
        await strict.refused("sendMessage", chat_id=strict.reader.id, text="<br>", parse_mode="HTML")
    assert await flooded(strict, strict.reader.id) == 0


async def test_answers_to_buttons_are_not_counted(strict: Harness) -> None:
    keys = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    message = await strict.send(strict.reader.id, reply_markup=keys)
    for _ in range(100):
        query = strict.telegram.press(strict.reader.id, strict.reader.id, message.id, "x")
        assert await strict.ask("answerCallbackQuery", callback_query_id=query)


async def test_a_patient_server_waits_out_a_short_flood_before_it_answers(clock: MovedClock) -> None:
    telegram = FakeTelegram(clock, random.Random(1), limits=Limits(grace=0.0, max_wait=60))
    harness = Harness(telegram, clock, telegram.add_person("Aye"), telegram.add_channel("Daily"))
    for _ in range(3):
        await harness.send(harness.reader.id)
    slow = asyncio.ensure_future(harness.send(harness.reader.id))
    await settle()
    assert not slow.done()
    await clock.advance(1)
    assert (await slow).at == clock.now()


def test_grace_lets_a_message_through_that_left_in_time() -> None:
    limiter = FloodLimiter(Limits(overall=Rate(1, 1.0), chat=None, grace=0.1))
    assert [limiter.count_message(1, False, False, at) for at in (10.0, 10.95)] == [0, 0]
    assert limiter.count_message(1, False, False, 11.5)


GAPS = st.lists(st.floats(0.0, 4.0).map(lambda gap: round(gap, 3)), max_size=120)


@given(GAPS, st.integers(1, 5), st.floats(0.5, 5.0))
def test_no_sliding_window_ever_holds_more_than_the_limit(
    gaps: list[float], count: int, seconds: float
) -> None:
    limiter = FloodLimiter(Limits(overall=Rate(count, seconds), chat=None, group=None, grace=0.0))
    now, passed = 100.0, []
    for gap in gaps:
        now += gap
        if not limiter.count_message(1, False, False, now):
            passed.append(now)
    assert peak_in_window(passed, seconds - 1e-9) <= count


@given(st.integers(1, 40), st.floats(0.5, 5.0), st.integers(1, 3))
def test_who_keeps_the_pace_is_never_refused(count: int, seconds: float, chats: int) -> None:
    limiter = FloodLimiter(Limits(overall=Rate(count, seconds), chat=Rate(count, seconds), grace=0.01))
    pace = seconds / count
    assert not any(
        limiter.count_message(number % chats, False, False, number * pace) for number in range(3 * count)
    )
