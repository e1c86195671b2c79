"""A thousand sites in one process, each on its own loopback address, for `fetch_many`.

`python -m benchmarks.many_sites COUNT MILLISECONDS` prints its port and serves until its input ends, with
this latency. Each site answers at 127.1.x.y with a feed of twenty invented items and a strong ETag, or with
304. `GET /turn` on any address lets every tenth site publish one more item and closes all connections, as
real sites do in the minutes between two feed updates.
"""

import asyncio
import sys
from typing import ClassVar

ITEMS = 20
_WORDS = (
    "harbour",
    "ferry",
    "council",
    "river",
    "bridge",
    "market",
    "school",
    "train",
    "storm",
    "harvest",
    "museum",
)


def address(number: int) -> str:
    """The IP address of site `number`."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def feed(number: int, turn: int) -> bytes:
    """The feed of a site after `turn` turns, the newest item first."""
    newest = ITEMS + (turn if number % 10 == 0 else 0)
    items = "".join(_item(number, count) for count in range(newest, newest - ITEMS, -1))
    head = (
        f"<title>Site {number}</title><link>http://site{number}.example/</link><description>x</description>"
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def _item(number: int, count: int) -> str:
    words = [_WORDS[(number * 7 + count * step) % len(_WORDS)] for step in range(1, 9)]
    link = f"http://site{number}.example/news/{count}"
    day, minute = 1 + count // 60 % 20, count % 60
    return (
        f"<item><title>{' '.join(words[:5]).capitalize()} {number}.{count}</title><link>{link}</link>"
        f"<guid>{link}</guid><pubDate>Sun, {day:02} Nov 2026 09:{minute:02}:00 GMT</pubDate>"
        f"<description>&lt;p&gt;{' '.join(words * 4).capitalize()}.&lt;/p&gt;</description></item>"
    )


class Site(asyncio.Protocol):
    """As little HTTP as the clients need, so that the server does not dominate the measurement."""

    turn = 0
    #: by address: the If-None-Match header of the present version, the response to it, and that to all others
    answers: dict[str, tuple[bytes, bytes, bytes]]
    open: ClassVar[set[asyncio.Transport]] = set()
    count: int
    late: float  #: seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.host = transport.get_extra_info("sockname")[0]
        self.held = b""
        Site.open.add(transport)

    def connection_lost(self, _error: Exception | None) -> None:
        Site.open.discard(self.transport)

    def data_received(self, received: bytes) -> None:
        self.held += received
        while b"\r\n\r\n" in self.held:
            request, _, self.held = self.held.partition(b"\r\n\r\n")
            answer = self.answer(request)
            if Site.late:
                asyncio.get_running_loop().call_later(Site.late, self.transport.write, answer)
            else:
                self.transport.write(answer)

    def answer(self, request: bytes) -> bytes:
        known, unchanged, whole = Site.answers[self.host]
        if known in request.lower():
            return unchanged
        if request.startswith(b"GET /turn "):
            publish(Site.turn + 1)
            for transport in Site.open - {self.transport}:
                transport.close()
            return b"HTTP/1.1 204 No Content\r\n\r\n"
        return whole


def publish(turn: int) -> None:
    """Prepare the responses of turn `turn`: of every tenth site, or of all for the first turn."""
    if turn == 0:
        Site.answers = {address(number): answers(number, 0) for number in range(Site.count)}
    for number in range(0, Site.count, 10):
        Site.answers[address(number)] = answers(number, turn)
    Site.turn = turn


def answers(number: int, turn: int) -> tuple[bytes, bytes, bytes]:
    """The entry of `Site.answers` for one site after `turn` turns."""
    etag, body = b'"%d-%d"' % (number, turn), feed(number, turn)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: %s\r\nContent-Length: %d\r\n\r\n"
    return (
        b"\r\nif-none-match: " + etag,
        b"HTTP/1.1 304 Not Modified\r\nETag: " + etag + b"\r\n\r\n",
        head % (etag, len(body)) + body,
    )


async def main() -> None:
    Site.count, Site.late = int(sys.argv[1]), int(sys.argv[2]) / 1000
    publish(0)
    server = await asyncio.get_running_loop().create_server(Site, "0.0.0.0", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
