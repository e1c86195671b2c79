"""Requests over real connections: which were certainly not sent, and which may have been."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import Bot, InputFile
from telegram.error import NetworkError, TimedOut

from bot.telegram.sender import TelegramSender
from bot.telegram.transport import AiohttpRequest, NotWritten
from jobs.publish.send_result import TryLater, Unclear

TOKEN = "7000001:not-a-secret"
CONTENT = '{"above":false,"buttons":[],"large":false,"photo":"","preview":"","silent":false,"text":"x"}'
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", answer)
    async with TestServer(application) as server:
        yield str(server.make_url("/"))


@asynccontextmanager
async def asking(read_timeout: float = 5.0, connections: int = 8) -> AsyncIterator[AiohttpRequest]:
    async with AiohttpRequest(read_timeout=read_timeout, connections=connections) as request:
        yield request


def closed_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


async def test_a_failed_connection_means_not_written() -> None:
    async with asking() as request:
        with pytest.raises(NotWritten):
            await request.do_request(f"http://127.0.0.1:{closed_port()}/bot{TOKEN}/getMe", "POST")


async def test_a_connection_closed_without_an_answer_does_not_mean_not_written() -> None:
    async def close(request: web.Request) -> web.StreamResponse:
        await request.read()
        assert request.transport
        request.transport.abort()
        return web.Response()

    async with serving(close) as url, asking() as request:
        with pytest.raises(NetworkError) as caught:
            await request.do_request(url, "POST")
        assert not isinstance(caught.value, NotWritten)


async def test_no_answer_is_a_timeout() -> None:
    never = asyncio.Event()

    async def wait(_request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    async with serving(wait) as url, asking(read_timeout=0.05) as request:
        with pytest.raises(TimedOut):
            await request.do_request(url, "POST")
        never.set()


async def test_a_redirect_is_not_followed() -> None:
    async def redirect(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect("/elsewhere")

    async with serving(redirect) as url, asking() as request:
        status, _ = await request.do_request(url, "POST")
        assert status == 307


async def test_the_token_is_in_no_error_and_no_outcome() -> None:
    async def close(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    async with serving(close) as url, asking() as request:
        outcomes = [await TelegramSender(request, TOKEN, url).send(7, CONTENT)]
        nowhere = f"http://127.0.0.1:{closed_port()}"
        outcomes.append(await TelegramSender(request, TOKEN, nowhere).send(7, CONTENT))
        outcomes.append(await TelegramSender(request, TOKEN, "http://[half").send(7, CONTENT))
        assert [type(outcome) for outcome in outcomes] == [Unclear, TryLater, TryLater]
        assert TOKEN not in repr(outcomes)
        for address in (url, nowhere, "http://[half"):
            with pytest.raises(NetworkError) as caught:
                await request.do_request(f"{address}bot{TOKEN}/getMe", "POST")
            assert TOKEN not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_python_telegram_bot_works_through_it_files_included() -> None:
    seen: dict[str, object] = {}

    async def answer(request: web.Request) -> web.StreamResponse:
        form = await request.post()
        part = form["photo"]
        assert isinstance(part, web.FileField)
        seen.update(chat=form["chat_id"], picture=part.file.read())
        chat = {"id": 7, "type": "private", "first_name": "Aye"}
        return web.json_response({"ok": True, "result": {"message_id": 3, "date": 1, "chat": chat}})

    async with serving(answer) as url, asking() as request:
        bot = Bot(TOKEN, base_url=f"{url}bot", request=request)
        message = await bot.send_photo(7, InputFile(b"a picture", filename="x.png"))
        assert (message.message_id, seen) == (3, {"chat": "7", "picture": b"a picture"})
