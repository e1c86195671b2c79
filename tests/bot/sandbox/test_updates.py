"""getUpdates: offsets, long polls, conflicts, age (TELEGRAM.md, section 7)."""

import asyncio
from typing import Any

from tests.bot.sandbox.conftest import Town
from tests.conftest import settle


def say(town: Town, count: int = 1) -> None:
    for number in range(count):
        town.box.say(town.reader.id, town.reader.id, f"/say {number}")


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"].removeprefix("/say ") for update in updates]


async def test_updates_come_until_an_offset_confirms_them(town: Town) -> None:
    say(town, 3)
    first = await town.ask("getUpdates")
    assert texts(first) == texts(await town.ask("getUpdates")) == ["0", "1", "2"]
    assert texts(await town.ask("getUpdates", offset=first[1]["update_id"])) == ["1", "2"]
    assert texts(await town.ask("getUpdates", offset=first[-1]["update_id"] + 1)) == []
    assert texts(await town.ask("getUpdates")) == []


async def test_a_limit_takes_the_oldest(town: Town) -> None:
    say(town, 3)
    assert texts(await town.ask("getUpdates", limit=2)) == ["0", "1"]
    assert len(await town.ask("getUpdates", limit=0)) == 1


async def test_a_negative_offset_keeps_only_the_last_ones(town: Town) -> None:
    say(town, 5)
    assert texts(await town.ask("getUpdates", offset=-2)) == ["3", "4"]
    assert texts(await town.ask("getUpdates")) == ["3", "4"]


async def test_an_offset_far_beyond_the_end_is_ignored(town: Town) -> None:
    say(town)
    last = (await town.ask("getUpdates"))[-1]["update_id"]
    assert len(await town.ask("getUpdates", offset=last + 12)) == 1
    assert len(await town.ask("getUpdates", offset=last + 2)) == 0


async def test_a_long_poll_wakes_when_something_comes(town: Town) -> None:
    polling = asyncio.ensure_future(town.ask("getUpdates", timeout=30))
    await settle()
    assert not polling.done()
    say(town)
    assert texts(await polling) == ["0"]


async def test_a_long_poll_ends_empty_after_its_time_and_never_lasts_over_fifty_seconds(town: Town) -> None:
    for asked, lasts in ((10, 10), (500, 50)):
        polling = asyncio.ensure_future(town.ask("getUpdates", timeout=asked))
        await town.clock.advance(lasts - 1)
        assert not polling.done()
        await town.clock.advance(1)
        assert await polling == []


async def test_a_second_poller_ends_the_first_with_a_conflict(town: Town) -> None:
    first = asyncio.ensure_future(town.refused("getUpdates", timeout=30))
    await settle()
    second = asyncio.ensure_future(town.ask("getUpdates", timeout=30))
    assert await first == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    say(town)
    assert len(await second) == 1


async def test_a_poll_that_does_not_wait_ends_nobodys(town: Town) -> None:
    waiting = asyncio.ensure_future(town.ask("getUpdates", timeout=30))
    await settle()
    assert await town.ask("getUpdates") == []
    say(town)
    assert len(await waiting) == 1


async def test_updates_are_kept_for_a_day_and_buttons_for_less(town: Town) -> None:
    keys = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    message = await town.send(town.reader.id, reply_markup=keys)
    town.box.press(town.reader.id, town.reader.id, message.id, "y")
    say(town)
    assert len(await town.ask("getUpdates")) == 2
    town.clock.move(151)
    assert texts(await town.ask("getUpdates")) == ["0"]
    town.clock.move(24 * 3600)
    assert await town.ask("getUpdates") == []


async def test_only_wanted_kinds_are_kept_and_the_wish_persists(town: Town) -> None:
    await town.ask("getUpdates", allowed_updates=["callback_query"])
    say(town)
    assert await town.ask("getUpdates") == []
    await town.ask("getUpdates", allowed_updates=[])
    say(town)
    assert len(await town.ask("getUpdates")) == 1


async def test_the_bots_own_posts_and_edits_are_never_updates(town: Town) -> None:
    post = await town.send(town.channel.id)
    await town.ask("editMessageText", chat_id=town.channel.id, message_id=post.id, text="y")
    assert await town.ask("getUpdates") == []
    town.box.post(town.channel.id, "by hand")
    assert [list(update)[1] for update in await town.ask("getUpdates")] == ["channel_post"]


async def test_a_webhook_excludes_polling(town: Town) -> None:
    waiting = asyncio.ensure_future(town.refused("getUpdates", timeout=30))
    await settle()
    await town.ask(
        "setWebhook", url="https://bot.example.org/hook", secret_token="s", allowed_updates=["message"]
    )
    assert (await waiting).startswith("Conflict: ")
    assert await town.refused("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first"
    )
    say(town)
    info = await town.ask("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == ("https://bot.example.org/hook", 1)
    await town.ask("deleteWebhook", drop_pending_updates=True)
    assert await town.ask("getUpdates") == []
    assert (await town.ask("getWebhookInfo"))["url"] == ""


async def test_telegrams_own_server_takes_https_on_four_ports_and_ones_own_takes_more(town: Town) -> None:
    assert (
        await town.refused("setWebhook", url="http://bot.example.org/")
        == "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    )
    assert (
        await town.refused("setWebhook", url="https://bot.example.org:5000/")
        == "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"
    )
    wrong = await town.refused("setWebhook", url="https://bot.example.org/", secret_token="a b")
    assert wrong == "Bad Request: secret token contains unallowed characters"
    town.box.state.updates.is_local = True
    assert await town.ask("setWebhook", url="http://127.0.0.1:5000/")


async def test_an_update_is_brought_as_it_is_forged_or_out_of_order(town: Town) -> None:
    say(town)
    assert town.box.inject({"update_id": 7, "poll": {"id": "1"}}) == 7
    assert town.box.inject({"message": {"text": "x"}}) == 8
    brought = await town.ask("getUpdates")
    assert [update["update_id"] for update in brought[1:]] == [7, 8]
    assert brought[1]["poll"] == {"id": "1"}
