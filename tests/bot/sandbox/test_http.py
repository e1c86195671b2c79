"""The fake Telegram over HTTP: every way to pass parameters, and faults on real connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.transport.http_server import create_app
from tests.bot.sandbox.conftest import Harness
from tests.bot.sandbox.test_photos import png
from tests.conftest import settle

Client = TestClient[Any, Any]


@pytest.fixture
async def client(harness: Harness) -> AsyncIterator[Client]:
    async with TestClient(TestServer(create_app(harness.telegram))) as client:
        yield client


def url(harness: Harness, method: str, token: str = "") -> str:
    return f"/bot{token or harness.telegram.token}/{method}"


async def test_parameters_come_as_json_as_a_form_in_parts_or_in_the_address(
    harness: Harness, client: Client
) -> None:
    keys = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    as_json = {
        "chat_id": harness.channel.id,
        "text": "မြန်မာ",
        "reply_markup": keys,
        "disable_notification": True,
    }
    as_form = {"chat_id": str(harness.channel.id), "text": "မြန်မာ", "disable_notification": "true"}
    as_form["reply_markup"] = json.dumps(keys)
    parts = aiohttp.FormData(as_form, default_to_multipart=True)
    ways: list[dict[str, Any]] = [{"json": as_json}, {"data": as_form}, {"data": parts}, {"params": as_form}]
    for way in ways:
        answer = await client.post(url(harness, "sendMessage"), **way)
        assert answer.status == 200
        assert answer.content_type == "application/json"
        result = (await answer.json())["result"]
        assert (result["text"], result["reply_markup"]) == ("မြန်မာ", keys)
    assert all(message.silent for message in harness.telegram.visible_messages(harness.channel.id)[1:])


async def test_a_picture_comes_in_parts(harness: Harness, client: Client) -> None:
    form = aiohttp.FormData({"chat_id": str(harness.channel.id), "caption": "x"})
    form.add_field("photo", png(30, 20), filename="a.png", content_type="image/png")
    answer = await client.post(url(harness, "sendPhoto"), data=form)
    assert (await answer.json())["result"]["photo"][0]["width"] == 30


async def test_refusals_carry_their_status(harness: Harness, client: Client) -> None:
    harness.telegram.block(harness.reader.id)
    blocked = {"chat_id": harness.reader.id, "text": "x"}
    for path, params, status in (
        (url(harness, "sendMessage"), {}, 400),
        (url(harness, "sendMessage"), blocked, 403),
        (url(harness, "sendPigeon"), {}, 404),
        (url(harness, "getMe", "1:wrong"), {}, 401),
    ):
        answer = await client.post(path, json=params)
        body = await answer.json()
        assert (answer.status, body["error_code"], body["ok"]) == (status, status, False)


async def test_a_body_that_is_no_json_is_refused(harness: Harness, client: Client) -> None:
    for body in (b"{", b"[]", b"\xff"):
        answer = await client.post(
            url(harness, "getMe"), data=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status == 400


async def test_a_429_has_its_header(harness: Harness, client: Client) -> None:
    harness.telegram.faults.script("flood", seconds=7)
    answer = await client.post(url(harness, "getChat"), json={"chat_id": harness.channel.id})
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


async def test_a_proxys_502_is_html(harness: Harness, client: Client) -> None:
    harness.telegram.faults.script("gateway_502")
    answer = await client.post(url(harness, "getChat"))
    assert (answer.status, answer.content_type) == (502, "text/html")


@pytest.mark.parametrize(
    ("fault", "error", "applied"),
    [
        ("closed", aiohttp.ServerDisconnectedError, 0),
        ("closed_applied", aiohttp.ServerDisconnectedError, 1),
        ("reset", aiohttp.ClientOSError, 0),
        ("reset_applied", aiohttp.ClientOSError, 1),
        ("truncated", aiohttp.ClientPayloadError, 1),
    ],
)
async def test_a_broken_connection_is_really_broken(
    harness: Harness, client: Client, fault: str, error: type[Exception], applied: int
) -> None:
    harness.telegram.faults.script(fault, methods=["sendMessage"])
    with pytest.raises(error):
        async with client.post(
            url(harness, "sendMessage"), json={"chat_id": harness.channel.id, "text": "x"}
        ) as answer:
            await answer.read()
    assert len(list(harness.telegram.visibility.messages())) == applied


async def test_a_silent_connection_is_applied_although_the_caller_leaves(
    harness: Harness, client: Client
) -> None:
    harness.telegram.faults.script("timeout_applied", methods=["sendMessage"])
    events = harness.telegram.follow_events()
    asking = asyncio.ensure_future(
        client.post(url(harness, "sendMessage"), json={"chat_id": harness.channel.id, "text": "x"})
    )
    kinds = [(await anext(events)).kind for _ in range(2)]
    assert kinds == ["fault", "message"]
    assert not asking.done()
    asking.cancel()
    await settle()
    assert len(list(harness.telegram.visibility.messages())) == 1


async def test_a_running_poll_ends_when_the_server_stops(harness: Harness) -> None:
    async with TestClient(TestServer(create_app(harness.telegram))) as client:
        polling = asyncio.ensure_future(client.post(url(harness, "getUpdates"), json={"timeout": 50}))
        await harness.telegram.state.updates.polling.wait()
        await client.server.close()
        assert (await (await polling).json())["result"] == []
