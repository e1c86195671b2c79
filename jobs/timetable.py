"""Which job runs when: the only file that knows APScheduler."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

Job = Callable[[], Coroutine[Any, Any, object]]

log = structlog.get_logger()

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def cron_trigger(line: str, zone: ZoneInfo) -> BaseTrigger:
    """The trigger of a five-field cron line, read as cron reads it.

    APScheduler counts weekdays from Monday = 0 where cron counts from Sunday = 0, and wants both a day and
    a weekday to match where cron is content with either (APScheduler 3.11, `CronTrigger.from_crontab`).

    Raises:
        ValueError: it is no such line, or its time never comes.
    """
    fields = line.split()
    if len(fields) != 5:
        raise ValueError(f"a cron line has five fields, not {len(fields)}")
    minute, hour, day, month, weekday = fields
    by_day = CronTrigger(minute=minute, hour=hour, day=day, month=month, timezone=zone)
    by_weekday = CronTrigger(
        minute=minute, hour=hour, month=month, day_of_week=_weekdays(weekday), timezone=zone
    )
    chosen: BaseTrigger = by_day
    if weekday != "*":
        chosen = by_weekday if day == "*" else OrTrigger([by_day, by_weekday])
    if chosen.get_next_fire_time(None, datetime.now(zone)) is None:
        raise ValueError("its time never comes")
    return chosen


def _weekdays(field: str) -> str:
    """A cron weekday field with names instead of numbers: `1-5` becomes `mon,tue,wed,thu,fri`."""
    days: list[str] = []
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("0-6" if span == "*" else span).partition("-")
        if not (first.isdigit() and (last or first).isdigit()):
            days.append(part)
            continue
        until = int(last) if last else (6 if step else int(first))
        days += [_WEEKDAYS[number] for number in range(int(first), until + 1, int(step or 1))]
    if not days:
        raise ValueError("no weekday in it")
    return ",".join(dict.fromkeys(days))


def next_time(schedule: timedelta | str, zone: ZoneInfo, after: datetime) -> datetime:
    """When `schedule`, a duration or a cron line in `zone`, comes next after `after`."""
    if isinstance(schedule, timedelta):
        return after + schedule
    coming = cron_trigger(schedule, zone).get_next_fire_time(None, after + timedelta(microseconds=1))
    assert isinstance(coming, datetime)
    return coming.astimezone(after.tzinfo)


class Timetable:
    """The jobs and their hours. A job never runs beside itself; a missed run is made up for once."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._running: set[asyncio.Task[object]] = set()
        self._scheduler = AsyncIOScheduler(
            timezone=zone, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def add(self, name: str, job: Job, schedule: timedelta | str, *, at_once: bool = False) -> None:
        """Run `job` on `schedule`; `at_once`: for the first time as soon as the timetable starts.

        A job that fails is logged, and comes again at its next hour.
        """
        if isinstance(schedule, timedelta):
            trigger: BaseTrigger = IntervalTrigger(seconds=schedule.total_seconds(), timezone=self._zone)
        else:
            trigger = cron_trigger(schedule, self._zone)
        first = {"next_run_time": datetime.now(self._zone)} if at_once else {}
        self._scheduler.add_job(self._run, trigger, (name, job), id=name, name=name, **first)

    async def _run(self, name: str, job: Job) -> None:
        """In a task of its own: the scheduler cancels what it runs when it is stopped."""
        task = asyncio.ensure_future(job())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            return
        if not task.cancelled() and (error := task.exception()):
            log.error("a job failed", job=name, exc_info=error)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()

    def next_runs(self) -> dict[str, datetime]:
        """Each job's name and when it runs next."""
        return {job.id: job.next_run_time for job in self._scheduler.get_jobs() if job.next_run_time}

    async def stop(self, patience: float) -> None:
        """Start no further job; what runs gets `patience` seconds to end."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
