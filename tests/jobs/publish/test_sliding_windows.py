"""Posts and answers share the rates: each is sure of a third, and what one leaves is the other's."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.config import Rate
from jobs.publish.rate_limiter import ANSWER_DELAY, RESERVATION_SECONDS, RateLimiter
from jobs.publish.sliding_windows import SHARE
from tests.jobs.publish.test_rate_limiter import most_in

GROUP, READER = -2002, 7
RATES = st.sampled_from([Rate(1, 1.0), Rate(2, 1.0), Rate(5, 2.0), Rate(30, 1.0), Rate(100, 1.0)])
FREE = Rate(1000, 0.001)


@dataclass
class Side:
    """One who has always something to say while it is awake; it looks again when it was told, or later."""

    answer: bool
    grain: float  #: it oversleeps by so much at the most
    awake: tuple[float, float] = (0.0, float("inf"))
    chat: int = 0  #: 0 for a chat of its own each time
    unpaid: bool = False
    sent: list[float] = field(default_factory=list)


def run(
    pace: RateLimiter, sides: list[Side], seconds: float, chance: random.Random, latency: float = 0.0
) -> None:
    """Everybody says what he may, until the time is over."""
    wakes = {id(side): side.awake[0] for side in sides}
    flying: list[tuple[float, int]] = []
    number = 0
    while (side := min(sides, key=lambda one: wakes[id(one)])) and (now := wakes[id(side)]) < seconds:
        for at, ticket in sorted(each for each in flying if each[0] <= now):
            pace.finish_request(ticket, at)
        flying = [each for each in flying if each[0] > now]
        number += 1
        about = {"answer": side.answer, "unpaid": side.unpaid}
        if now > side.awake[1]:
            wakes[id(side)] = float("inf")
        elif wait := pace.wait_seconds(side.chat or number, now, **about):
            wakes[id(side)] = now + min(wait, 0.5) + chance.random() * side.grain
            if side.chat and not side.answer:
                pace.set_pending_chats({side.chat})
        else:
            late = latency * (0.5 + chance.random())
            flying.append((now + late, pace.start_request(side.chat or number, now, **about)))
            side.sent.append(now + late)


def in_window(times: list[float], begin: float, seconds: float) -> int:
    return sum(begin <= at < begin + seconds for at in times)


@given(rate=RATES, seed=st.integers(0, 1000), latency=st.sampled_from([0.0, 0.05, 0.3]))
def test_however_they_share_no_window_is_above_the_rate(rate: Rate, seed: int, latency: float) -> None:
    chance = random.Random(seed)
    pace = RateLimiter(rate, FREE, FREE)
    pace.finish_request(
        pace.start_request(1, -20.0), -20.0 + latency / 2
    )  # one undisturbed answer came before
    sides = []
    for answer in (True, False, chance.random() < 0.5):
        grain = chance.choice([0.001, 0.02])
        begin, end = sorted((chance.random() * 8, 4 + chance.random() * 8))
        sides.append(Side(answer, grain, (begin, end)))
    run(pace, sides, 12.0, chance, latency)
    assert most_in([at for side in sides for at in side.sent], rate.seconds) <= rate.count


@given(rate=RATES, seed=st.integers(0, 1000), late=st.booleans())
def test_while_both_wait_each_has_a_third_of_every_window(rate: Rate, seed: int, late: bool) -> None:
    chance = random.Random(seed)
    begins = (0.0, 3.0) if late else (3.0, 0.0)
    posts = Side(False, 0.004, (begins[0], 1e9))
    answers = Side(True, 0.002, (begins[1], 1e9))
    run(RateLimiter(rate, FREE, FREE), [posts, answers], 15.0, chance)
    window = max(rate.seconds, SHARE * rate.seconds / rate.count) * 1.05  # three slots at least
    for side in (posts, answers):
        for place in range(40):
            begin = 3.0 + place * (12.0 - window) / 40
            assert in_window(side.sent, begin, window) >= rate.count // SHARE - (rate.count > SHARE)
    both = [in_window(side.sent, 4.0, 11.0) for side in (posts, answers)]
    assert both[0] <= both[1] + 1  # what is left is the answers'


@given(rate=RATES, seed=st.integers(0, 1000), answers_first=st.booleans())
def test_who_comes_while_the_other_has_all_waits_for_a_slot_or_two(
    rate: Rate, seed: int, answers_first: bool
) -> None:
    loud, quiet = Side(answers_first, 0.002), Side(not answers_first, 0.002, (6.0, 1e9))
    run(RateLimiter(rate, FREE, FREE), [loud, quiet], 12.0, random.Random(seed))
    assert quiet.sent[0] - 6.0 <= 3 * rate.seconds / rate.count + 0.1


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize("rate", [Rate(1, 1.0), Rate(2, 1.0), Rate(30, 1.0), Rate(1000, 1.0)])
def test_who_is_alone_has_all(rate: Rate, answer: bool) -> None:
    side = Side(answer, 0.002)
    run(RateLimiter(rate, FREE, FREE), [side], 20.0, random.Random(7))
    assert len(side.sent) >= 0.98 * 20 * rate.count / rate.seconds


def test_who_stopped_waiting_keeps_nobody_waiting_for_long() -> None:
    loud, gone = Side(True, 0.001), Side(False, 0.001, (0.0, 5.0))
    run(RateLimiter(Rate(30, 1.0), FREE, FREE), [loud, gone], 10.0, random.Random(7))
    assert in_window(loud.sent, 5.0 + RESERVATION_SECONDS, 4.0) >= 0.95 * 4 * 30


@given(seed=st.integers(0, 1000))
def test_edits_that_cannot_be_paid_for_are_shared_too(seed: int) -> None:
    posts, answers = Side(False, 0.004, unpaid=True), Side(True, 0.002, unpaid=True)
    pace = RateLimiter(Rate(1000, 1.0), FREE, FREE, unpaid=Rate(30, 1.0))
    run(pace, [posts, answers], 8.0, random.Random(seed))
    assert most_in([*posts.sent, *answers.sent], 1.0) <= 30
    for second in range(2, 7):
        assert in_window(posts.sent, second, 1.05) >= 9
        assert in_window(answers.sent, second, 1.05) >= 9


@given(seed=st.integers(0, 1000), begins=st.floats(0.0, 130.0))
def test_in_a_group_that_goes_on_asking_a_post_finds_a_slot(seed: int, begins: float) -> None:
    answers = Side(True, 0.01, chat=GROUP)
    posts = Side(False, 0.01, (begins, 1e9), chat=GROUP)
    run(
        RateLimiter(Rate(30, 1.0), Rate(1, 1.0), Rate(20, 60.0)), [answers, posts], 260.0, random.Random(seed)
    )
    assert posts.sent[0] - begins <= SHARE - 1 + ANSWER_DELAY
    assert most_in([*posts.sent, *answers.sent], 60.0) <= 20
    assert in_window(posts.sent, begins, 61.0) >= 20 // SHARE
    assert in_window(answers.sent, begins + 61.0, 61.0) >= 20 // SHARE


def test_a_group_that_only_asks_has_nearly_all_of_its_window() -> None:
    answers = Side(True, 0.01, chat=GROUP)
    run(RateLimiter(Rate(30, 1.0), Rate(1, 1.0), Rate(20, 60.0)), [answers], 300.0, random.Random(7))
    assert len(answers.sent) >= 5 * 19


def test_a_channel_in_which_nobody_asks_has_all_of_its_window_at_once() -> None:
    posts = Side(False, 0.01, chat=GROUP)
    run(RateLimiter(Rate(30, 1.0), Rate(1, 1.0), Rate(20, 60.0)), [posts], 21.0, random.Random(7))
    assert len(posts.sent) == 20


def test_of_three_messages_to_a_reader_who_goes_on_asking_one_is_an_alert_that_is_owed() -> None:
    pace, now, answers = RateLimiter(Rate(30, 1.0), Rate(1, 1.0), Rate(20, 60.0)), 100.0, 0
    pace.set_pending_chats({READER})
    while not pace.wait_seconds(READER, now, answer=True) > 1.1:
        now += pace.wait_seconds(READER, now, answer=True)
        pace.start_request(READER, now, answer=True)
        answers += 1
    assert answers == SHARE - 1
    now += pace.wait_seconds(READER, now)
    assert pace.try_acquire(READER, now) == 0
    assert pace.wait_seconds(READER, now, answer=True) <= 1.1
