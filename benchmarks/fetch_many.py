"""Feed updates a second with nine of ten feeds unchanged, and the stalls of the event loop meanwhile.

A thousand feeds of twenty items on a thousand local addresses, served by a child process. The first round
fills all databases; then every tenth site publishes before each measured round of fetching, parsing,
deduplicating and storing. The peers, on the same sites in the same run, are lemon24/reader's update, and
feedparser's own fetching, which stores nothing. Measured without latency, and with 60 ms. A stall is the
largest delay of a heartbeat on the event loop, with a limit of 50 ms; "without waiting" leaves out the time
that the thread waited for a core (Linux), and "CPU" is the CPU time that the thread used in between. If the
limit is exceeded without waiting, the stack of the loop is printed. Run: `python -m benchmarks.fetch_many
[FEEDS [ROUNDS]]`; see `feed_peers` for how to install reader.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import astuple, dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.event_loop import Beat, Heart
from benchmarks.feed_peers import READERS_PYTHON, WAYS
from benchmarks.many_sites import address
from bot.app.interpreter import tune_interpreter
from jobs.clock import SystemClock
from jobs.config import FetchPolicy
from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.http.results import Fetched, NotModified
from jobs.ingest.parse.parser import Parser
from jobs.ingest.pipeline import update_feeds
from jobs.ingest.update_feed import IngestContext
from jobs.ingest.update_slots import MAX_CONCURRENT
from jobs.ingest.worker_pool import WorkerPool
from storage import feeds
from storage.database import open_database
from storage.migrations import migrate

FAR = 60  #: milliseconds of latency; with fewer feeds, because some peers fetch one at a time
POLICY = FetchPolicy(user_agent="newswire-benchmark/1", private_networks=(ip_network("127.0.0.0/8"),))


@dataclass
class Measured:
    """The figures of one way to update all feeds, for each round."""

    name: str
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  #: seconds, with children
    stalls: list[Beat] = field(default_factory=list)  #: the worst of each round, of each kind

    def rate(self, count: int) -> float:
        return count / statistics.median(self.seconds)


@asynccontextmanager
async def watched(measured: Measured, server: int) -> AsyncIterator[None]:
    """Measure time, CPU time and the worst stall of the event loop inside the block."""
    heart = Heart()
    beating = asyncio.create_task(heart.beat())
    cpu, began = cpu_of_all(server), time.perf_counter()
    yield
    measured.seconds.append(time.perf_counter() - began)
    measured.cpu.append(cpu_of_all(server) - cpu)
    beating.cancel()
    measured.stalls.append(heart.worst())


def cpu_of_all(server: int) -> float:
    """CPU seconds of this process and its children without the server (Linux)."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return time.process_time() + sum(cpu_of(int(child)) for child in set(children) - {str(server)})


def cpu_of(process: int) -> float:
    """CPU seconds of another process (Linux)."""
    used = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sites:
    """The URLs of the feeds, and the id of the process that serves them."""

    urls: list[str]
    server: int

    def publish(self) -> None:
        """Let every tenth site publish an item."""
        urllib.request.urlopen(self.urls[0].replace("/feed", "/turn")).close()


@contextmanager
def serve(count: int, late: int) -> Iterator[Sites]:
    """Serve `count` sites that answer after `late` milliseconds."""
    command = [sys.executable, "-m", "benchmarks.many_sites", str(count), str(late)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        yield Sites([f"http://{address(number)}:{port}/feed" for number in range(count)], child.pid)
        child.kill()


async def ours(sites: Sites, rounds: int) -> Measured:
    """Newswire's own feed updates: fetch, parse in child processes, store in SQLite."""
    clock = SystemClock()
    measured = Measured("Newswire: fetch, parse, store")
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(f"sqlite:///{folder}/newswire.db")
        db.run_sync(migrate)
        db.run_sync(feeds.register_urls, sites.urls, clock.now())
        children = WorkerPool(clock)
        async with Fetcher(POLICY, clock) as fetcher:
            ingest = IngestContext(
                db=db,
                fetcher=fetcher,
                parser=Parser(children),
                clock=clock,
                policy=POLICY,
                on_stored=lambda: None,
                next_time=lambda now: now + timedelta(minutes=2),
                random=lambda: 0.5,
            )
            await update_feeds(ingest, await db.read(feeds.list_all))
            tune_interpreter()  # as the bot does once it is warm
            for _ in range(rounds):
                await asyncio.to_thread(sites.publish)
                some = await db.read(feeds.list_all)
                async with watched(measured, sites.server):
                    counts = await update_feeds(ingest, some)
                assert (counts.failed, counts.new) == (0, len(sites.urls[::10])), counts
        await children.close()
        db.close()
    return measured


async def only_fetched(sites: Sites, rounds: int) -> Measured:
    """The fetcher alone, without parsing and storing."""
    measured = Measured("Newswire: fetch only")
    etags: dict[str, str] = {}
    async with Fetcher(POLICY, SystemClock()) as fetcher:

        async def look(waiting: Iterator[str]) -> None:
            for url in waiting:
                answer = await fetcher.fetch(url, etag=etags.get(url, ""))
                assert isinstance(answer, Fetched | NotModified), answer
                etags[url] = answer.etag

        async def look_at_all() -> None:
            waiting = iter(sites.urls)
            await asyncio.gather(*(look(waiting) for _ in range(MAX_CONCURRENT)))

        await look_at_all()
        tune_interpreter()
        for _ in range(rounds):
            await asyncio.to_thread(sites.publish)
            async with watched(measured, sites.server):
                await look_at_all()
    return measured


def peer(name: str, python: str, program: str, workers: int, sites: Sites, rounds: int) -> Measured:
    """The figures of a peer, in its own process."""
    measured = Measured(f"{name}, {workers} at once")
    command = [python, "-c", program, str(workers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        print(json.dumps(sites.urls), file=child.stdin, flush=True)
        assert child.stdout.readline() == "ready\n", f"{name} did not start"
        for _ in range(rounds):
            sites.publish()
            print("again", file=child.stdin, flush=True)
            seconds, cpu, entries = json.loads(child.stdout.readline())
            assert entries >= len(sites.urls[::10]), f"{name} found {entries} entries"
            measured.seconds.append(seconds)
            measured.cpu.append(cpu)
        child.kill()
    return measured


def measure(count: int, rounds: int, late: int) -> tuple[list[Measured], float]:
    """The figures of all ways on the same sites, and the CPU seconds of the sites per response."""
    with serve(count, late) as sites:
        idle = cpu_of(sites.server)
        found = [asyncio.run(ours(sites, rounds))]
        served = (cpu_of(sites.server) - idle) / (count * (rounds + 1))
        found.append(asyncio.run(only_fetched(sites, rounds)))
        for name, python, program in WAYS:
            found += [peer(name, python, program, workers, sites, rounds) for workers in (1, 8) if python]
    return found, served


def show(found: list[Measured], served: float, count: int, title: str) -> None:
    """Print the table for one latency."""
    columns = ("way", "feeds/s", "Newswire is", "CPU ms per feed", "stall, ms", "without waiting", "CPU")
    table = Table(*columns, title=title)
    for one in found:
        ahead = f"{found[0].rate(count) / one.rate(count):.1f} x as fast" if one is not found[0] else ""
        cpu = f"{statistics.median(one.cpu) / count * 1e3:.2f}"
        stalls = [f"{max(ways) * 1e3:.0f}" for ways in zip(*map(astuple, one.stalls), strict=True)]
        table.add_row(one.name, f"{one.rate(count):.0f}", ahead, cpu, *stalls)
    Console().print(table)
    print(f"The sites' process, on the same cores: {served * 1e3:.2f} CPU ms per response (to Newswire).\n")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    for late, some, times in ((0, count, rounds), (FAR, count // 4, 1)):
        title = f"{some} feeds, nine of ten unchanged, {late} ms latency"
        show(*measure(some, times, late), some, title)
    if not READERS_PYTHON:
        print("lemon24/reader is left out: NEWSWIRE_PEERS names no Python that has it (see feed_peers.py).")
    print(
        f"Median of {rounds} rounds, one with latency; "
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores."
    )


if __name__ == "__main__":
    main()
