"""Feed updates on request, pushes from hubs, and article pages read late."""

from collections.abc import Iterable
from dataclasses import astuple

from jobs.ingest.feed_updates import UpdateBatch, UpdateCounts, UpdateRunner
from jobs.ingest.http import headers
from jobs.ingest.page import enrich
from jobs.ingest.update_feed import (
    FeedUpdate,
    IngestContext,
    UpdateState,
    check_missing,
    fetch_update,
    store_doubtful_push,
    store_push,
    write_feed_columns,
)
from jobs.ingest.websub.client import Push
from jobs.ingest.websub.push_age import MIN_PUSH_INTERVAL
from storage import feeds
from storage.records import Feed


async def update_feeds(ingest: IngestContext, some: Iterable[Feed]) -> UpdateCounts:
    """Update these feeds concurrently, due or not, as one recorded run."""
    rounds: list[UpdateBatch] = []
    updates = UpdateRunner(ingest, rounds.append)
    await updates.start_updates(some)
    await updates.wait_idle()
    counts = UpdateCounts(*map(sum, zip(*(astuple(ended.counts) for ended in rounds), strict=True)))
    if surprises := [one for ended in rounds for one in ended.errors]:
        raise ExceptionGroup(
            f"{len(surprises)} of {counts.looked} feed updates failed unexpectedly", surprises
        )
    return counts


async def update_one_feed(ingest: IngestContext, feed: Feed) -> FeedUpdate:
    """Update one feed now and store the result."""
    taken = await fetch_update(ingest, feed)
    await ingest.db.run(write_feed_columns, [taken])
    await check_missing(ingest, feed.id, list(taken.stored.missing))
    return taken


async def receive_push(ingest: IngestContext, push: Push) -> FeedUpdate | None:
    """Store what is new in a push; update the feed if some may be old. None if there is no such feed."""
    feed = await ingest.db.read(feeds.get, push.feed_id)
    if feed is None:
        return None
    taken, parsed = FeedUpdate(feed=feed, state=UpdateState.UNCHANGED), None
    if push.body:
        _, charset = headers.parse_content_type(push.content_type)
        taken, parsed = await store_push(ingest, feed, push.body, charset)
        if parsed is not None and not taken.stored.doubtful:
            return taken
    updated = None
    if await ingest.db.run(feeds.begin_push_update, feed.id, ingest.clock.now(), MIN_PUSH_INTERVAL):
        updated = await update_one_feed(ingest, feed)
    if parsed is not None:
        went_well = updated is not None and updated.state in (UpdateState.READ, UpdateState.UNCHANGED)
        await store_doubtful_push(ingest, feed, parsed, updated=went_well)
    return taken if taken.stored.new or updated is None else updated


async def read_late_pages(ingest: IngestContext, most: int = 5) -> int:
    """Read up to `most` article pages that came too late for their posts; return how many were read."""
    if ingest.read_page is None:
        return 0
    read = await enrich.enrich_late(ingest.db, ingest.read_page, ingest.clock, most)
    if read:
        ingest.on_stored()
    return read
