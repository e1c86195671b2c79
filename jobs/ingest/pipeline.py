"""Looks for those who want to see what they bring, what a hub pushes, and pages read late."""

from collections.abc import Iterable
from dataclasses import astuple

from jobs.ingest.feed_updates import Counts, Looks, Round
from jobs.ingest.http import headers
from jobs.ingest.page import enrich
from jobs.ingest.update_feed import (
    Ingest,
    Look,
    LookState,
    look_after_missing,
    settle_push,
    take_look,
    take_push,
    write,
)
from jobs.ingest.websub.client import Push
from jobs.ingest.websub.push_age import APART
from storage import feeds
from storage.records import Feed


async def look_at(ingest: Ingest, some: Iterable[Feed]) -> Counts:
    """Look at these feeds, side by side, whether they are due or not, as one recorded run."""
    rounds: list[Round] = []
    looks = Looks(ingest, rounds.append)
    await looks.begin(some)
    await looks.ended()
    counts = Counts(*map(sum, zip(*(astuple(ended.counts) for ended in rounds), strict=True)))
    if surprises := [one for ended in rounds for one in ended.surprises]:
        raise ExceptionGroup(f"{len(surprises)} of {counts.looked} looks broke", surprises)
    return counts


async def look(ingest: Ingest, feed: Feed) -> Look:
    """Look at one feed now and keep what comes of it."""
    taken = await take_look(ingest, feed)
    await ingest.db.run(write, [taken])
    await look_after_missing(ingest, feed.id, list(taken.kept.missing))
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
    read = await enrich.read_late(ingest.db, ingest.read_page, ingest.clock, most)
    if read:
        ingest.stored()
    return read
