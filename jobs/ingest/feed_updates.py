"""The looks under way: each in a task of its own, so that no feed waits because another is slow.

A tick begins a look at each feed that is due, and returns. The pages of articles that vanished from a feed
are asked beside the looks, for each feed by itself.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from jobs.clock import within
from jobs.ingest.update_feed import Ingest, Look, LookState, failed, look_after_missing, take_look, write
from jobs.ingest.update_slots import Places
from storage import feeds, job_runs
from storage.database import Connection
from storage.records import Feed

JOB = "ingest"
#: Looks that brought nothing are written together, so many, or so old in seconds, at the most.
TOGETHER, NO_LONGER = 200, 0.25
STOPPED = "It was stopped before its end."


@dataclass(slots=True)
class Counts:
    """What looks brought."""

    looked: int = 0
    unchanged: int = 0
    failed: int = 0
    new: int = 0
    revised: int = 0
    withdrawn: int = 0

    def add(self, look: Look) -> None:
        self.looked += 1
        self.unchanged += look.state is LookState.UNCHANGED
        self.failed += look.state in (LookState.FAILED, LookState.GONE)
        self.new += len(look.kept.new)
        self.revised += len(look.kept.revised)


@dataclass(slots=True)
class Round:
    """The looks that have ended since the last round was told; `runs` keeps its counts."""

    counts: Counts = field(default_factory=Counts)
    failed: list[Look] = field(default_factory=list)
    surprises: list[Exception] = field(default_factory=list)  #: mistakes of ours, and a database that fails

    def add(self, taken: Look) -> None:
        self.counts.add(taken)
        if taken.state in (LookState.FAILED, LookState.GONE):
            self.failed.append(taken)

    def error(self) -> str:
        """What broke, "" where nothing did."""
        return "; ".join(dict.fromkeys(f"{type(one).__name__}: {one}" for one in self.surprises))


class Looks:
    """Begins looks, at one feed never twice at once; `tell` gets each round when its run is kept."""

    def __init__(self, ingest: Ingest, tell: Callable[[Round], None]) -> None:
        self._ingest = ingest
        self._tell = tell
        self._places = Places(ingest.clock)
        self._ledger = _Ledger(ingest)
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: set[int] = set()  # feeds
        self._asking: set[int] = set()  # feeds whose vanished articles' pages are being asked
        self._missing: dict[int, list[int]] = {}  # the articles that are still to be asked for, by feed
        self._at_sites = 0  # looks that have brought nothing yet
        self._round = Round()
        self._run: int | None = None
        self._recording = asyncio.Lock()

    async def tick(self) -> None:
        """Begin a look at each feed that is due and is not being looked at; tell what has ended so far."""
        before = set(self._looking)  # a look that ends while we read may still be among those read
        due = await self._ingest.db.read(feeds.due, self._ingest.clock.now())
        if self._round != Round():
            await self._record()
        await self.begin(feed for feed in due if feed.id not in before)

    async def begin(self, some: Iterable[Feed]) -> None:
        """Begin a look at each of these, whether it is due or not."""
        wanted = list(some)
        if wanted or self._looking:
            await self._open_run()
        for feed in wanted:
            if feed.id not in self._looking:
                self._looking.add(feed.id)
                self._at_sites += 1
                self._start(self._look(feed))

    async def ended(self) -> None:
        """Wait until nothing is under way any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self, patience: float) -> None:
        """What is under way gets `patience` seconds to end; the rest is done again at the next start."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            if late:
                await self._record(STOPPED)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self, feed: Feed) -> None:
        try:
            taken = await self._take(feed)
            self._round.add(taken)
            self._ask_for(feed.id, taken.kept.missing)
            await self._ledger.write(taken, wait=self._at_sites > 0)
        except Exception as surprise:
            self._round.surprises.append(surprise)
        finally:
            self._looking.remove(feed.id)
        await self._record_the_last()

    async def _take(self, feed: Feed) -> Look:
        try:
            async with self._places.place(feed.id):
                return await take_look(self._ingest, feed)
        except Exception as surprise:  # a mistake of ours, met by one feed; its next look may go well
            self._round.surprises.append(surprise)
            reason = f"Newswire failed at it ({type(surprise).__name__}: {surprise})."
            return failed(self._ingest, feed, reason)
        finally:
            self._at_sites -= 1

    def _ask_for(self, feed_id: int, missing: Iterable[int]) -> None:
        """Ask the pages of what vanished, and of what is left of the last time, beside the looks."""
        waiting = self._missing.setdefault(feed_id, [])
        waiting += missing
        if not waiting:
            del self._missing[feed_id]
        elif feed_id not in self._asking:
            self._asking.add(feed_id)
            self._start(self._ask(feed_id, waiting))

    async def _ask(self, feed_id: int, waiting: list[int]) -> None:
        try:
            self._round.counts.withdrawn += await look_after_missing(self._ingest, feed_id, waiting)
        except Exception as surprise:
            self._round.surprises.append(surprise)
        finally:
            self._asking.remove(feed_id)
        await self._record_the_last()

    async def _record_the_last(self) -> None:
        """Tell now, and not at the next tick, where nothing else is going on."""
        if not self._looking and not self._asking:
            await self._record()

    async def _open_run(self) -> None:
        async with self._recording:
            if self._run is None:
                self._run = await self._ingest.db.run(job_runs.start, JOB, self._ingest.clock.now())

    async def _record(self, error: str = "") -> None:
        """Keep what has ended as one run, and tell it."""
        async with self._recording:
            run, self._run = self._run, None
            ended, self._round = self._round, Round()
            why = error or ended.error()
            try:
                await self._ingest.db.run(_finish, run, self._ingest.clock.now(), asdict(ended.counts), why)
            except Exception as surprise:  # the database: what ended is told all the same
                ended.surprises.append(surprise)
        self._tell(ended)


def _finish(
    connection: Connection, run: int | None, now: datetime, counts: dict[str, int], error: str
) -> None:
    if run is None:
        run = job_runs.start(connection, JOB, now)
    job_runs.finish(connection, run, now, counts, error)


class _Ledger:
    """Looks that brought nothing: written many at a time, because each transaction waits for the disk."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._looks: list[Look] = []
        self._written: asyncio.Task[None] | None = None
        self._full = asyncio.Event()

    async def write(self, taken: Look, *, wait: bool) -> None:
        """Return when the look is written; `wait` says that more may come to be written with it."""
        if taken.columns:
            self._looks.append(taken)
            if self._written is None:
                self._full.clear()
                self._written = asyncio.create_task(self._write_together())
        if not wait or len(self._looks) >= TOGETHER:
            self._full.set()
        if taken.columns and self._written:
            await asyncio.shield(self._written)

    async def _write_together(self) -> None:
        with suppress(TimeoutError):
            await within(self._ingest.clock, NO_LONGER, self._filled())
        looks, self._looks, self._written = self._looks, [], None
        await self._ingest.db.run(write, looks)

    async def _filled(self) -> None:
        await self._full.wait()
