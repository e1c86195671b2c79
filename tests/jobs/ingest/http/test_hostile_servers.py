"""Servers that waste time or memory or reach for our network: each ends as a failure with a reason."""

import asyncio
import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import brotli
import pytest

from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.http.results import Fetched, FetchFailed, FetchOutcome
from tests.conftest import MovedClock, settle
from tests.jobs.ingest.packing import zstd
from tests.jobs.ingest.site import FEED, POLICY, Raw, Site, head, raw_site, sends

ZEROS = b"\0" * 1_000_000


def reason(outcome: FetchOutcome) -> str:
    assert isinstance(outcome, FetchFailed), outcome
    assert outcome.reason.count("\n") == 0
    return outcome.reason


async def ask(fetcher: Fetcher, talk: Raw) -> FetchOutcome:
    async with raw_site(talk) as address:
        return await fetcher.fetch(f"http://{address}/feed")


class Stalling:
    """A server that stalls after its first bytes; the test is notified."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.silent = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await sends(*self.chunks)(reader, writer)
        self.silent.set()
        await reader.read()  # until the other side gives up


@pytest.mark.parametrize(
    "chunks",
    [
        (),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 100,),
        (head("Transfer-Encoding: chunked"), b"1\r\nx\r\n" * 1000),
        (head("Transfer-Encoding: chunked"), b"5;" + b"x" * 3000),
        (b"HT",),
        (head("Content-Length: 10")[:-2],),
        (head("Content-Length: 1000"), b"<rss>"),
        (head("Transfer-Encoding: chunked"), b"5\r\n<rss>"),
        (head("Content-Length: 1000", "Content-Encoding: gzip"), gzip.compress(ZEROS)[:100]),
    ],
)
async def test_a_server_that_stalls_ends_at_the_deadline(
    fetcher: Fetcher, clock: MovedClock, chunks: tuple[bytes, ...]
) -> None:
    talk = Stalling(*chunks)
    look = asyncio.create_task(ask(fetcher, talk))
    await talk.silent.wait()
    await clock.advance(19.9)
    assert not look.done()
    await clock.advance(0.1)
    assert reason(await look).endswith("took longer than 20 s in all")


async def test_a_server_that_drips_ends_at_the_deadline(fetcher: Fetcher, clock: MovedClock) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("Content-Length: 100000"))
        while True:
            writer.write(b"<")
            await writer.drain()
            await clock.sleep(1)

    look = asyncio.create_task(ask(fetcher, drip))
    while not look.done():
        await clock.advance(1)
        await asyncio.sleep(0)
    assert clock.monotonic() < 40
    assert "took longer" in reason(await look)


async def test_a_server_behind_redirects_gets_no_time_of_its_own(
    site: Site, fetcher: Fetcher, clock: MovedClock
) -> None:
    talk = Stalling()
    async with raw_site(talk) as address:
        site.redirects("/feed", f"http://{address}/")
        look = asyncio.create_task(fetcher.fetch(site.url()))
        await talk.silent.wait()
        await clock.advance(20)
        assert "took longer" in reason(await look)


async def test_a_stalled_host_does_not_keep_another_waiting(
    site: Site, fetcher: Fetcher, clock: MovedClock
) -> None:
    talk = Stalling()
    site.says()
    async with raw_site(talk) as address:
        stalled = [asyncio.create_task(fetcher.fetch(f"http://{address}/{n}")) for n in range(50)]
        await talk.silent.wait()
        assert isinstance(await fetcher.fetch(site.url()), Fetched)
        while not all(task.done() for task in stalled):
            await clock.advance(20)
        assert all("took longer" in reason(task.result()) for task in stalled)


async def test_a_given_up_fetch_leaves_no_connection_open(fetcher: Fetcher) -> None:
    closed = asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("Content-Length: 100"))
        await reader.read()
        closed.set()

    async with raw_site(stall) as address:
        look = asyncio.create_task(fetcher.fetch(f"http://{address}/"))
        await settle()
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
        await closed.wait()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstd.compress),
        ("gzip, gzip", lambda bomb: gzip.compress(gzip.compress(bomb))),
        ("", gzip.compress),
    ],
)
async def test_a_bomb_is_let_go_before_it_is_large(
    site: Site, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    headers: dict[str, Any] = {"Content_Encoding": coding} if coding else {}
    site.says(pack(ZEROS * 30), **headers)
    async with Fetcher(replace(POLICY, max_bytes=2_000_000), MovedClock()) as fetcher:
        tracemalloc.start()
        try:
            outcome = await fetcher.fetch(site.url())
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert "is larger than 2,000,000 bytes" in reason(outcome)
    assert most < 5_000_000


async def test_an_endless_body_ends_at_the_limit(fetcher: Fetcher) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head())
        while True:
            writer.write(b"<item/>" * 1000)
            await writer.drain()

    assert "is larger than 200,000 bytes" in reason(await ask(fetcher, endless))


async def test_a_body_that_unpacks_to_nothing_a_thousand_times_ends(fetcher: Fetcher) -> None:
    """The size is below the limit, so only the count of members can end it."""
    stalling = Stalling(head("Content-Encoding: gzip"), gzip.compress(b"") * 5_000)
    assert "is not encoded as its headers say" in reason(await ask(fetcher, stalling))


async def test_a_length_beyond_the_limit_is_believed_at_once(fetcher: Fetcher) -> None:
    outcome = await ask(fetcher, sends(head("Content-Length: 99999999999")))
    assert "is larger than" in reason(outcome)


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        ((head("Content-Length: 100"), b"<rss"), "is incomplete"),
        ((head("Transfer-Encoding: chunked"), b"5\r\n<rss>\r\n"), "is incomplete"),
        ((head("Transfer-Encoding: chunked"), b"zz\r\n<rss>\r\n0\r\n\r\n"), "is not HTTP"),
        ((head("Content-Encoding: gzip"), gzip.compress(FEED)[:-9]), "is incomplete"),
        ((head("Content-Encoding: br"), brotli.compress(FEED)[:-3]), "is incomplete"),
        ((head("Content-Encoding: zstd"), zstd.compress(FEED)[:-3]), "is incomplete"),
        ((head("Content-Encoding: br"), b"<rss>no brotli</rss>"), "is not encoded as its headers say"),
        ((head("Content-Encoding: gzip"), b"\x1f\x8b\x08 no gzip"), "is not encoded as its headers say"),
        ((head("Content-Encoding: deflate"), b"no deflate"), "is not encoded as its headers say"),
        ((head("Content-Encoding: gzip"), gzip.compress(b"") * 1001), "is not encoded as its headers say"),
        ((head("Content-Encoding: zstd"), zstd.compress(b"") * 1001), "is not encoded as its headers say"),
        ((head("Transfer-Encoding: chunked"), b"0\r\n" + b"X-Trailer: a\r\n" * 5000), "is not HTTP"),
        ((head("Content-Encoding: compress"), b"x"), "is encoded as 'compress'"),
        ((head("Content-Encoding: gzip, gzip, gzip"), b"x"), "was not requested"),
        ((), "closed the connection without an answer"),
        ((b"HTTP/1.1 200 OK\r\nX: " + b"a" * 50_000 + b"\r\n\r\n",), "is not HTTP"),
        ((head(*[f"X-{n}: a" for n in range(1000)]),), "is not HTTP"),
        ((head(status="200 " + "K" * 50_000),), "is not HTTP"),
        ((b"220 mail.example ESMTP\r\n",), "is not HTTP"),
        ((b"\x16\x03\x01\x00\xa5\x01" + bytes(200),), "is not HTTP"),
        ((head("Content-Length: -1"), b"x"), "is not HTTP"),
        ((head("Content-Length: 1", "Content-Length: 2"), b"xy"), "is not HTTP"),
    ],
)
async def test_a_broken_answer_is_a_sentence(fetcher: Fetcher, chunks: tuple[bytes, ...], words: str) -> None:
    assert words in reason(await ask(fetcher, sends(*chunks)))


async def test_whatever_comes_is_an_outcome(fetcher: Fetcher) -> None:
    chance = random.Random(7)
    good = head(
        "Content-Encoding: gzip", "Transfer-Encoding: chunked", "ETag: x", "Location: /y", "Link: <a>"
    )
    body = gzip.compress(FEED)
    whole = good + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    for _ in range(150):
        answer = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            answer[chance.randrange(len(answer))] = chance.randrange(256)
        outcome = await ask(fetcher, sends(bytes(answer[: chance.randint(1, len(answer))])))
        assert isinstance(outcome, FetchOutcome)
