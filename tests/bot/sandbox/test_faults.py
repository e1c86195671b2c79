"""Faults in process: python-telegram-bot sees them as it would on a network."""

import asyncio
import random

import pytest
from telegram import Bot
from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut

from bot.sandbox.telegram import faults
from bot.sandbox.telegram.faults import Applied, Fault, FaultEffect, FaultInjector
from bot.sandbox.transport.in_process import InProcessRequest
from tests.bot.sandbox.conftest import Harness
from tests.conftest import settle


def sender(harness: Harness) -> Bot:
    return Bot(harness.telegram.token, request=InProcessRequest(harness.telegram))


def said(harness: Harness) -> int:
    """How many of the bot's messages the channel shows."""
    return len(list(harness.telegram.visibility.messages(harness.channel.id)))


@pytest.mark.parametrize(
    ("fault", "error", "applied"),
    [
        (faults.ERROR_500, NetworkError, 0),
        (faults.ERROR_500_APPLIED, NetworkError, 1),
        (faults.GATEWAY_502, NetworkError, 0),
        (faults.GATEWAY_502_APPLIED, NetworkError, 1),
        (faults.CLOSED, NetworkError, 0),
        (faults.CLOSED_APPLIED, NetworkError, 1),
        (faults.RESET, NetworkError, 0),
        (faults.RESET_APPLIED, NetworkError, 1),
        (faults.TRUNCATED, NetworkError, 1),
        (faults.FLOOD, RetryAfter, 0),
    ],
)
async def test_a_fault_shows_its_face_and_is_applied_or_not(
    harness: Harness, fault: Fault, error: type[Exception], applied: int
) -> None:
    harness.telegram.faults.script(fault)
    with pytest.raises(error):
        await sender(harness).send_message(harness.channel.id, "x")
    assert said(harness) == applied
    await sender(harness).send_message(harness.channel.id, "x")
    assert said(harness) == applied + 1


async def test_telegram_refuses_in_the_words_of_the_test(harness: Harness) -> None:
    harness.telegram.faults.script("400 Bad Request: TOPIC_CLOSED", methods=["sendMessage"])
    with pytest.raises(BadRequest, match="Topic_closed"):
        await sender(harness).send_message(harness.channel.id, "x")
    assert said(harness) == 0


@pytest.mark.parametrize(("fault", "applied"), [(faults.TIMEOUT, 0), (faults.TIMEOUT_APPLIED, 1)])
async def test_a_silent_server_lets_the_reader_time_out(harness: Harness, fault: Fault, applied: int) -> None:
    harness.telegram.faults.script(fault)
    sending = asyncio.ensure_future(sender(harness).send_message(harness.channel.id, "x", read_timeout=20))
    await harness.clock.advance(19)
    assert not sending.done()
    await harness.clock.advance(2)
    with pytest.raises(TimedOut):
        await sending
    assert said(harness) == applied


async def test_a_late_request_is_applied_after_its_connection_died(harness: Harness) -> None:
    harness.telegram.faults.script("late", seconds=30)
    with pytest.raises(NetworkError):
        await sender(harness).send_message(harness.channel.id, "x")
    assert said(harness) == 0
    await harness.clock.advance(29)
    assert said(harness) == 0
    await harness.clock.advance(2)
    assert said(harness) == 1


async def test_a_slow_answer_is_slow_and_true(harness: Harness) -> None:
    harness.telegram.faults.script("slow", seconds=3)
    sending = asyncio.ensure_future(sender(harness).send_message(harness.channel.id, "x"))
    await settle()
    assert not sending.done()
    assert said(harness) == 0
    await harness.clock.advance(3)
    assert (await sending).text == "x"


async def test_a_slow_request_is_applied_although_the_caller_gave_up(harness: Harness) -> None:
    harness.telegram.faults.script("slow", seconds=30)
    sending = asyncio.ensure_future(sender(harness).send_message(harness.channel.id, "x", read_timeout=5))
    await harness.clock.advance(6)
    with pytest.raises(TimedOut):
        await sending
    await harness.clock.advance(30)
    assert said(harness) == 1


async def test_latency_delays_every_answer(harness: Harness) -> None:
    harness.telegram.faults.latency = 0.06
    asking = asyncio.ensure_future(sender(harness).get_me())
    await harness.clock.advance(0.05)
    assert not asking.done()
    await harness.clock.advance(0.02)
    assert (await asking).id == harness.telegram.bot.id


def picked(found: FaultInjector, *requests: tuple[str, str]) -> list[FaultEffect | None]:
    return [fault.effect if (fault := found.pick_fault(method, chat)) else None for method, chat in requests]


def test_a_script_meets_the_requests_it_names_and_in_their_order() -> None:
    found = FaultInjector(random.Random(1))
    found.script("closed", methods=["sendMessage"], chat_id=-5, skip=1, times=2)
    found.script("reset", methods=["editMessageText"])
    send, other, edit = ("sendmessage", "-5"), ("sendmessage", "7"), ("editmessagetext", "-5")
    closed, reset = FaultEffect.CLOSED, FaultEffect.RESET
    assert picked(found, send, other, send, edit, send, send, edit) == [
        None,
        None,
        closed,
        reset,
        closed,
        None,
        None,
    ]
    assert found.injected_count == 3


def test_a_share_of_the_requests_meets_one_of_the_faults() -> None:
    found = FaultInjector(random.Random(1))
    found.add_random(0.2, ["closed", "truncated"])
    seen = picked(found, *[("sendmessage", "1")] * 5000)
    share = sum(sees is not None for sees in seen) / len(seen)
    assert 0.17 < share < 0.23
    assert set(seen) == {None, FaultEffect.CLOSED, FaultEffect.TRUNCATED}
    assert picked(found, *[("getupdates", "")] * 200) == [None] * 200
    found.clear()
    assert picked(found, *[("sendmessage", "1")] * 200) == [None] * 200


def test_the_same_chance_gives_the_same_faults() -> None:
    first, second = FaultInjector(random.Random(7)), FaultInjector(random.Random(7))
    for found in (first, second):
        found.add_random(0.5)
    requests = [("sendmessage", "1")] * 100
    assert picked(first, *requests) == picked(second, *requests)


def test_a_fault_that_nobody_knows_is_named() -> None:
    with pytest.raises(ValueError, match="'gremlin' is not a fault"):
        FaultInjector(random.Random(1)).script("gremlin")


def test_each_named_fault_says_what_is_seen_and_what_is_applied() -> None:
    assert all(
        isinstance(fault.effect, FaultEffect) and isinstance(fault.applied, Applied)
        for fault in faults.FAULTS_BY_NAME.values()
    )
    assert {fault.effect for fault in faults.FAULTS_BY_NAME.values()} == set(FaultEffect) - {
        FaultEffect.API_ERROR
    }
