"""A proxy on this machine: HTTP (CONNECT and whole addresses) and SOCKS5 at one port, as its clients ask.

Names that `names` knows lead where it says; whatever else is asked for is reached as it is.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

END = b"\r\n\r\n"


@dataclass
class Proxy:
    """What it was asked for, and how it behaves."""

    names: dict[str, tuple[str, int]] = field(default_factory=dict)
    password: str = ""  #: "name:password" that it wants
    answers: bytes = b""  #: to whatever asks to be let through, before it closes
    dies_after: int = -1  #: bytes that it carries to the server before it cuts the tunnel; -1 for never
    port: int = 0
    asked: list[str] = field(
        default_factory=list
    )  #: "CONNECT host:port", "SOCKS host:port", "POST http://..."
    carried: int = 0  #: bytes to servers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            first = await reader.readexactly(1)
            await (self._socks if first == b"\x05" else self._http)(first, reader, writer)
        with suppress(OSError):
            writer.close()

    async def _http(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = first + await reader.readuntil(END)
        method, target, *_ = head.decode("latin-1").split(" ")
        self.asked.append(f"{method} {target}")
        secret = base64.b64encode(self.password.encode()).decode()
        if self.password and f"Proxy-Authorization: Basic {secret}" not in head.decode("latin-1"):
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0" + END)
            return
        if self.answers:
            writer.write(self.answers)
            return
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            writer.write(b"HTTP/1.1 200 OK\r\n")
            await writer.drain()
            writer.write(b"Via: a proxy" + END)
            await self._carry(host.strip("[]"), int(port), b"", reader, writer)
            return
        place, _, path = target.removeprefix("http://").partition("/")
        host, _, port = place.partition(":")
        begun = head.replace(f" {target} ".encode(), f" /{path} ".encode(), 1)
        await self._carry(host, int(port or 80), begun, reader, writer)

    async def _socks(self, _first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        wanted = 2 if self.password else 0
        if wanted not in methods:
            writer.write(b"\x05\xff")
            return
        writer.write(bytes((5, wanted)))
        if self.password and not await self._may_pass(reader, writer):
            return
        kind = (await reader.readexactly(4))[3]
        length = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        raw = await reader.readexactly(length)
        host = ".".join(map(str, raw)) if kind == 1 else raw.decode("latin-1")
        port = int.from_bytes(await reader.readexactly(2))
        self.asked.append(f"SOCKS {host}:{port}")
        if self.answers:
            writer.write(self.answers)
            return
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        await self._carry(host, port, b"", reader, writer)

    async def _may_pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await reader.readexactly(1)
        name = await reader.readexactly((await reader.readexactly(1))[0])
        password = await reader.readexactly((await reader.readexactly(1))[0])
        right = f"{name.decode()}:{password.decode()}" == self.password
        writer.write(b"\x01\x00" if right else b"\x01\x01")
        return right

    async def _carry(
        self, host: str, port: int, begun: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host, port = self.names.get(host, (host, port))
        there, back = await asyncio.open_connection(host, port)
        back.write(begun)
        answers = asyncio.create_task(_pour(there, writer))
        try:
            while data := await reader.read(65536):
                self.carried += len(data)
                back.write(data)
                await back.drain()
                if 0 <= self.dies_after < self.carried:
                    writer.transport.abort()
                    return
        finally:
            answers.cancel()
            back.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def a_proxy(*, context: SSLContext | None = None, **behaviour: Any) -> AsyncIterator[Proxy]:
    """A proxy that listens until the block ends; encrypted, if there is a context."""
    proxy = Proxy(**behaviour)
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        connections.add(task)
        with suppress(asyncio.CancelledError):
            await proxy.serve(reader, writer)
        connections.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
