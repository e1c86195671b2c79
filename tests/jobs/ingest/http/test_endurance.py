"""Every fetch ends with an outcome and leaks nothing."""

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.http.results import Fetched, FetchOutcome
from tests.conftest import MovedClock
from tests.jobs.ingest.http.test_hostile_servers import ask, reason
from tests.jobs.ingest.site import POLICY, Names, Site, head, sends

OPEN_FILES = Path("/proc/self/fd")


def open_files() -> int:
    return len(list(OPEN_FILES.iterdir()))


@given(
    some.text(max_size=40),
    some.sampled_from(["", "http://", "https://", "http://paper.example/", "http://["]),
)
def test_any_text_as_an_address_is_an_outcome(text: str, start: str) -> None:
    async def fetch_once() -> FetchOutcome:
        async with Fetcher(replace(POLICY, private_networks=()), MovedClock(), Names()) as fetcher:
            return await fetcher.fetch(start + text)

    assert reason(asyncio.run(fetch_once()))


async def test_any_link_header_is_legible(fetcher: Fetcher) -> None:
    links = head("Content-Length: 1").replace(b"\r\n\r\n", b"\r\nLink: <http://h/\xff\xe9>; rel=hub\r\n\r\n")
    found = await ask(fetcher, sends(links, b"x"))
    assert isinstance(found, Fetched)
    assert found.links[0].url == "http://h/\xff\xe9"


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="this system does not show a process its open files")
async def test_many_fetches_leave_nothing_behind(site: Site, fetcher: Fetcher, clock: MovedClock) -> None:
    """Neither memory nor sockets leak in successful and failed fetches, redirects and refusals."""
    site.says(path="/good")
    site.redirects("/circle", "/circle")
    site.redirects("/inside", "http://10.0.0.1/")
    site.says(b"x" * 300_000, "/large")
    site.says(b"no gzip", "/broken", Content_Encoding="br")

    async def fetch_once(count: int) -> None:
        for _ in range(count):
            for path in ("/good", "/circle", "/inside", "/large", "/broken", "/none"):
                await fetcher.fetch(site.url(path))
        site.asked.clear()
        site.bodies.clear()
        await clock.advance(0)  # it lets go of those who no longer sleep
        gc.collect()

    await fetch_once(20)
    tracemalloc.start()
    await fetch_once(5)
    before, _ = tracemalloc.get_traced_memory()
    sockets = open_files()
    await fetch_once(40)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 100_000
    assert open_files() <= sockets + 2
