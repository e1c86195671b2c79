"""A slow feed does not delay others, and decompressed output is always counted."""

import asyncio
import gzip
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import brotli
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as some

from jobs.ingest import update_feed, update_slots
from jobs.ingest.feed_updates import STOPPED, UpdateBatch, UpdateRunner
from jobs.ingest.http.decompress import OUTPUT_CHUNK, DecompressionFailed, Decompressor, TooLarge
from jobs.ingest.http.results import FetchOutcome, PageGone
from storage import articles, feeds, job_runs
from storage.database import Connection, Database
from storage.records import Article, ArticleState
from tests.conftest import MovedClock
from tests.jobs.ingest.newsroom import Newsroom, rss, story
from tests.jobs.ingest.packing import zstd
from tests.jobs.ingest.site import Handler, Site
from tests.stories.house import desk
from tests.stories.test_newsroom_goes_live import feed, item


def hanging(then: bytes, until: asyncio.Event, status: int = 200) -> Handler:
    """A page that responds when the test says so."""

    async def page(_request: web.Request) -> web.StreamResponse:
        await until.wait()
        return web.Response(body=then, status=status)

    return page


async def test_4a_a_feed_that_answers_late_delays_no_other_feed(tmp_path: Path) -> None:
    released = asyncio.Event()
    async with desk(tmp_path, "/a", "/b") as paper:
        site = paper.site
        site.says(feed(item(1, "Old A")), "/a")
        site.says(feed(item(101, "Old B")), "/b")
        await paper.looks(2, "/b")
        site.pages["/b"] = hanging(feed(item(102, "Late B"), item(101, "Old B")), released)
        await paper.looks(1, "/b")
        for number in range(2, 6):
            site.says(feed(*(item(n, f"News {n}") for n in range(number, 1, -1)), item(1, "Old A")), "/a")
            await paper.until(lambda many=number - 1: len(paper.posts()) == many)  # type: ignore[misc]
        assert paper.headlines() == [f"News {number}" for number in range(2, 6)]
        released.set()
        await paper.until(lambda: paper.headlines()[-1] == "Late B")


def own_item(site: Site, number: int) -> str:
    return item(number, f"B {number}").replace("https://paper.example", site.url(""))


async def test_4b_pages_of_what_vanished_delay_nobody_and_their_feed_least(tmp_path: Path) -> None:
    released = asyncio.Event()
    vanished = [131, 127, 123, 119, 115, 111]
    async with desk(tmp_path, "/a", "/b", backfill=40) as paper:
        site = paper.site
        site.says(feed(item(1, "Old A")), "/a")
        site.says(feed(*(own_item(site, number) for number in range(140, 100, -1))), "/b")
        await paper.until(lambda: len(paper.posts()) == 41, 60)
        for number in vanished:
            site.pages[f"/{number}"] = hanging(b"", released, 404)
        left = [number for number in range(140, 100, -1) if number not in vanished]
        site.says(feed(*(own_item(site, number) for number in left)), "/b")
        await paper.looks(3, "/b")
        for number in (2, 3):
            site.says(feed(*(item(n, f"News {n}") for n in range(number, 1, -1)), item(1, "Old A")), "/a")
            await paper.until(lambda many=40 + number: len(paper.posts()) == many)  # type: ignore[misc]
        released.set()
        await paper.until(lambda: len(paper.posts()) == 43 - len(vanished))
        assert not {f"B {number}" for number in vanished} & set(paper.headlines())


@dataclass
class Slow(Newsroom):
    """A newsroom whose feeds take this many seconds to respond."""

    seconds: dict[str, float] = field(default_factory=dict)

    async def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> FetchOutcome:
        outcome = await super().fetch(url, etag=etag, last_modified=last_modified)
        await self.clock.sleep(self.seconds.get(url, 0.0))
        return outcome

    def times(self, url: str) -> int:
        return len([one for one in self.asked if one[0] == url])


@dataclass
class Watched:
    """Feed updates started by a tick each second, and the batches that were reported."""

    room: Slow
    runner: UpdateRunner
    rounds: list[UpdateBatch]

    async def seconds(self, count: int) -> None:
        for _ in range(count):
            await self.runner.start_due()
            for _ in range(10):
                await _threads()
                await self.room.clock.advance(0.1)


async def _threads() -> None:
    """Wait for the database threads."""
    for _ in range(5):
        await asyncio.to_thread(len, "")


async def watched(archive: Database, clock: MovedClock, urls: Sequence[str], slow: float) -> Watched:
    """Feeds at `urls`, all of which but the last take `slow` seconds."""
    room = Slow(archive, clock, seconds=dict.fromkeys(urls[:-1], slow))
    for number, url in enumerate(urls):
        room.publish(story(number % 60, link=f"{url}/1", guid=f"{url}/1"), url=url)
    await archive.run(feeds.register_urls, urls, clock.now())
    rounds: list[UpdateBatch] = []
    return Watched(room, UpdateRunner(room.ingest, rounds.append), rounds)


SITES = [f"https://site-{number}.example/feed" for number in range(65)]


async def test_4a_sixty_four_that_hang_leave_room_for_one_that_does_not(
    archive: Database, clock: MovedClock
) -> None:
    house = await watched(archive, clock, SITES, 50.0)
    await house.seconds(1)
    assert house.room.times(SITES[-1]) == 1
    await archive.run(feeds.resume, range(1, 66), clock.now())
    await house.seconds(2)
    assert house.room.times(SITES[-1]) == 2
    assert {house.room.times(url) for url in SITES[:-1]} == {1}  # never twice at once
    await house.runner.stop(0)


async def test_4a_those_known_to_hang_take_nobodys_place(clock: MovedClock) -> None:
    at_once = update_slots.UpdateSlots(clock)
    for feed_id in range(update_slots.MAX_SLOW + 9):
        await _stay(at_once, clock, feed_id, 1.0)
    slow = [
        asyncio.create_task(_stay(at_once, clock, feed_id, 60.0))
        for feed_id in range(update_slots.MAX_SLOW + 9)
    ]
    await clock.advance(0.0)
    await asyncio.wait_for(_stay(at_once, clock, 9999, 0.0), 5)
    assert sum(one.done() for one in slow) == 0
    await clock.advance(120.0)
    assert all(one.done() for one in slow)


async def _stay(at_once: update_slots.UpdateSlots, clock: MovedClock, feed_id: int, seconds: float) -> None:
    async with at_once.hold_slot(feed_id):
        clock.move(seconds) if seconds == 1.0 else await clock.sleep(seconds)


async def test_4a_an_update_that_never_ends_fails_at_its_deadline(
    archive: Database, clock: MovedClock
) -> None:
    house = await watched(archive, clock, SITES[-2:], 10_000.0)
    await house.seconds(1)
    limit = update_feed.TIMEOUT_FACTOR * house.room.ingest.policy.timeout
    await clock.advance(limit)
    await house.seconds(1)
    late = await house.room.feed(SITES[-2])
    assert (late.failures, late.last_error) == (1, f"The feed update took longer than {limit:g} s in all.")


async def test_4a_what_ended_is_recorded_and_told_while_a_slow_update_goes_on(
    archive: Database, clock: MovedClock
) -> None:
    house = await watched(archive, clock, SITES[-3:], 50.0)
    await house.seconds(2)
    assert [(one.counts.looked, one.counts.new) for one in house.rounds] == [(1, 1)]
    stopping = asyncio.create_task(house.runner.stop(0))
    await _threads()
    await stopping
    [run] = await archive.read(job_runs.latest_runs)
    assert run.error == STOPPED
    assert (await house.room.feed(SITES[-3])).fetched_at is None  # done again at the next start


async def test_4b_forty_pages_that_hang_have_one_deadline_and_the_others_are_asked_after_the_next_update(
    archive: Database, clock: MovedClock
) -> None:
    room = Newsroom(archive, clock)
    room.pages = {}
    await room.updates([story(number) for number in range(50)])
    suspects = [one.id for one in await room.articles()][:40]
    gone = await archive.read(_article, suspects[-1])
    room.pages = {gone.url: PageGone("news.example answers 404")}
    ingest = room.ingest  # whose pages take 60 s where nothing is said of them
    ingest = replace(ingest, policy=replace(ingest.policy, timeout=65.0))
    limit, rounds, withdrawn = update_feed.TIMEOUT_FACTOR * 65.0, 0, 0
    feed_id = (await room.feed()).id
    while suspects:
        rounds += 1
        asking = asyncio.create_task(update_feed.check_missing(ingest, feed_id, suspects))
        while not asking.done():
            await _threads()
            await clock.advance(limit / 20)
        withdrawn += await asking
    assert 1 < rounds < 20
    assert withdrawn == 1
    assert (await archive.read(_article, gone.id)).state is ArticleState.WITHDRAWN


def _article(connection: Connection, article_id: int) -> Article:
    found = articles.get(connection, article_id)
    assert found is not None
    return found


# Bombs

SMALL = rss(story(1))
ZEROS = 16 * 1024 * 1024


def packed_zeros(times: int) -> tuple[bytes, int]:
    """A deflated block of zeros, repeated after a full flush, and the number of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(ZEROS)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * times, ZEROS * times


def bomb(inner: bytes, times: int) -> bytes:
    """`inner` followed by multiples of 16 MB of zeros, in one unfinished gzip stream."""
    head = b"\x1f\x8b\x08" + bytes(7)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return head + packer.compress(inner) + packer.flush(zlib.Z_FULL_FLUSH) + packed_zeros(times)[0]


async def test_5a_a_bomb_in_a_feed_is_read_to_its_end_or_refused_and_stops_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path, "/bomb", "/two", "/a", backfill=1) as paper:
        site = paper.site
        packed = bomb(gzip.compress(feed(item(1, "In the bomb"))), 190)  # 3 GB in 3 MB
        site.says(packed, "/bomb", Content_Encoding="gzip, gzip", Content_Type="application/rss+xml")
        twice = bomb(b"", 190)
        site.says(twice, "/two", Content_Encoding="gzip", Content_Type="application/rss+xml")
        site.says(feed(item(9, "Meanwhile")), "/a")
        await paper.until(lambda: set(paper.headlines()) == {"In the bomb", "Meanwhile"})
        await paper.looks(1, "/a")
        two = await paper.house.db.read(feeds.get_by_url, site.url("/two"))
        assert two is not None
        assert "is larger than 10,000,000 bytes" in two.last_error


CODECS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": partial(brotli.compress, quality=5),
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("outer", [*CODECS])
@pytest.mark.parametrize("inner", [*CODECS, "identity"])
def test_5a_behind_every_layer_is_counted_and_nobody_is_kept_waiting(outer: str, inner: str) -> None:
    most = 1_000_000
    packed = CODECS[outer](CODECS.get(inner, bytes)(SMALL) + bytes(4_000_000))
    unpacker = Decompressor(f"{inner}, {outer}", most)
    pieces: list[bytes] = []
    try:
        for at in range(0, len(packed), 100_000):
            if not unpacker.is_finished:
                pieces += unpacker.decompress_chunk(packed[at : at + 100_000])
        pieces += unpacker.finish()
        assert b"".join(pieces) == SMALL
    except (TooLarge, DecompressionFailed):
        assert sum(map(len, pieces)) <= most
    assert sum(layer.output_bytes for layer in unpacker._layers) <= 2 * most + 2 * OUTPUT_CHUNK
    assert max(map(len, pieces), default=0) <= 2 * OUTPUT_CHUNK


@given(
    some.lists(some.sampled_from([*CODECS]), min_size=1, max_size=2),
    some.binary(max_size=300),
    some.integers(1, 400),
)
def test_5a_packed_in_packed_comes_back(names: list[str], body: bytes, step: int) -> None:
    packed = body
    for name in names:
        packed = CODECS[name](packed)
    unpacker = Decompressor(", ".join(names), 10_000)
    pieces = [
        piece
        for at in range(0, len(packed), step)
        for piece in unpacker.decompress_chunk(packed[at : at + step])
    ]
    assert b"".join([*pieces, *unpacker.finish()]) == body


def test_5a_what_stands_behind_an_inner_stream_is_not_read() -> None:
    unpacker = Decompressor("gzip, gzip", 10_000_000)
    body = bomb(gzip.compress(SMALL), 60)
    assert b"".join([*unpacker.decompress_chunk(body), *unpacker.finish()]) == SMALL
    assert unpacker.is_finished
    assert unpacker._layers[0].output_bytes <= len(SMALL) + OUTPUT_CHUNK + 1000
