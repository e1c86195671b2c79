"""A cron line fires once for each local day that it names, whatever the clocks do that night."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.scheduler import Scheduler, cron_times, next_time

NEW_YORK = ZoneInfo("America/New_York")
#: The tables of zones say nothing new after this: the rules of the year before are continued.
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)

zones = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})).map(ZoneInfo)
moments = st.integers(0, 4 * 365 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
minutes = st.integers(0, 59).map(str)
hours = st.integers(0, 23).map(str)


def utc(*at: int) -> datetime:
    return datetime(*at, tzinfo=UTC)  # type: ignore[misc,arg-type]


def coming(line: str, zone: ZoneInfo, after: datetime, count: int) -> list[datetime]:
    return list(islice(cron_times(line, zone, after), count))


def test_w1_a_daily_line_does_not_leave_out_the_day_after_the_clocks_went_forward() -> None:
    pacific = ZoneInfo("US/Pacific")
    looked = datetime(2027, 3, 14, 0, 0, 7, tzinfo=pacific)
    assert next_time("0 0 * * *", pacific, looked) == utc(2027, 3, 15, 7)


def test_w2_a_daily_line_does_not_fire_twice_in_the_night_in_which_its_hour_comes_twice() -> None:
    first, second = utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 6, 30)
    assert next_time("30 1 * * *", NEW_YORK, first - timedelta(minutes=1)) == first
    for looked in (first, first + timedelta(seconds=7), second - timedelta(minutes=20), second):
        assert next_time("30 1 * * *", NEW_YORK, looked) == utc(2026, 11, 2, 6, 30)


def test_w4_seven_in_yangon_is_half_past_midnight_everywhere() -> None:
    yangon = ZoneInfo("Asia/Yangon")
    mornings = coming("0 7 * * *", yangon, utc(2026, 10, 31, 12), 400)
    assert {moment.time() for moment in mornings} == {time(0, 30)}
    assert {b - a for a, b in pairwise(mornings)} == {timedelta(days=1)}


def test_w5_a_line_of_every_quarter_goes_on_through_the_hour_that_comes_twice() -> None:
    looked = utc(2026, 11, 1, 5, 30)
    quarters = [looked + timedelta(minutes=15 * count) for count in range(1, 9)]
    assert coming("*/15 * * * *", NEW_YORK, looked, 8) == quarters


@pytest.mark.parametrize(
    "line", ["0,15,30,45 * * * *", "*/15 0-23 * * *", "*/15 */1 * * *", "*/15 0-5 * * *"]
)
def test_w5_the_same_however_it_is_written(line: str) -> None:
    looked = utc(2026, 11, 1, 5, 30)
    assert coming(line, NEW_YORK, looked, 8) == coming("*/15 * * * *", NEW_YORK, looked, 8)


def test_an_hourly_line_goes_on_by_elapsed_time_when_the_clocks_go_forward() -> None:
    before = utc(2027, 3, 14, 5, 30)
    assert coming("7 * * * *", NEW_YORK, before, 3) == [utc(2027, 3, 14, hour, 7) for hour in (6, 7, 8)]


@pytest.mark.parametrize("line", ["30 2 * * *", "*/15 2 * * *", "0 2 * * *", "30 */2 * * *"])
def test_an_hour_that_does_not_exist_is_taken_at_the_next_moment_that_does(line: str) -> None:
    assert utc(2027, 3, 14, 7) in coming(line, NEW_YORK, utc(2027, 3, 14, 4, 59), 4)


def test_a_midnight_that_does_not_exist_is_taken_too() -> None:
    cairo = ZoneInfo("Africa/Cairo")  # 2027-04-30 begins at one o'clock
    nights = coming("0 0 * * *", cairo, utc(2027, 4, 28, 12), 3)
    days = [date(2027, 4, 29), date(2027, 4, 30), date(2027, 5, 1)]
    assert [night.astimezone(cairo).date() for night in nights] == days


@given(zones, moments, minutes, hours)
def test_a_daily_line_fires_once_on_each_local_day(
    zone: ZoneInfo, after: datetime, minute: str, hour: str
) -> None:
    fired = coming(f"{minute} {hour} * * *", zone, after, 400)
    days = [moment.astimezone(zone).date() for moment in fired]
    assert days == [days[0] + timedelta(days=count) for count in range(400)]
    assert days[0] - after.astimezone(zone).date() in (timedelta(), timedelta(days=1))


@given(zones, moments, minutes, hours)
def test_a_daily_line_fires_at_its_time_wherever_that_time_exists(
    zone: ZoneInfo, after: datetime, minute: str, hour: str
) -> None:
    for moment in coming(f"{minute} {hour} * * *", zone, after, 400):
        local = moment.astimezone(zone)
        wanted = datetime.combine(local.date(), time(int(hour), int(minute)), zone)
        exists = wanted.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wanted.replace(tzinfo=None)
        wanted = wanted.astimezone(UTC)
        assert moment == wanted if exists else abs(moment - wanted) <= timedelta(hours=2)


@given(zones, moments, st.sampled_from(["*", "*/5", "*/15", "7,37", "0"]))
def test_a_line_of_every_hour_is_never_silent_for_longer_than_it_says(
    zone: ZoneInfo, after: datetime, minute: str
) -> None:
    fired = coming(f"{minute} * * * *", zone, after, 300)
    longest = {"*": 1, "*/5": 5, "*/15": 15}.get(minute, 60)
    shifted = 30  # Lord Howe's clocks change by half an hour
    assert all(b - a <= timedelta(minutes=longest + shifted) for a, b in pairwise(fired))


def _field(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just("*"), values, st.sampled_from(["*/2", "*/3", "1-5"]))


days, months = _field(st.integers(1, 28).map(str)), _field(st.integers(1, 12).map(str))
weekdays = _field(st.integers(0, 7).map(str))
lines = st.tuples(_field(minutes), _field(hours), days, months, weekdays).map(" ".join)


@given(lines, zones, moments)
def test_times_only_grow_and_each_is_the_next_after_the_one_before(
    line: str, zone: ZoneInfo, after: datetime
) -> None:
    fired = coming(line, zone, after, 6)
    assert after < fired[0]
    for one, following in pairwise(fired):
        assert one < following
        assert next_time(line, zone, one) == following


@given(lines, zones, moments, st.integers(1, 100_000))
def test_nothing_is_left_out_by_asking_later(
    line: str, zone: ZoneInfo, after: datetime, seconds: int
) -> None:
    """What comes next after a later moment is what comes next now, or comes after that."""
    later = after + timedelta(seconds=seconds)
    coming_now = next_time(line, zone, after)
    coming_later = next_time(line, zone, later)
    assert coming_later == coming_now if later < coming_now else coming_later > coming_now


async def test_a_job_of_the_timetable_is_due_when_the_line_says() -> None:
    async def job() -> None: ...

    timetable = Scheduler(NEW_YORK)
    timetable.add_job("digest", job, "30 1 * * *")
    timetable.start()
    due = timetable.next_runs()["digest"]
    await timetable.stop(1)
    local = due.astimezone(NEW_YORK)
    assert (local.hour, local.minute) == (1, 30)
    assert timedelta() < due - datetime.now(UTC) <= timedelta(hours=25)
