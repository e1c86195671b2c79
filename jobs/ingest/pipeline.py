"""A round of looks at all feeds that are due, a look at one, and what a hub pushes."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial

from jobs.ingest import headers, keeping, pages
from jobs.ingest.looking import Ingest, Look, LookState, failed, settle_push, take_look, take_push, write
from jobs.ingest.pushed import APART
from jobs.ingest.websub import Push
from storage import feeds, runs
from storage.records import Feed

JOB = "ingest"
#: Feeds looked at side by side; each host's own turn is the fetcher's business.
AT_ONCE = 64
#: Looks that brought nothing are written together, so many, or so old in seconds, at the most.
TOGETHER, NO_LONGER = 200, 1.0


@dataclass(slots=True)
class Counts:
    """What a round of looks brought."""

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


async def look_at_due(ingest: Ingest) -> Counts:
    """Look at every feed whose time has come; a run is recorded where there was one."""
    due = await ingest.db.read(feeds.due, ingest.clock.now())
    return await look_at(ingest, due) if due else Counts()


async def look_at(ingest: Ingest, some: Iterable[Feed]) -> Counts:
    """Look at these feeds, side by side, whether they are due or not, as one recorded run."""
    run = await ingest.db.run(runs.start, JOB, ingest.clock.now())
    counts, error = Counts(), "It was stopped before its end."
    try:
        await _round(ingest, list(some), counts)
        error = ""
    except Exception as surprise:
        error = f"{type(surprise).__name__}: {surprise}"
        raise
    finally:
        await ingest.db.run(runs.finish, run, ingest.clock.now(), asdict(counts), error)
    return counts


async def look(ingest: Ingest, feed: Feed) -> Look:
    """Look at one feed now and keep what comes of it."""
    taken = await take_look(ingest, feed)
    await ingest.db.run(write, [taken])
    await _look_after_missing(ingest, taken)
    return taken


async def take(ingest: Ingest, push: Push) -> Look | None:
    """Keep what is new of what a hub pushed; what may be old is a reason to look. None: no such feed."""
    feed = await ingest.db.read(feeds.get, push.feed_id)
    if feed is None:
        return None
    taken, parsed = Look(feed=feed, state=LookState.UNCHANGED), None
    if push.body:
        _, charset = headers.content_type(push.content_type)
        taken, parsed = await take_push(ingest, feed, push.body, charset)
        if parsed is not None and not taken.kept.doubtful:
            return taken
    looked = None
    if await ingest.db.run(feeds.begin_push_look, feed.id, ingest.clock.now(), APART):
        looked = await look(ingest, feed)
    if parsed is not None:
        went_well = looked is not None and looked.state in (LookState.READ, LookState.UNCHANGED)
        await settle_push(ingest, feed, parsed, looked=went_well)
    return taken if taken.kept.new or looked is None else looked


async def read_late_pages(ingest: Ingest, most: int = 5) -> int:
    """Read the pages that no post could wait for, a few at a time; how many were read."""
    if ingest.read_page is None:
        return 0
    read = await pages.read_late(ingest.db, ingest.read_page, ingest.clock, most)
    if read:
        ingest.stored()
    return read


async def _look_after_missing(ingest: Ingest, taken: Look) -> int:
    """Take back the articles that vanished from the feed and whose pages are gone too; how many."""
    if ingest.read_page is None or not taken.kept.missing:
        return 0
    take_back = partial(keeping.take_back, feed_id=taken.feed.id, named=ingest.policy.authority)
    gone = await pages.taken_back(ingest.db, ingest.read_page, ingest.clock, taken.kept.missing, take_back)
    if gone:
        ingest.stored()
    return len(gone)


async def _round(ingest: Ingest, due: list[Feed], counts: Counts) -> None:
    """All looks, at most `AT_ONCE` at a time; a surprise in one does not stop the others."""
    ledger = _Ledger(ingest)
    waiting = iter(due)
    surprises: list[Exception] = []

    async def work() -> None:
        for feed in waiting:
            try:
                taken = await take_look(ingest, feed)
            except Exception as surprise:  # a mistake of ours, met by one feed; the others go on
                surprises.append(surprise)
                taken = failed(
                    ingest, feed, f"Newswire failed at it ({type(surprise).__name__}: {surprise})."
                )
            counts.add(taken)
            await ledger.add(taken)
            counts.withdrawn += await _look_after_missing(ingest, taken)

    async with asyncio.TaskGroup() as workers:
        for _ in range(min(AT_ONCE, len(due))):
            workers.create_task(work())
            await asyncio.sleep(0)  # one by one: whoever else waits for the loop gets his turn between
    await ledger.flush()
    if surprises:
        raise ExceptionGroup(f"{len(surprises)} of {len(due)} looks broke", surprises)


class _Ledger:
    """Looks that brought nothing: written many at a time, because each transaction waits for the disk."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._looks: list[Look] = []
        self._since = ingest.clock.monotonic()

    async def add(self, taken: Look) -> None:
        """Note a look; it is written by and by."""
        if not taken.columns:
            return
        self._looks.append(taken)
        old = self._ingest.clock.monotonic() - self._since > NO_LONGER
        if len(self._looks) >= TOGETHER or old:
            await self.flush()

    async def flush(self) -> None:
        """Write what was noted."""
        looks, self._looks = self._looks, []
        self._since = self._ingest.clock.monotonic()
        if looks:
            await self._ingest.db.run(write, looks)


__all__ = [
    "Counts",
    "Ingest",
    "Look",
    "LookState",
    "look",
    "look_at",
    "look_at_due",
    "read_late_pages",
    "take",
]
