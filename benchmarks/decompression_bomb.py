"""How long hostile responses and requests block the event loop, against a limit of 50 ms.

The attacks run one by one, each from a server or a client in another process: 10 MB that decompress to 10 GB
of zeros, with or without a small feed before them; bodies that decompress slowly; a body in chunks of one
byte; a page that links 20,000 feeds. Each is fetched, hashed and parsed as in a feed update. A stall is the
largest delay of a heartbeat on the loop; "without waiting" leaves out the time that the thread waited for a
core (Linux), and "CPU" is the CPU time that the thread used in between.

Run: `python -m benchmarks.decompression_bomb`.
"""

import asyncio
import gzip
import multiprocessing
import random
import re
import socket
import sys
import time
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from ipaddress import ip_network
from multiprocessing.queues import Queue

import brotli
from rich.console import Console
from rich.table import Table

from benchmarks.event_loop import LONG, Beat, Heart
from bot.app.interpreter import tune_interpreter
from bot.web.server import start_server
from jobs.clock import SystemClock
from jobs.config import FetchPolicy
from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.http.results import Fetched, FetchFailed
from jobs.ingest.parse.parser import Parser
from jobs.ingest.worker_pool import WorkerPool

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

POLICY = FetchPolicy(user_agent="newswire-benchmark/1", private_networks=(ip_network("127.0.0.0/8"),))
PACKED = 10_000_000
FEED = b"<rss><channel><title>T</title><item><title>One</title><guid>1</guid></item></channel></rss>"
GZIP_HEAD = b"\x1f\x8b\x08" + bytes(7)
CHUNKED = b"Transfer-Encoding: chunked"

Answers = dict[str, tuple[bytes, bytes]]


def answers() -> Answers:
    """A header line and a body for each attack."""
    zeros = b"0" * 50_000_000
    links = b"".join(
        b'<link rel=alternate type="application/rss+xml" href="/%d">' % number for number in range(20_000)
    )
    text = b"word " * 2000
    item = b"<item><title>%d</title><guid>%d</guid><description>%s</description></item>"
    items = b"".join(item % (number, number, text) for number in range(900))
    whole = b"<rss><channel><title>T</title>" + items + b"</channel></rss>"
    return {
        "gzip(gzip(feed) + zeros)": (b"Content-Encoding: gzip, gzip", zeros_behind(gzip.compress(FEED))),
        "gzip(zeros)": (b"Content-Encoding: gzip", zeros_behind(b"")),
        "br(zeros)": (b"Content-Encoding: br", brotli.compress(zeros, quality=5)),
        "zstd(zeros)": (b"Content-Encoding: zstd", zstd.compress(zeros)),
        "gzip(br(zeros))": (b"Content-Encoding: br, gzip", gzip.compress(brotli.compress(zeros, quality=5))),
        "small deflate blocks": (b"Content-Encoding: gzip", small_blocks()),
        "small br blocks": (b"Content-Encoding: br", small_br_blocks()),
        "chunks of one byte": (CHUNKED, b"1\r\na\r\n" * (PACKED // 6) + b"0\r\n\r\n"),
        "a page of 20,000 feeds": (b"", b"<!doctype html><html><head>" + links),
        "a valid feed of 9 MB": (b"", whole),
    }


def zeros_behind(inner: bytes) -> bytes:
    """`inner` and 10 GB of zeros in a gzip stream of 10 MB: the same block repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(inner) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(16 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return GZIP_HEAD + start + block * (PACKED // len(block))


def small_blocks() -> bytes:
    """A gzip stream of small blocks, each with its own Huffman code."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blocks = [packer.compress(_words(150)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(20_000)]
    return b"".join([*blocks, packer.flush()])


def small_br_blocks() -> bytes:
    packer = brotli.Compressor(quality=9)
    blocks: list[bytes] = [packer.process(_words(300)) + packer.flush() for _ in range(5000)]
    return b"".join([*blocks, packer.finish()])


def _words(length: int) -> bytes:
    letters = b"aaaaaaaabbbbccd efghijklmnopqrstuvwxyz<>/=0123456789"
    return bytes(random.Random(length).choices(letters, k=length))


def serve_attacks(port: "Queue[int]") -> None:
    """Serve the hostile responses; runs in another process."""
    bodies = list(answers().values())

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, body = bodies[int((await reader.readuntil(b"\r\n\r\n")).split()[1][1:])]
        length = b"" if line == CHUNKED else b"Content-Length: %d\r\n" % len(body)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n" + length + line + b"\r\n\r\n" + body)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def write_to_us(port: int, line: bytes, body: bytes) -> None:
    """Send a hostile request to our web server; runs in another process."""
    with socket.create_connection(("127.0.0.1", port)) as talk, suppress(ConnectionError):
        talk.sendall(b"POST /telegram HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n" + body)
        talk.recv(100)


async def look(fetcher: Fetcher, parser: Parser, url: str) -> str:
    """Fetch and parse the hostile response; returns the result in words."""
    answer = await fetcher.fetch(url)
    if not isinstance(answer, Fetched):
        return answer.reason if isinstance(answer, FetchFailed) else type(answer).__name__
    await asyncio.to_thread(sha256, answer.body)
    found = type(await parser.parse(answer.body, answer.charset, url)).__name__
    named = await parser.find_feeds(answer.body, url, "") if answer.body.startswith(b"<!doctype") else ()
    return f"{len(answer.body):,} bytes, {found}" + (f", {len(named)} feeds" if named else "")


async def stalled(work: Callable[[], Awaitable[str]]) -> tuple[str, float, Beat]:
    """The result, the seconds that it took, and the worst heartbeat meanwhile."""
    heart, began = Heart(), time.perf_counter()
    beating = asyncio.create_task(heart.beat())
    found = await work()
    await asyncio.sleep(0.1)
    beating.cancel()
    return found, time.perf_counter() - began, heart.worst()


async def measure(port: int) -> list[tuple[str, str, float, Beat]]:
    """Run the attacks one after the other."""
    clock = SystemClock()
    rows: list[tuple[str, str, float, Beat]] = []
    children = WorkerPool(clock)
    parser = Parser(children)
    await parser.warm_up()
    runner = await start_server(("127.0.0.1", 0), [])
    ours = runner.addresses[0][1]
    tune_interpreter()
    async with Fetcher(POLICY, clock) as fetcher:
        for number, name in enumerate(answers()):
            url = f"http://127.0.0.1:{port}/{number}"
            rows.append((name, *await stalled(partial(look, fetcher, parser, url))))
        packed = zeros_behind(b"")
        written = {
            "to us: gzip(zeros)": (b"Content-Encoding: gzip\r\nContent-Length: %d" % len(packed), packed),
            "to us: chunks of one byte": (CHUNKED, b"1\r\na\r\n" * (PACKED // 6) + b"0\r\n\r\n"),
        }
        for name, (line, body) in written.items():
            rows.append((name, *await stalled(partial(written_to, ours, line, body))))
    await runner.cleanup()
    await children.close()
    return rows


async def written_to(port: int, line: bytes, body: bytes) -> str:
    """Send a request from another process, and wait for its end."""
    process = multiprocessing.get_context("fork").Process(target=write_to_us, args=(port, line, body))
    process.start()
    await asyncio.to_thread(process.join)
    return "answered after the headers, the body not read"


def main() -> int:
    context = multiprocessing.get_context("spawn")
    port: Queue[int] = context.Queue()
    site = context.Process(target=serve_attacks, args=(port,), daemon=True)
    site.start()
    rows = asyncio.run(measure(port.get()))
    site.kill()
    table = Table(
        "attack", "result", "seconds", "stall, ms", "without waiting", "CPU", title="Hostile bodies"
    )
    for name, found, seconds, worst in rows:
        stalls = [f"{way * 1e3:.0f}" for way in (worst.late, worst.unqueued, worst.own)]
        table.add_row(name, re.sub(r"127.0.0.1:\d+", "the site", found), f"{seconds:.1f}", *stalls)
    Console().print(table)
    late = max(min(worst.unqueued, worst.late) for *_, worst in rows)
    print(f"Worst stall without waiting: {late * 1e3:.0f} ms; the limit is {LONG * 1e3:.0f} ms.")
    return int(late > LONG)


if __name__ == "__main__":
    sys.exit(main())
