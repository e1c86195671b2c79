"""Cron lines mean here what cron means by them."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.scheduler import Scheduler, next_time

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def following(line: str, zone: ZoneInfo = ZONE) -> datetime:
    return next_time(line, zone, MONDAY)


def test_weekdays_are_counted_from_sunday_as_cron_does() -> None:
    assert following("0 7 * * 1") == datetime(2026, 11, 30, 7, tzinfo=UTC)  # the coming Monday
    assert following("0 7 * * 0") == following("0 7 * * 7") == datetime(2026, 11, 29, 7, tzinfo=UTC)


def test_a_range_of_weekdays_and_names_mean_the_same() -> None:
    assert following("0 7 * * 2-5") == following("0 7 * * tue-fri") == datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert following("0 7 * * */3") == datetime(2026, 11, 25, 7, tzinfo=UTC)  # Sunday, Wednesday, Saturday


def test_a_day_and_a_weekday_together_mean_either() -> None:
    assert following("0 7 25 * 5") == datetime(2026, 11, 25, 7, tzinfo=UTC)  # the 25th comes before Friday


def test_a_cron_line_is_read_in_the_newsrooms_zone() -> None:
    assert following("0 7 * * *", ZoneInfo("Asia/Yangon")) == datetime(2026, 11, 24, 0, 30, tzinfo=UTC)


def test_a_duration_comes_next_after_itself() -> None:
    assert next_time(timedelta(minutes=2), ZONE, MONDAY) == MONDAY + timedelta(minutes=2)


@pytest.mark.parametrize(
    "line", ["", "* * * *", "* * * * * *", "60 * * * *", "a b c d e", "0 0 31 2 *", "0 0 * * 8"]
)
def test_what_is_no_cron_line_is_refused(line: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        next_time(line, ZONE, MONDAY)


async def test_a_job_runs_when_the_timetable_starts() -> None:
    ran = asyncio.Event()

    async def job() -> None:
        ran.set()

    timetable = Scheduler(ZONE)
    timetable.add_job("look", job, timedelta(hours=1), at_once=True)
    timetable.start()
    try:
        await asyncio.wait_for(ran.wait(), 5)
        assert list(timetable.next_runs()) == ["look"]
    finally:
        await timetable.stop(1)


async def test_a_running_job_ends_before_the_timetable_has_stopped() -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def job() -> None:
        begun.set()
        await go_on.wait()
        ended.set()

    timetable = Scheduler(ZONE)
    timetable.add_job("look", job, timedelta(hours=1), at_once=True)
    timetable.start()
    await asyncio.wait_for(begun.wait(), 5)
    asyncio.get_running_loop().call_soon(go_on.set)
    await timetable.stop(5)
    assert ended.is_set()


async def test_a_job_that_fails_is_logged_and_stays_on_the_timetable() -> None:
    failed = asyncio.Event()

    async def job() -> None:
        failed.set()
        raise RuntimeError("the disk is full")

    timetable = Scheduler(ZONE)
    timetable.add_job("look", job, timedelta(hours=1), at_once=True)
    timetable.start()
    await asyncio.wait_for(failed.wait(), 5)
    assert list(timetable.next_runs()) == ["look"]
    await timetable.stop(5)
