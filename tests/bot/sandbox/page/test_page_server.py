"""The page's state, events and actions over HTTP, with real event streams."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.page.app import Sandbox, open_sandbox
from bot.sandbox.page.page_server import STATIC_FOLDER
from bot.sandbox.sample.site_server import SampleSite
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.state import LinkPreview
from tests.bot.sandbox.page.conftest import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def events(visitor: Visitor, state: Any, **headers: str) -> AsyncGenerator[dict[str, Any], None]:
    url = f"{visitor.address}events?after={state['after']}&run={state['run']}"
    async with visitor.session.get(url, headers=headers) as answer:
        assert answer.content_type == "text/event-stream"
        async for line in answer.content:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


async def test_the_page_is_told_what_happens_in_its_order(
    visitor: Visitor, telegram: FakeTelegram, sandbox: Sandbox
) -> None:
    channel, state = sandbox.channels["en"].id, await visitor.state()
    stream = events(visitor, state)
    await telegram.call("sendMessage", {"chat_id": channel, "text": "<b>One</b>", "parse_mode": "HTML"})
    await telegram.call("editMessageText", {"chat_id": channel, "message_id": 2, "text": "Two"})
    await telegram.call("deleteMessage", {"chat_id": channel, "message_id": 2})
    first, second, third = [await anext(stream) for _ in range(3)]
    assert first["message"]["text"] == "One"
    assert first["message"]["entities"] == [{"type": "bold", "offset": 0, "length": 3}]
    assert (second["kind"], second["message"]["text"]) == ("edited", "Two")
    assert third == {"kind": "deleted", "chat": channel, "id": 2}
    await stream.aclose()


async def test_a_page_that_was_away_gets_what_it_missed(
    visitor: Visitor, telegram: FakeTelegram, sandbox: Sandbox
) -> None:
    state = await visitor.state()
    for text in ("one", "two", "three"):
        await telegram.call("sendMessage", {"chat_id": sandbox.channels["en"].id, "text": text})
    stream = events(visitor, state, **{"Last-Event-ID": str(state["after"] + 2)})
    assert (await anext(stream))["message"]["text"] == "three"
    await stream.aclose()


async def test_a_page_of_an_earlier_run_is_told_to_load_again(visitor: Visitor) -> None:
    state = await visitor.state()
    for wrong in (
        {"run": "0", "after": "0"},
        {"run": state["run"], "after": "-1"},
        {"run": state["run"], "after": "²"},
    ):
        assert [event async for event in events(visitor, wrong)] == [{"kind": "reload"}]


async def test_chats_that_the_page_does_not_show_stay_out_of_it(
    visitor: Visitor, telegram: FakeTelegram, sandbox: Sandbox
) -> None:
    other = telegram.add_person("Somebody else")
    state = await visitor.state()
    stream = events(visitor, state)
    telegram.say(other.id, other.id, "a private word")
    await visitor.post("say", {"text": "hello"})
    event = await anext(stream)
    assert event["message"]["text"] == "hello"
    assert event["message"]["mine"] is True
    await stream.aclose()
    status, _ = await visitor.post("forward", {"chat": other.id, "id": 1})
    assert status == 409


async def test_a_pressed_button_reaches_the_bot_and_its_toast_the_page(
    visitor: Visitor, telegram: FakeTelegram, sandbox: Sandbox
) -> None:
    reader = sandbox.reader.id
    await visitor.post("say", {"text": "/start"})
    keys = [[{"text": "Site", "url": "https://example.org"}, {"text": "More", "callback_data": "latest 5"}]]
    answer = {"chat_id": reader, "text": "x", "reply_markup": {"inline_keyboard": keys}}
    _, body = await telegram.call("sendMessage", answer)
    shown = (await visitor.state())["chat"]["messages"][-1]
    assert shown["buttons"] == [
        [{"text": "Site", "url": "https://example.org/"}, {"text": "More", "url": ""}]
    ]
    place = {"chat": reader, "id": body["result"]["message_id"], "row": 0}
    for wrong in ({"column": 0}, {"column": 7}, {"column": -1}):
        assert (await visitor.post("press", place | wrong))[0] in (400, 409)
    stream = events(visitor, await visitor.state())
    assert (await visitor.post("press", place | {"column": 1}))[0] == 200
    _, updates = await telegram.call("getUpdates", {})
    query = updates["result"][-1]["callback_query"]
    assert query["data"] == "latest 5"
    await telegram.call("answerCallbackQuery", {"callback_query_id": query["id"], "text": "There you are"})
    assert await anext(stream) == {"kind": "toast", "text": "There you are"}
    await stream.aclose()


async def test_a_forwarded_post_reaches_the_bot_with_its_origin(
    visitor: Visitor, telegram: FakeTelegram, sandbox: Sandbox
) -> None:
    channel = sandbox.channels["my"].id
    await telegram.call("sendMessage", {"chat_id": channel, "text": "သတင်း"})
    assert (await visitor.post("forward", {"chat": channel, "id": 2}))[0] == 200
    _, updates = await telegram.call("getUpdates", {})
    assert updates["result"][-1]["message"]["forward_origin"]["message_id"] == 2
    assert (await visitor.state())["chat"]["messages"][-1]["forward"] == sandbox.channels["my"].title


async def test_an_answer_names_what_it_answers(visitor: Visitor) -> None:
    await visitor.post("say", {"text": "first"})
    first = (await visitor.state())["chat"]["messages"][-1]["id"]
    await visitor.post("say", {"text": "second", "reply_to": first})
    assert (await visitor.state())["chat"]["messages"][-1]["reply"]["text"] == "first"


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("say", {"text": "  "}, "nothing to send"),
        ("say", {"text": "x" * 4097}, "4096"),
        ("say", {"text": 5}, "text must be a string"),
        ("say", [], "object"),
        ("say", {"text": "hi", "reply_to": 99}, "no longer exists"),
        ("press", {"chat": "1", "id": 1}, "whole number"),
        ("press", {"chat": 1, "id": 1}, "no longer exists"),
        ("story", {"do": "explode"}, "publish, correct, withdraw"),
    ],
)
async def test_what_cannot_be_done_gets_one_sentence(
    visitor: Visitor, path: str, body: Any, says: str
) -> None:
    status, answer = await visitor.post(path, body)
    assert status in (400, 409)
    assert says in answer["error"]


async def test_the_newsrooms_buttons_publish_correct_withdraw_and_set_the_pace(
    visitor: Visitor, newsroom: SampleSite
) -> None:
    count = len(newsroom.state.published)
    for body in (
        {"do": "publish", "language": "my"},
        {"do": "correct"},
        {"do": "withdraw"},
        {"do": "pace", "seconds": 1},
    ):
        assert (await visitor.post("story", body))[0] == 200
    assert len(newsroom.state.published) == count + 1
    newest = newsroom.state.published[-1]
    assert newest.language == "my"
    assert newest.corrected_at
    assert not newest.is_live
    assert newsroom.interval == 2.0
    assert (await visitor.state())["site"]["pace"] == 2.0


@pytest.mark.parametrize("path", ["", "state", "events", "gazette/en/", "bot1:x/getMe"])
async def test_another_name_for_this_address_is_refused(visitor: Visitor, path: str) -> None:
    status, _, _ = await visitor.get(path, Host="rebound.example")
    assert status == 403


async def test_another_site_may_not_use_the_sandbox(
    visitor: Visitor, telegram: FakeTelegram, sandbox: Sandbox
) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        for path, body in (
            ("say", {"text": "x"}),
            ("story", {"do": "publish"}),
            (f"bot{telegram.token}/getMe", {}),
        ):
            assert (await visitor.post(path, body, **headers))[0] == 403
    assert (await visitor.get("state", **{"Sec-Fetch-Site": "cross-site"}))[0] == 403
    assert telegram.visible_messages(sandbox.reader.id) == []


async def test_a_post_that_says_nothing_of_where_it_comes_from_is_refused(visitor: Visitor) -> None:
    url = visitor.address + "say"
    async with visitor.session.post(url, json={"text": "x"}) as answer:
        assert answer.status == 400
    own = {"Origin": visitor.address.rstrip("/"), "Content-Type": "text/plain"}
    async with visitor.session.post(url, data='{"text": "x"}', headers=own) as answer:
        assert answer.status == 400


async def test_the_pages_files_may_load_nothing_from_outside(visitor: Visitor) -> None:
    for name in (
        "",
        *(path.name for path in STATIC_FOLDER.iterdir() if path.suffix in (".js", ".css", ".svg")),
    ):
        status, text, headers = await visitor.get(name)
        assert status == 200
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "https:" not in policy
        assert "innerHTML" not in text
        outside = text.replace("http://www.w3.org/", "").replace("http://${url}", "")
        assert "http://" not in outside
        assert "https://" not in outside


async def test_an_operators_own_feed_hides_the_newsroom_and_shows_his_previews(
    telegram: FakeTelegram,
) -> None:
    telegram.state.find_preview = lambda url: LinkPreview(title="Mine", image="https://example.org/a.jpg")
    sandbox = await open_sandbox(telegram, None, port=0)
    try:
        async with aiohttp.ClientSession() as session:
            visitor = Visitor(session, sandbox.address)
            (channel,) = sandbox.channels.values()
            await telegram.call("sendMessage", {"chat_id": channel.id, "text": "https://example.org/a"})
            state = await visitor.state()
            assert state["site"] is None
            assert state["channels"][0]["messages"][0]["preview"]["title"] == "Mine"
            assert (await visitor.get("gazette/en/"))[0] == 404
            status, answer = await visitor.post("story", {"do": "publish"})
            assert (status, sandbox.feed_urls) == (400, {})
            assert "your own site" in answer["error"]
            assert "img-src 'self' https: http:" in (await visitor.get(""))[2]["Content-Security-Policy"]
    finally:
        await sandbox.close()


async def test_it_closes_although_a_page_is_open(telegram: FakeTelegram, newsroom: SampleSite) -> None:
    sandbox = await open_sandbox(telegram, newsroom, port=0)
    async with aiohttp.ClientSession() as session:
        visitor = Visitor(session, sandbox.address)
        stream = events(visitor, await visitor.state())
        await visitor.post("say", {"text": "still here"})
        assert (await anext(stream))["kind"] == "message"
        await sandbox.close()
        assert [event async for event in stream] == []


async def test_it_listens_on_this_machine_only(telegram: FakeTelegram) -> None:
    for host in ("0.0.0.0", "192.168.1.5", "::", "example.org"):
        with pytest.raises(ValueError, match="loopback addresses only"):
            await open_sandbox(telegram, None, host, 0)


async def test_a_port_that_is_taken_leaves_the_fake_telegram_as_it_was(
    telegram: FakeTelegram, sandbox: Sandbox
) -> None:
    chats = dict(telegram.state.chats.by_id)
    taken = int(sandbox.address.rstrip("/").rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        await open_sandbox(telegram, None, port=taken)
    assert telegram.state.chats.by_id == chats
