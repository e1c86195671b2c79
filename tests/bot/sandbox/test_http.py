"""The box over HTTP: every way to pass parameters, and faults on the real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.transport.http_server import create_app
from tests.bot.sandbox.conftest import Town
from tests.bot.sandbox.test_photos import png
from tests.conftest import settle

Client = TestClient[Any, Any]


@pytest.fixture
async def client(town: Town) -> AsyncIterator[Client]:
    async with TestClient(TestServer(create_app(town.box))) as client:
        yield client


def url(town: Town, method: str, token: str = "") -> str:
    return f"/bot{token or town.box.token}/{method}"


async def test_parameters_come_as_json_as_a_form_in_parts_or_in_the_address(
    town: Town, client: Client
) -> None:
    keys = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    as_json = {
        "chat_id": town.channel.id,
        "text": "မြန်မာ",
        "reply_markup": keys,
        "disable_notification": True,
    }
    as_form = {"chat_id": str(town.channel.id), "text": "မြန်မာ", "disable_notification": "true"}
    as_form["reply_markup"] = json.dumps(keys)
    parts = aiohttp.FormData(as_form, default_to_multipart=True)
    ways: list[dict[str, Any]] = [{"json": as_json}, {"data": as_form}, {"data": parts}, {"params": as_form}]
    for way in ways:
        answer = await client.post(url(town, "sendMessage"), **way)
        assert answer.status == 200
        assert answer.content_type == "application/json"
        result = (await answer.json())["result"]
        assert (result["text"], result["reply_markup"]) == ("မြန်မာ", keys)
    assert all(message.silent for message in town.box.visible_messages(town.channel.id)[1:])


async def test_a_picture_comes_in_parts(town: Town, client: Client) -> None:
    form = aiohttp.FormData({"chat_id": str(town.channel.id), "caption": "x"})
    form.add_field("photo", png(30, 20), filename="a.png", content_type="image/png")
    answer = await client.post(url(town, "sendPhoto"), data=form)
    assert (await answer.json())["result"]["photo"][0]["width"] == 30


async def test_refusals_carry_their_status(town: Town, client: Client) -> None:
    town.box.block(town.reader.id)
    blocked = {"chat_id": town.reader.id, "text": "x"}
    for path, params, status in (
        (url(town, "sendMessage"), {}, 400),
        (url(town, "sendMessage"), blocked, 403),
        (url(town, "sendPigeon"), {}, 404),
        (url(town, "getMe", "1:wrong"), {}, 401),
    ):
        answer = await client.post(path, json=params)
        body = await answer.json()
        assert (answer.status, body["error_code"], body["ok"]) == (status, status, False)


async def test_a_body_that_is_no_json_is_refused(town: Town, client: Client) -> None:
    for body in (b"{", b"[]", b"\xff"):
        answer = await client.post(
            url(town, "getMe"), data=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status == 400


async def test_a_429_has_its_header(town: Town, client: Client) -> None:
    town.box.faults.script("flood", seconds=7)
    answer = await client.post(url(town, "getChat"), json={"chat_id": town.channel.id})
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


async def test_a_proxys_502_is_html(town: Town, client: Client) -> None:
    town.box.faults.script("gateway_502")
    answer = await client.post(url(town, "getChat"))
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
    town: Town, client: Client, fault: str, error: type[Exception], applied: int
) -> None:
    town.box.faults.script(fault, methods=["sendMessage"])
    with pytest.raises(error):
        async with client.post(
            url(town, "sendMessage"), json={"chat_id": town.channel.id, "text": "x"}
        ) as answer:
            await answer.read()
    assert len(list(town.box.visibility.messages())) == applied


async def test_a_silent_connection_is_applied_although_the_caller_leaves(town: Town, client: Client) -> None:
    town.box.faults.script("timeout_applied", methods=["sendMessage"])
    events = town.box.follow_events()
    asking = asyncio.ensure_future(
        client.post(url(town, "sendMessage"), json={"chat_id": town.channel.id, "text": "x"})
    )
    kinds = [(await anext(events)).kind for _ in range(2)]
    assert kinds == ["fault", "message"]
    assert not asking.done()
    asking.cancel()
    await settle()
    assert len(list(town.box.visibility.messages())) == 1


async def test_a_running_poll_ends_when_the_server_stops(town: Town) -> None:
    async with TestClient(TestServer(create_app(town.box))) as client:
        polling = asyncio.ensure_future(client.post(url(town, "getUpdates"), json={"timeout": 50}))
        await town.box.state.updates.polling.wait()
        await client.server.close()
        assert (await (await polling).json())["result"] == []
