"""Slow or excessive clients exhaust neither the web server nor the process's file descriptors."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.web.connections import ConnectionLimits
from bot.web.server import LARGEST_BODY, start_server
from tests.stories.operator import Running, free_port, get, newsroom, running
from tests.stories.test_newsroom_goes_live import feed, item

HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: "
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
DESCRIPTORS = 400

Talk = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def server(**limits: float) -> AsyncIterator[int]:
    """Serve one route, and one that waits for its body; yields the port."""
    routes = web.RouteTableDef()

    @routes.get("/healthz")
    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    @routes.post("/body")
    async def body(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    runner = await start_server(("127.0.0.1", 0), [routes], ConnectionLimits(**limits))  # type: ignore[arg-type]
    yield int(runner.addresses[0][1])
    await runner.cleanup()


async def connect(port: int, *said: bytes) -> Talk:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for one in said:
        writer.write(one)
    return reader, writer


async def closed(talk: Talk) -> bytes:
    """Wait until the server closes the connection, and return what it sent."""
    async with asyncio.timeout(60):
        try:
            return await talk[0].read()
        except ConnectionResetError:
            return b""
        finally:
            talk[1].close()


async def test_13a_an_incomplete_head_is_closed_at_its_deadline_even_if_bytes_keep_coming() -> None:
    async with server(head_timeout=0.3) as port:
        silent, half = await connect(port), await connect(port, HALF_A_HEAD)
        second = await connect(port, WHOLE + HALF_A_HEAD)
        drips = await connect(port, HALF_A_HEAD)
        dripping = asyncio.create_task(_drip(drips[1]))
        assert await closed(silent) == await closed(half) == await closed(drips) == b""
        assert b"alive" in await closed(second)
        dripping.cancel()


async def _drip(writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"a")
        await asyncio.sleep(0.05)


async def test_13a_a_body_that_never_comes_is_closed_at_its_deadline() -> None:
    head = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nand no more"
    async with server(request_timeout=0.3) as port:
        assert await closed(await connect(port, head)) == b""


async def test_13a_a_client_that_never_reads_the_responses_is_closed() -> None:
    async with server(request_timeout=0.3) as port:
        reader, writer = await connect(port)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(WHOLE * 200_000)
        async with asyncio.timeout(60):
            with pytest.raises(ConnectionError):
                await _go_on(writer)
        del reader


async def _go_on(writer: asyncio.StreamWriter) -> None:
    while True:
        await writer.drain()
        writer.write(WHOLE * 1000)


async def test_13a_one_connection_too_many_closes_the_oldest() -> None:
    async with server(max_connections=3) as port:
        first = await connect(port, HALF_A_HEAD)
        others = [await connect(port, WHOLE) for _ in range(2)]
        for reader, _ in others:
            assert await reader.readuntil(b"alive\n")
        fourth = await connect(port, WHOLE)
        assert await fourth[0].readuntil(b"alive\n")
        assert await closed(first) == b""
        others[0][1].write(WHOLE)  # its last request is now newer than the other's
        assert await others[0][0].readuntil(b"alive\n")
        fifth = await connect(port, WHOLE)
        assert await fifth[0].readuntil(b"alive\n")
        await closed(others[1])
        for reader, writer in (others[0], fourth, fifth):
            writer.write(WHOLE)
            assert await reader.readuntil(b"alive\n")
            writer.close()


async def test_5a_a_compressed_body_is_not_decompressed() -> None:
    head = b"POST /body HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Encoding: gzip\r\n"
    async with server() as port:
        assert (await closed(await connect(port, head + b"Content-Length: 5\r\n\r\n12345"))).endswith(b"5")
        large = b"a" * (LARGEST_BODY + 1)
        said = await closed(await connect(port, head + b"Content-Length: %d\r\n\r\n" % len(large) + large))
        assert said.startswith(b"HTTP/1.1 413") or said == b""  # or reset before we read it


async def test_13a_malformed_requests_are_refused_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with server() as port:
        for said in (b"\x16\x03\x01 hello\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: secret\r\n\r\n"):
            assert b" 400 " in await closed(await connect(port, said))
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


async def limited(bot: Running) -> None:
    """Limit the file descriptors, as `ulimit -n` would."""
    resource.prlimit(bot.process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


@pytest.mark.slow
async def test_13b_five_hundred_incomplete_requests_stop_neither_posts_nor_answers(tmp_path: Path) -> None:
    port = free_port()
    async with newsroom(tmp_path) as room:
        there, site = room.telegram, room.site
        site.says(feed(item(1, "Old")))
        settings = room.settings(HTTP_ADDRESS=f"127.0.0.1:{port}")
        async with running(tmp_path, "run", **settings) as bot:
            await limited(bot)
            await bot.until_it_says("feeds updated")
            await bot.until_it_says("receiving updates")
            held = [await connect(port, HALF_A_HEAD) for _ in range(500)]
            gone = [asyncio.create_task(closed(one)) for one in held]
            for _ in range(3):
                await there.post("faults", fault="reset", times=1, methods=["getUpdates"])
                assert await get(f"http://127.0.0.1:{port}/healthz") == (200, "alive\n")
            site.says(feed(item(2, "News"), item(1, "Old")))
            await there.until_shown(there.channels[0], "News")
            await there.post("do/say", user_id=there.people[0], chat_id=there.people[0], text="/latest")

            async def answered() -> bool:
                return any("News" in text for text in await there.texts(there.people[0]))

            await there.until(answered)
            assert _open_sockets(bot.process.pid) < DESCRIPTORS / 2
            assert sum(one.done() for one in gone) >= 500 - DESCRIPTORS / 2
            assert (await bot.stop())[0] == 0
            await asyncio.gather(*gone)
    assert not [line for line in bot.lines if "Traceback" in line]


def _open_sockets(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


@pytest.mark.slow
async def test_13b_exhausted_file_descriptors_are_logged_in_one_line(tmp_path: Path) -> None:
    port = free_port()
    async with newsroom(tmp_path) as room:
        room.site.says(feed(item(1, "Old")))
        settings = room.settings(HTTP_ADDRESS=f"127.0.0.1:{port}")
        async with running(tmp_path, "run", **settings) as bot:
            await bot.until_it_says("feeds updated")
            await bot.until_it_says("receiving updates")
            few = _open_sockets(bot.process.pid) + 2
            resource.prlimit(bot.process.pid, resource.RLIMIT_NOFILE, (few, DESCRIPTORS))
            held = [await connect(port, HALF_A_HEAD) for _ in range(40)]
            await bot.until_it_says("accepting connections failed")
            resource.prlimit(bot.process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
            assert await get(f"http://127.0.0.1:{port}/healthz") == (200, "alive\n")
            for _, writer in held:
                writer.close()
            assert (await bot.stop())[0] == 0
    assert not [line for line in bot.lines if "Traceback" in line], bot.lines
