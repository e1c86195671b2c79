"""Feed updates in progress, each in its own task, so that a slow feed does not delay the others.

A tick starts an update of each feed that is due, and returns. The pages of articles that disappeared from a
feed are fetched concurrently with updates, separately for each feed.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from jobs.clock import with_timeout
from jobs.ingest.update_feed import (
    FeedUpdate,
    IngestContext,
    UpdateState,
    check_missing,
    failed_update,
    fetch_update,
    write_feed_columns,
)
from jobs.ingest.update_slots import UpdateSlots
from storage import feeds, job_runs
from storage.database import Connection
from storage.records import Feed

JOB = "ingest"
#: Updates without news are written in batches of this size at most, after this many seconds at most.
WRITE_BATCH_SIZE, WRITE_BATCH_DELAY = 200, 0.25
STOPPED = "It was stopped before it finished."


@dataclass(slots=True)
class UpdateCounts:
    """The totals of some feed updates, as kept in a job run."""

    looked: int = 0
    unchanged: int = 0
    failed: int = 0
    new: int = 0
    revised: int = 0
    withdrawn: int = 0

    def add(self, update: FeedUpdate) -> None:
        self.looked += 1
        self.unchanged += update.state is UpdateState.UNCHANGED
        self.failed += update.state in (UpdateState.FAILED, UpdateState.GONE)
        self.new += len(update.stored.new)
        self.revised += len(update.stored.revised)


@dataclass(slots=True)
class UpdateBatch:
    """The feed updates that have finished since the last report."""

    counts: UpdateCounts = field(default_factory=UpdateCounts)
    failed: list[FeedUpdate] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)  #: our own bugs, and database errors

    def add(self, taken: FeedUpdate) -> None:
        self.counts.add(taken)
        if taken.state in (UpdateState.FAILED, UpdateState.GONE):
            self.failed.append(taken)

    def error_text(self) -> str:
        """The distinct errors in one line; "" if there are none."""
        return "; ".join(dict.fromkeys(f"{type(one).__name__}: {one}" for one in self.errors))


class UpdateRunner:
    """Starts feed updates, never two of one feed at once; each batch is reported once its run is recorded."""

    def __init__(self, ingest: IngestContext, report: Callable[[UpdateBatch], None]) -> None:
        self._ingest = ingest
        self._report = report
        self._slots = UpdateSlots(ingest.clock)
        self._writer = _BatchWriter(ingest)
        self._tasks: set[asyncio.Task[None]] = set()
        self._updating: set[int] = set()  # feeds
        self._checking: set[int] = set()  # feeds whose missing articles' pages are being fetched
        self._missing: dict[int, list[int]] = {}  # articles still to be checked, by feed
        self._fetching = 0  # updates that have not fetched their feed yet
        self._batch = UpdateBatch()
        self._run: int | None = None
        self._recording = asyncio.Lock()

    async def start_due(self) -> None:
        """Start an update of each feed that is due and not being updated; report what has finished."""
        before = set(self._updating)  # an update that ends during the query may still be in its result
        due = await self._ingest.db.read(feeds.list_due, self._ingest.clock.now())
        if self._batch != UpdateBatch():
            await self._record_run()
        await self.start_updates(feed for feed in due if feed.id not in before)

    async def start_updates(self, some: Iterable[Feed]) -> None:
        """Start an update of each of these feeds, due or not."""
        wanted = list(some)
        if wanted or self._updating:
            await self._open_run()
        for feed in wanted:
            if feed.id not in self._updating:
                self._updating.add(feed.id)
                self._fetching += 1
                self._start_task(self._update_feed(feed))

    async def wait_idle(self) -> None:
        """Wait until no update is in progress."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self, timeout: float) -> None:
        """Give running updates `timeout` seconds to finish, then cancel them: they stay due."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=timeout)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            if late:
                await self._record_run(STOPPED)

    def _start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _update_feed(self, feed: Feed) -> None:
        try:
            taken = await self._update_in_slot(feed)
            self._batch.add(taken)
            self._queue_missing(feed.id, taken.stored.missing)
            await self._writer.write(taken, wait=self._fetching > 0)
        except Exception as surprise:
            self._batch.errors.append(surprise)
        finally:
            self._updating.remove(feed.id)
        await self._record_if_idle()

    async def _update_in_slot(self, feed: Feed) -> FeedUpdate:
        try:
            async with self._slots.hold_slot(feed.id):
                return await fetch_update(self._ingest, feed)
        except (
            Exception
        ) as surprise:  # our own bug: it fails this feed alone, and the next update may succeed
            self._batch.errors.append(surprise)
            reason = f"Newswire itself failed ({type(surprise).__name__}: {surprise})."
            return failed_update(self._ingest, feed, reason)
        finally:
            self._fetching -= 1

    def _queue_missing(self, feed_id: int, missing: Iterable[int]) -> None:
        """Check the pages of missing articles, including those left from the last time, in the background."""
        waiting = self._missing.setdefault(feed_id, [])
        waiting += missing
        if not waiting:
            del self._missing[feed_id]
        elif feed_id not in self._checking:
            self._checking.add(feed_id)
            self._start_task(self._check_missing(feed_id, waiting))

    async def _check_missing(self, feed_id: int, waiting: list[int]) -> None:
        try:
            self._batch.counts.withdrawn += await check_missing(self._ingest, feed_id, waiting)
        except Exception as surprise:
            self._batch.errors.append(surprise)
        finally:
            self._checking.remove(feed_id)
        await self._record_if_idle()

    async def _record_if_idle(self) -> None:
        """Report now instead of at the next tick if nothing else is in progress."""
        if not self._updating and not self._checking:
            await self._record_run()

    async def _open_run(self) -> None:
        async with self._recording:
            if self._run is None:
                self._run = await self._ingest.db.run(job_runs.start_run, JOB, self._ingest.clock.now())

    async def _record_run(self, error: str = "") -> None:
        """Record what has finished as one run, and report it."""
        async with self._recording:
            run, self._run = self._run, None
            ended, self._batch = self._batch, UpdateBatch()
            why = error or ended.error_text()
            try:
                await self._ingest.db.run(
                    _finish_run, run, self._ingest.clock.now(), asdict(ended.counts), why
                )
            except Exception as surprise:  # the database failed; the batch is reported nevertheless
                ended.errors.append(surprise)
        self._report(ended)


def _finish_run(
    connection: Connection, run: int | None, now: datetime, counts: dict[str, int], error: str
) -> None:
    if run is None:
        run = job_runs.start_run(connection, JOB, now)
    job_runs.finish_run(connection, run, now, counts, error)


class _BatchWriter:
    """Writes updates without news in batches, because each transaction waits for the disk."""

    def __init__(self, ingest: IngestContext) -> None:
        self._ingest = ingest
        self._updates: list[FeedUpdate] = []
        self._write_task: asyncio.Task[None] | None = None
        self._full = asyncio.Event()

    async def write(self, taken: FeedUpdate, *, wait: bool) -> None:
        """Return when the update is written; `wait`: others may soon join the batch."""
        if taken.columns:
            self._updates.append(taken)
            if self._write_task is None:
                self._full.clear()
                self._write_task = asyncio.create_task(self._write_batch())
        if not wait or len(self._updates) >= WRITE_BATCH_SIZE:
            self._full.set()
        if taken.columns and self._write_task:
            await asyncio.shield(self._write_task)

    async def _write_batch(self) -> None:
        with suppress(TimeoutError):
            await with_timeout(self._ingest.clock, WRITE_BATCH_DELAY, self._wait_full())
        updates, self._updates, self._write_task = self._updates, [], None
        await self._ingest.db.run(write_feed_columns, updates)

    async def _wait_full(self) -> None:
        await self._full.wait()
