"""The pace: exact in every sliding window, at the rate, and patient where it was told to be."""

import random
from collections import deque
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.config import Rate
from jobs.publish.rate_limiter import MAX_SLOW_CHATS, RESERVATION_SECONDS, RateLimiter
from jobs.publish.send_result import Sent, TryLater
from jobs.publish.sliding_windows import MAX_CATCH_UP
from tests.conftest import THOROUGH

CHANNEL, GROUP = -1001, -2002
USUAL = (Rate(30, 1.0), Rate(1, 1.0), Rate(20, 60.0))


def most_in(times: Iterable[float], seconds: float) -> int:
    """The most of these times in any window [t, t + seconds)."""
    window: deque[float] = deque()
    most = 0
    for at in sorted(times):
        window.append(at)
        while at - window[0] >= seconds - 1e-7:
            window.popleft()
        most = max(most, len(window))
    return most


class Line:
    """The way to a server: requests arrive after half the `latency`, and by chance later."""

    def __init__(self, pace: RateLimiter, chance: random.Random, latency: float, jitter: float) -> None:
        self.pace, self.chance, self.latency, self.jitter = pace, chance, latency, jitter
        self.now = 100.0
        self.answers: list[tuple[float, int]] = []
        self.arrived: list[tuple[float, int]] = []

    def send(self, chat_id: int, oversleep: float = 0.0) -> None:
        """As soon as the pace lets it."""
        while (wait := self.pace.wait_seconds(chat_id, self.now)) > 0:
            next_answer = min((at for at, _ in self.answers), default=self.now) - self.now
            self._sleep(min(wait, max(next_answer, 0.001)) + self.chance.random() * oversleep)
        late = self.chance.random() * self.jitter
        self.arrived.append((self.now + self.latency / 2 + late, chat_id))
        self.answers.append((self.now + self.latency + late, self.pace.start_request(chat_id, self.now)))

    def _sleep(self, seconds: float) -> None:
        until = self.now + seconds
        self.answers.sort()
        while self.answers and self.answers[0][0] <= until:
            at, ticket = self.answers.pop(0)
            self.pace.finish_request(ticket, at)
        self.now = until


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 60),
    seconds=st.sampled_from([0.5, 1.0, 3.0]),
    latency=st.sampled_from([0.0, 0.06, 0.4]),
    jitter=st.sampled_from([0.0, 0.01, 0.3, 2.5]),
)
def test_no_sliding_window_at_the_server_ever_exceeds_the_overall_rate(
    seed: int, count: int, seconds: float, latency: float, jitter: float
) -> None:
    chance = random.Random(seed)
    pace = RateLimiter(Rate(count, seconds), Rate(1, 0.001), Rate(20, 0.001))
    line = Line(pace, chance, latency, jitter)
    pace.finish_request(pace.start_request(1000, 80.0), 80.0 + latency)  # one undisturbed answer came before
    for number in range(4 * count + 5):
        line.send(number + 1, oversleep=chance.choice([0.0, 0.005, 1.0]))
    assert most_in((at for at, _ in line.arrived), seconds) <= count


@given(seed=st.integers(0, 10_000))
def test_no_sliding_window_of_a_chat_or_group_ever_exceeds_its_rate(seed: int) -> None:
    chance = random.Random(seed)
    line = Line(RateLimiter(Rate(1000, 1.0), Rate(1, 1.0), Rate(5, 20.0)), chance, 0.0, 0.0)
    for _ in range(60):
        line.send(chance.choice([1, 2, CHANNEL, GROUP]), oversleep=0.01)
    for chat_id in (1, 2, CHANNEL, GROUP):
        mine = [at for at, chat in line.arrived if chat == chat_id]
        assert most_in(mine, 1.0) <= 1
        assert chat_id > 0 or most_in(mine, 20.0) <= 5


@pytest.mark.parametrize(("count", "oversleep"), [(30, 0.004), (1000, 0.002), (5, 0.01)])
def test_the_rate_is_reached(count: int, oversleep: float) -> None:
    line = Line(RateLimiter(Rate(count, 1.0), Rate(1, 1.0), Rate(20, 60.0)), random.Random(7), 0.06, 0.0)
    for number in range(count * 10):
        line.send(number + 1, oversleep)
    times = sorted(at for at, _ in line.arrived)
    assert (len(times) - 1) / (times[-1] - times[0]) >= 0.97 * count


def test_posts_go_out_evenly_and_not_in_bursts() -> None:
    line = Line(RateLimiter(*USUAL), random.Random(7), 0.0, 0.0)
    for number in range(60):
        line.send(number + 1)
    assert most_in((at for at, _ in line.arrived), 0.1) <= 7


def test_a_flood_stops_its_chat_for_as_long_as_it_says_and_nothing_else() -> None:
    pace = RateLimiter(*USUAL)
    pace.record_flood(CHANNEL, 34, 100.0)
    assert pace.wait_seconds(CHANNEL, 100.0) == 34
    assert pace.wait_seconds(CHANNEL, 133.0) == 1
    assert pace.wait_seconds(CHANNEL, 134.0) == 0
    assert pace.wait_seconds(7, 100.0) == 0
    assert CHANNEL in pace.blocked_chats(133.0)
    assert pace.next_opening({CHANNEL, 7}, 100.0) == 34


@pytest.mark.parametrize("chats", [(1, 2), (CHANNEL, GROUP, 1)])
def test_a_flood_of_several_chats_stops_everything(chats: tuple[int, ...]) -> None:
    pace = RateLimiter(*USUAL)
    for place, chat_id in enumerate(chats):
        pace.record_flood(chat_id, 10 + place, 100.0)
    assert pace.wait_seconds(99, 100.0) == 10
    assert pace.capacity_within(100.0, 5.0) == 0
    assert pace.opens_in(100.0) == 10
    assert pace.wait_seconds(99, 100.0 + 10) == 0
    assert pace.wait_seconds(chats[-1], 100.0 + 10) == len(chats) - 1


def test_one_chats_hours_are_not_everybodys() -> None:
    pace = RateLimiter(*USUAL)
    for chat_id, seconds in ((CHANNEL, 7200), (GROUP, 5), (1, 5)):
        pace.record_flood(chat_id, seconds, 100.0)
    assert (pace.wait_seconds(99, 100.0), pace.wait_seconds(CHANNEL, 100.0)) == (5, 7200)
    for chat_id in (CHANNEL, GROUP, 1):
        pace.block_chat(chat_id, 7200, 200.0)
    assert pace.wait_seconds(99, 200.0) == 0


def test_two_channels_flooded_long_apart_stop_only_themselves() -> None:
    pace = RateLimiter(*USUAL)
    for at in range(0, 60, 20):
        pace.record_flood(CHANNEL - at, 5, 100.0 + at)
        assert pace.wait_seconds(99, 100.0 + at) == 0


def test_a_flooded_chat_is_slowed_and_slowly_forgiven() -> None:
    pace = RateLimiter(*USUAL)
    pace.record_flood(7, 1, 100.0)
    assert pace.try_acquire(7, 101.0) == 0
    assert pace.wait_seconds(7, 101.0) == pytest.approx(2.0, abs=0.01)
    assert pace.try_acquire(7, 8000.0) == 0
    assert pace.wait_seconds(7, 8000.0) == pytest.approx(1.0, abs=0.01)


def test_an_answer_takes_the_next_slot_and_a_post_waits_behind_it() -> None:
    pace = RateLimiter(Rate(5, 1.0), Rate(1, 1.0), Rate(20, 60.0))
    assert pace.try_acquire(1, 100.0) == 0
    wait = pace.try_acquire(2, 100.0, answer=True)
    assert 0 < wait <= 0.2
    assert pace.try_acquire(3, 100.0 + wait) > 0
    assert pace.try_acquire(2, 100.0 + wait, answer=True) == 0


def test_a_slot_promised_to_an_answer_that_never_comes_is_free_again() -> None:
    pace = RateLimiter(Rate(5, 1.0), Rate(1, 1.0), Rate(20, 60.0))
    pace.try_acquire(1, 100.0)
    wait = pace.try_acquire(2, 100.0, answer=True)
    assert pace.try_acquire(3, 100.0 + wait + 2 * RESERVATION_SECONDS) == 0


def test_answers_to_one_reader_keep_to_the_rate_of_a_chat() -> None:
    pace = RateLimiter(*USUAL)
    assert pace.try_acquire(7, 100.0, answer=True) == 0
    assert pace.try_acquire(7, 100.0, answer=True) == pytest.approx(1.0, abs=0.01)


def test_without_a_connection_nothing_goes_but_one_that_asks() -> None:
    pace = RateLimiter(*USUAL)
    pace.record_outcome("send", TryLater(2.0, "no connection"), 100.0)
    assert pace.wait_seconds(7, 100.0) == 2
    assert pace.wait_seconds(7, 100.0, answer=True) == 2
    assert pace.wait_seconds(7, 102.0) == 0
    pace.start_request(7, 102.0)
    assert pace.wait_seconds(8, 102.5) == 1.5
    pace.record_outcome("send", Sent(5), 103.0)
    assert pace.wait_seconds(8, 103.0) == 0


def test_requests_that_hang_count_until_they_are_answered() -> None:
    pace = RateLimiter(Rate(2, 1.0), Rate(1, 1.0), Rate(20, 60.0))
    tickets = [pace.start_request(number, 100.0 + number) for number in (1, 2)]
    assert pace.wait_seconds(3, 110.0) == float("inf")
    pace.finish_request(tickets[0], 110.0)
    assert 0 <= pace.wait_seconds(3, 111.0) < 1.1


def test_a_channels_minute_survives_a_restart() -> None:
    pace = RateLimiter(*USUAL)
    for second in range(20):
        pace.record_sent(CHANNEL, 50.0 + 2 * second)
    assert pace.wait_seconds(CHANNEL, 100.0) == pytest.approx(10.3, abs=0.001)


def test_memory_is_for_those_spoken_to_lately() -> None:
    pace = RateLimiter(Rate(1000, 1.0), Rate(1, 1.0), Rate(20, 60.0))
    now = 100.0
    for chat_id in range(1, 200_000 if THOROUGH else 20_000):
        now += 0.001
        pace.start_request(chat_id, now)
        pace.finish_request(chat_id, now)
    assert pace.count_tracked_chats() <= 1010
    assert len(pace.blocked_chats(now)) <= 1010


def test_floods_without_end_are_not_remembered_without_end() -> None:
    pace = RateLimiter(*USUAL)
    for number in range(3 * MAX_SLOW_CHATS):
        pace.record_flood(number + 1, 1, 100.0 + 20 * number)
    assert pace.count_tracked_chats() <= MAX_SLOW_CHATS + 1


def test_the_room_within_a_moment_follows_the_rate() -> None:
    pace = RateLimiter(Rate(1000, 1.0), Rate(1, 1.0), Rate(20, 60.0))
    pace.start_request(1, 100.0)
    assert 100 <= pace.capacity_within(100.0, 0.1) <= 100 + 1000 * MAX_CATCH_UP + 1


def test_what_cannot_be_paid_for_keeps_to_the_free_rate_and_waits_for_a_paid_broadcast() -> None:
    pace = RateLimiter(Rate(1000, 1.0), Rate(1, 1.0), Rate(20, 60.0), unpaid=Rate(30, 1.0))
    now, edits = 100.0, []
    for number in range(200):
        now += pace.wait_seconds(number + 1, now, unpaid=True)
        pace.start_request(number + 1, now, unpaid=True)
        edits.append(now)
    assert most_in(edits, 1.0) == 30
    assert 199 / (edits[-1] - edits[0]) >= 0.97 * 30
    assert most_in(edits, 0.1) <= 7
    for number in range(1000, 1100):
        assert pace.wait_seconds(number, now) < 0.01
        now += pace.wait_seconds(number, now)
        pace.start_request(number, now)
    assert pace.wait_seconds(5000, now, unpaid=True) > 0.8
