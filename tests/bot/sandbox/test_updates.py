"""getUpdates: offsets, long polls, conflicts and expiry."""

import asyncio
from typing import Any

from tests.bot.sandbox.conftest import Harness
from tests.conftest import settle


def say(harness: Harness, count: int = 1) -> None:
    for number in range(count):
        harness.telegram.say(harness.reader.id, harness.reader.id, f"/say {number}")


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"].removeprefix("/say ") for update in updates]


async def test_updates_come_until_an_offset_confirms_them(harness: Harness) -> None:
    say(harness, 3)
    first = await harness.ask("getUpdates")
    assert texts(first) == texts(await harness.ask("getUpdates")) == ["0", "1", "2"]
    assert texts(await harness.ask("getUpdates", offset=first[1]["update_id"])) == ["1", "2"]
    assert texts(await harness.ask("getUpdates", offset=first[-1]["update_id"] + 1)) == []
    assert texts(await harness.ask("getUpdates")) == []


async def test_a_limit_takes_the_oldest(harness: Harness) -> None:
    say(harness, 3)
    assert texts(await harness.ask("getUpdates", limit=2)) == ["0", "1"]
    assert len(await harness.ask("getUpdates", limit=0)) == 1


async def test_a_negative_offset_keeps_only_the_last_ones(harness: Harness) -> None:
    say(harness, 5)
    assert texts(await harness.ask("getUpdates", offset=-2)) == ["3", "4"]
    assert texts(await harness.ask("getUpdates")) == ["3", "4"]


async def test_an_offset_far_beyond_the_end_is_ignored(harness: Harness) -> None:
    say(harness)
    last = (await harness.ask("getUpdates"))[-1]["update_id"]
    assert len(await harness.ask("getUpdates", offset=last + 12)) == 1
    assert len(await harness.ask("getUpdates", offset=last + 2)) == 0


async def test_a_long_poll_wakes_when_something_comes(harness: Harness) -> None:
    polling = asyncio.ensure_future(harness.ask("getUpdates", timeout=30))
    await settle()
    assert not polling.done()
    say(harness)
    assert texts(await polling) == ["0"]


async def test_a_long_poll_ends_empty_after_its_time_and_never_lasts_over_fifty_seconds(
    harness: Harness,
) -> None:
    for asked, lasts in ((10, 10), (500, 50)):
        polling = asyncio.ensure_future(harness.ask("getUpdates", timeout=asked))
        await harness.clock.advance(lasts - 1)
        assert not polling.done()
        await harness.clock.advance(1)
        assert await polling == []


async def test_a_second_poller_ends_the_first_with_a_conflict(harness: Harness) -> None:
    first = asyncio.ensure_future(harness.refused("getUpdates", timeout=30))
    await settle()
    second = asyncio.ensure_future(harness.ask("getUpdates", timeout=30))
    assert await first == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    say(harness)
    assert len(await second) == 1


async def test_a_poll_that_does_not_wait_ends_nobodys(harness: Harness) -> None:
    waiting = asyncio.ensure_future(harness.ask("getUpdates", timeout=30))
    await settle()
    assert await harness.ask("getUpdates") == []
    say(harness)
    assert len(await waiting) == 1


async def test_updates_are_kept_for_a_day_and_buttons_for_less(harness: Harness) -> None:
    keys = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    message = await harness.send(harness.reader.id, reply_markup=keys)
    harness.telegram.press(harness.reader.id, harness.reader.id, message.id, "y")
    say(harness)
    assert len(await harness.ask("getUpdates")) == 2
    harness.clock.move(151)
    assert texts(await harness.ask("getUpdates")) == ["0"]
    harness.clock.move(24 * 3600)
    assert await harness.ask("getUpdates") == []


async def test_only_wanted_kinds_are_kept_and_the_wish_persists(harness: Harness) -> None:
    await harness.ask("getUpdates", allowed_updates=["callback_query"])
    say(harness)
    assert await harness.ask("getUpdates") == []
    await harness.ask("getUpdates", allowed_updates=[])
    say(harness)
    assert len(await harness.ask("getUpdates")) == 1


async def test_the_bots_own_posts_and_edits_are_never_updates(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    await harness.ask("editMessageText", chat_id=harness.channel.id, message_id=post.id, text="y")
    assert await harness.ask("getUpdates") == []
    harness.telegram.post(harness.channel.id, "by hand")
    assert [list(update)[1] for update in await harness.ask("getUpdates")] == ["channel_post"]


async def test_a_webhook_excludes_polling(harness: Harness) -> None:
    waiting = asyncio.ensure_future(harness.refused("getUpdates", timeout=30))
    await settle()
    await harness.ask(
        "setWebhook", url="https://bot.example.org/hook", secret_token="s", allowed_updates=["message"]
    )
    assert (await waiting).startswith("Conflict: ")
    assert await harness.refused("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first"
    )
    say(harness)
    info = await harness.ask("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == ("https://bot.example.org/hook", 1)
    await harness.ask("deleteWebhook", drop_pending_updates=True)
    assert await harness.ask("getUpdates") == []
    assert (await harness.ask("getWebhookInfo"))["url"] == ""


async def test_telegrams_own_server_takes_https_on_four_ports_and_ones_own_takes_more(
    harness: Harness,
) -> None:
    assert (
        await harness.refused("setWebhook", url="http://bot.example.org/")
        == "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    )
    assert (
        await harness.refused("setWebhook", url="https://bot.example.org:5000/")
        == "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"
    )
    wrong = await harness.refused("setWebhook", url="https://bot.example.org/", secret_token="a b")
    assert wrong == "Bad Request: secret token contains unallowed characters"
    harness.telegram.state.updates.is_local = True
    assert await harness.ask("setWebhook", url="http://127.0.0.1:5000/")


async def test_an_update_is_brought_as_it_is_forged_or_out_of_order(harness: Harness) -> None:
    say(harness)
    assert harness.telegram.inject({"update_id": 7, "poll": {"id": "1"}}) == 7
    assert harness.telegram.inject({"message": {"text": "x"}}) == 8
    brought = await harness.ask("getUpdates")
    assert [update["update_id"] for update in brought[1:]] == [7, 8]
    assert brought[1]["poll"] == {"id": "1"}
