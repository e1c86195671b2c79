"""The scheduler of recurring jobs, over APScheduler and cronsim."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger
from cronsim import CronSim, CronSimError

Job = Callable[[], Coroutine[Any, Any, object]]

log = structlog.get_logger()


class _CronTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """A cron line as a trigger of APScheduler."""

    def __init__(self, line: str, zone: ZoneInfo) -> None:
        self._line, self._zone = line, zone

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return next_time(self._line, self._zone, previous or now)


def cron_times(line: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The times of a five-field cron line in `zone` after `after`, in UTC and in order.

    Each local time occurs once: one that a change of the clocks skips is moved to the next moment that
    exists, and of one that occurs twice the first is taken. A line that runs hourly or more often goes by
    elapsed time.

    Raises:
        ValueError: it is no such line, or has no next time.
    """
    last = after.astimezone(UTC)
    for coming in _create_cronsim(line, after.astimezone(zone)):
        moment = coming.astimezone(UTC)
        if moment > last:
            yield (last := moment)
    raise ValueError("its time never comes")


def _create_cronsim(line: str, local: datetime) -> CronSim:
    """cronsim's times. It goes by elapsed time if there are six fields, or a star before minute or hour: then
    `*/15 2 * * *` would leave out a day. So what a daily line names is written out."""
    fields = _split_fields(line)
    try:
        hourly = CronSim(" ".join(("0", *fields)), local)
        if any((hour + 1) % 24 in hourly.hours for hour in hourly.hours):
            return hourly
        named = [",".join(map(str, sorted(each))) for each in (hourly.minutes, hourly.hours)]
        return CronSim(" ".join((*named, *fields[2:])), local)
    except CronSimError as error:
        raise ValueError(str(error)) from None


def _split_fields(line: str) -> list[str]:
    fields = line.lower().split()
    if len(fields) != 5:
        raise ValueError(f"a cron line has five fields, not {len(fields)}")
    fields[4] = fields[4].replace("-sun", "-7")  # `sat-sun`: cronsim counts Sunday first
    return fields


def next_time(schedule: timedelta | str, zone: ZoneInfo, after: datetime) -> datetime:
    """When `schedule`, a duration or a cron line in `zone`, comes next after `after`."""
    if isinstance(schedule, timedelta):
        return after + schedule
    return next(cron_times(schedule, zone, after)).astimezone(after.tzinfo)


class Scheduler:
    """Runs jobs on their schedules. A job never overlaps itself; missed runs are made up for by one."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._running: set[asyncio.Task[object]] = set()
        self._apscheduler = AsyncIOScheduler(
            timezone=zone, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def add_job(self, name: str, job: Job, schedule: timedelta | str, *, at_once: bool = False) -> None:
        """Run `job` on `schedule`; `at_once`: for the first time when the scheduler starts.

        A job that fails is logged, and runs again at its next time.
        """
        if isinstance(schedule, timedelta):
            trigger: BaseTrigger = IntervalTrigger(seconds=schedule.total_seconds(), timezone=self._zone)
        else:
            trigger = _CronTrigger(schedule, self._zone)
        first = {"next_run_time": datetime.now(self._zone)} if at_once else {}
        self._apscheduler.add_job(self._run_job, trigger, (name, job), id=name, name=name, **first)

    async def _run_job(self, name: str, job: Job) -> None:
        """Run the job in a task of its own, because APScheduler cancels what it runs when it stops."""
        task = asyncio.ensure_future(job())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            return
        if not task.cancelled() and (error := task.exception()):
            log.error("job failed", job=name, exc_info=error)

    def start(self) -> None:
        """Start; an event loop must be running."""
        self._apscheduler.start()

    def next_runs(self) -> dict[str, datetime]:
        """Each job's name and when it runs next."""
        return {job.id: job.next_run_time for job in self._apscheduler.get_jobs() if job.next_run_time}

    async def stop(self, timeout: float) -> None:
        """Start no further job; running ones have `timeout` seconds to end before they are cancelled."""
        if self._apscheduler.running:
            self._apscheduler.shutdown(wait=False)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=timeout)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
