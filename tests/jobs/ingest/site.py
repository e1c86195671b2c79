"""Local servers for these tests: a well-behaved one, and one that sends any bytes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from ssl import SSLContext
from typing import cast

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from jobs.config import FetchPolicy

FEED = b'<?xml version="1.0"?><rss version="2.0"><channel><title>The Paper</title></channel></rss>'
LOCAL = (ip_network("127.0.0.0/8"),)
POLICY = FetchPolicy(
    user_agent="newswire/1 (+https://paper.example/bot)",
    timeout=20.0,
    max_bytes=200_000,
    private_networks=LOCAL,
)
STRANGER = replace(POLICY, private_networks=())

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Site:
    """A site whose pages the test sets; it records the requests."""

    address: str = ""
    scheme: str = "http"
    pages: dict[str, Handler] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    bodies: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/feed") -> str:
        return f"{self.scheme}://{self.address}{path}"

    def says(self, body: bytes = FEED, path: str = "/feed", status: int = 200, **headers: str) -> None:
        """Set the response of `path`; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def page(request: web.Request) -> web.StreamResponse:
            return web.Response(body=body, status=status, headers=named)

        self.pages[path] = page

    def redirects(self, path: str, to: str, status: int = 301) -> None:
        self.says(b"", path, status, Location=to)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.asked.append(request)
        self.was_asked.set()
        page = self.pages.get(request.path)
        return await page(request) if page else web.Response(status=404)


@asynccontextmanager
async def a_site(host: str = "127.0.0.1", context: SSLContext | None = None) -> AsyncIterator[Site]:
    """A well-behaved HTTP server on its own port, with TLS if a context is given."""
    site = Site(scheme="https" if context else "http")
    answer = cast(Answer, site.answer)  # without routes it is a BaseRequest, which has all that is read here
    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, host, 0, ssl_context=context).start()
    site.address = f"{host}:{runner.addresses[0][1]}"
    try:
        yield site
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_site(talk: Raw) -> AsyncIterator[str]:
    """The address of a server that reads one request's head and then runs `talk`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def sends(*chunks: bytes) -> Raw:
    """Send these bytes and close."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()

    return talk


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


class Names(AbstractResolver):
    """A resolver with the test's answers, one after the other if there are several."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        addresses = self.answers.get(host.partition(".")[0], [])
        if not addresses:
            raise OSError(f"no address for {host}")
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [
            {
                "hostname": host,
                "host": one,
                "port": port,
                "family": socket.AF_INET6 if ":" in one else socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
            for one in address.split()
        ]

    async def close(self) -> None:
        pass
