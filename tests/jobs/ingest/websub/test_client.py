"""The WebSub client with a real hub and callback over HTTP, on both databases."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.web.websub import WebSubEndpoint
from jobs.ingest.websub.client import Push, sync_leases, unsubscribe_all
from storage import feeds
from storage.database import Database
from storage.records import LeaseState
from tests.conftest import MovedClock
from tests.jobs.ingest.house import House, a_house, served
from tests.jobs.ingest.hub import a_hub

NEWS = b"<rss version='2.0'><channel><item><title>News</title></item></channel></rss>"


@pytest.fixture
async def house(db: Database, clock: MovedClock) -> AsyncIterator[House]:
    async with a_house(db, clock) as one:
        yield one


async def test_a_feed_that_names_a_hub_is_subscribed_to_and_verified(house: House) -> None:
    assert await sync_leases(house.websub) == {"asked": 1, "left": 0, "forgotten": 0}
    lease = await house.lease()
    wish = house.hub.wishes[0]
    assert wish["hub.mode"] == "subscribe"
    assert wish["hub.topic"] == "http://paper.example/feed?self"
    assert wish["hub.callback"] == f"{house.websub.policy.public_url}websub/{lease.callback}"
    assert len(lease.callback) >= 43
    assert 43 <= len(lease.secret.encode()) < 200
    assert lease.secret not in lease.callback
    assert house.hub.verified == [("subscribe", 200)]
    assert lease.state is LeaseState.RUNNING
    assert lease.until == house.websub.clock.now() + timedelta(days=10)
    assert (await house.now()).lease_until == lease.until


async def test_nothing_is_asked_twice_while_a_lease_runs(house: House) -> None:
    await sync_leases(house.websub)
    house.later(days=6)
    assert await sync_leases(house.websub) == {"asked": 0, "left": 0, "forgotten": 0}


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_a_signed_push_arrives_byte_for_byte(house: House, method: str) -> None:
    await sync_leases(house.websub)
    assert await house.hub.publish(NEWS, method=method) == [202]
    assert await house.pushed.get() == Push(house.feed.id, NEWS, "application/rss+xml")


async def test_a_push_with_a_wrong_signature_changes_nothing(house: House) -> None:
    await sync_leases(house.websub)
    (callback,) = house.hub.subscribers
    assert await house.hub.publish(NEWS, secret="guessed") == [202]
    for signature in ("", "sha256=", "md5=abc", "sha256=" + "0" * 64, "sha256", "=", "sha256=ü"):
        assert await house.hub.send(callback, NEWS, {"X-Hub-Signature": signature}) == 202
    assert await house.hub.publish(b"right") == [202]
    assert (await house.pushed.get()).body == b"right"
    assert house.pushed.empty()


async def test_a_push_nobody_asked_for_is_told_to_stop(house: House) -> None:
    await sync_leases(house.websub)
    nowhere = f"{house.websub.policy.public_url}websub/nobody"
    assert await house.hub.send(nowhere, NEWS, {}) == 410
    assert house.pushed.empty()


async def test_a_push_larger_than_a_feed_may_be_is_refused(house: House) -> None:
    await sync_leases(house.websub)
    assert await house.hub.publish(b"x" * 200_001) == [413]
    assert house.pushed.empty()


async def test_a_question_about_what_nobody_asked_is_a_404(house: House) -> None:
    house.hub.silent = True
    await sync_leases(house.websub)
    wish = house.hub.wishes[0]
    question = {"hub.mode": "subscribe", "hub.challenge": "x", "hub.lease_seconds": "60"}
    for callback, said in [
        (wish["hub.callback"] + "x", question),
        (wish["hub.callback"], question | {"hub.topic": "http://other.example/"}),
        (wish["hub.callback"], question | {"hub.mode": "unsubscribe"}),
        (wish["hub.callback"], question | {"hub.mode": "constructor"}),
        (wish["hub.callback"], question | {"hub.challenge": ""}),
    ]:
        assert await house.hub.ask(callback, said, wish) == (404, b"")
    assert (await house.lease()).state is LeaseState.ASKED


async def test_a_lease_is_renewed_under_a_new_callback_before_it_ends(house: House) -> None:
    await sync_leases(house.websub)
    old = await house.lease()
    house.later(days=7)
    assert (await sync_leases(house.websub))["asked"] == 1
    newer = [lease for lease in await house.leases() if lease.callback != old.callback]
    assert newer[0].state is LeaseState.RUNNING
    assert newer[0].secret != old.secret
    assert (await house.now()).lease_until == house.websub.clock.now() + timedelta(days=10)
    assert await sync_leases(house.websub) == {"asked": 0, "left": 1, "forgotten": 0}
    assert house.hub.verified[-1] == ("unsubscribe", 200)
    assert await house.leases() == newer
    assert len(house.hub.subscribers) == 1
    await house.hub.publish(NEWS)
    assert (await house.pushed.get()).body == NEWS


async def test_a_short_lease_is_renewed_in_time_too(house: House) -> None:
    house.hub.lease_seconds = 300
    await sync_leases(house.websub)
    house.later(minutes=3)
    assert (await sync_leases(house.websub))["asked"] == 0
    house.later(minutes=1)
    assert (await sync_leases(house.websub))["asked"] == 1


async def test_a_hub_that_never_verifies_is_asked_again_an_hour_later(house: House) -> None:
    house.hub.silent = True
    await sync_leases(house.websub)
    house.later(minutes=59)
    assert (await sync_leases(house.websub))["asked"] == 0
    house.later(minutes=1)
    assert (await sync_leases(house.websub))["asked"] == 1
    assert len(await house.leases()) == 1
    assert house.hub.wishes[0]["hub.callback"] != house.hub.wishes[1]["hub.callback"]


async def test_a_hub_that_denies_is_asked_again_a_day_later(house: House) -> None:
    house.hub.denies = "not on our list"
    await sync_leases(house.websub)
    lease = await house.lease()
    assert (lease.state, lease.error) == (LeaseState.DENIED, "the hub denies it: not on our list")
    assert await house.hub.send(house.hub.wishes[0]["hub.callback"], NEWS, {}) == 202
    assert house.pushed.empty()
    house.later(hours=23)
    assert (await sync_leases(house.websub))["asked"] == 0
    house.later(hours=1)
    assert (await sync_leases(house.websub))["asked"] == 1


async def test_a_lease_that_the_hub_takes_back_is_over(house: House) -> None:
    await sync_leases(house.websub)
    wish = house.hub.wishes[0]
    assert await house.hub.ask(wish["hub.callback"], {"hub.mode": "denied"}, wish) == (200, b"")
    assert (await house.now()).lease_until is None


async def test_a_hub_that_cannot_be_reached_is_noted_and_asked_again(house: House) -> None:
    await house.change(hub="http://127.0.0.1:1/hub")
    await sync_leases(house.websub)
    assert (await house.lease()).error == "cannot connect to 127.0.0.1:1: Connection refused"
    house.later(hours=1)
    assert (await sync_leases(house.websub))["asked"] == 1


async def test_a_hub_that_refuses_is_noted(house: House) -> None:
    house.hub.site.says(b"go away", "/hub", 403)
    await sync_leases(house.websub)
    assert (await house.lease()).error == "the hub answers 403: 'go away'"


async def test_a_hub_inside_a_private_network_is_not_asked(house: House) -> None:
    await house.change(hub="http://10.0.0.1/hub")
    await sync_leases(house.websub)
    assert "not among PRIVATE_NETWORKS" in (await house.lease()).error


async def test_a_lease_that_nobody_renews_ends(house: House) -> None:
    await sync_leases(house.websub)
    house.hub.silent = True
    house.later(days=10)
    assert await sync_leases(house.websub) == {"asked": 1, "left": 0, "forgotten": 1}
    assert (await house.now()).lease_until is None


async def test_a_feed_that_names_another_hub_leaves_the_first(house: House) -> None:
    await sync_leases(house.websub)
    async with a_hub() as other:
        await house.change(hub=other.url)
        assert await sync_leases(house.websub) == {"asked": 1, "left": 1, "forgotten": 0}
        assert house.hub.subscribers == {}
        assert len(other.subscribers) == 1
        assert (await house.lease()).hub == other.url


async def test_a_feed_that_is_removed_is_unsubscribed(house: House) -> None:
    await sync_leases(house.websub)
    await house.db.run(feeds.register_urls, [], house.websub.clock.now())
    assert (await sync_leases(house.websub))["left"] == 1
    assert house.hub.subscribers == {}
    assert await house.leases() == []


async def test_at_the_end_all_hubs_are_left(house: House) -> None:
    await sync_leases(house.websub)
    assert await unsubscribe_all(house.websub) == 1
    assert house.hub.verified[-1] == ("unsubscribe", 200)
    assert await house.leases() == []
    assert (await house.now()).lease_until is None


async def test_a_hub_that_ignores_our_leaving_is_forgotten(house: House) -> None:
    await sync_leases(house.websub)
    house.hub.silent = True
    await house.change(hub="", topic="")
    await sync_leases(house.websub)
    assert (await house.lease()).state is LeaseState.LEAVING
    house.later(hours=1)
    assert (await sync_leases(house.websub))["forgotten"] == 1
    assert await house.hub.publish(NEWS) == [410]


async def test_without_a_public_address_no_hub_is_asked(house: House) -> None:
    quiet = replace(house.websub, policy=replace(house.websub.policy, public_url=""))
    assert await sync_leases(quiet) == {"asked": 0, "left": 0, "forgotten": 0}
    assert house.hub.wishes == []


async def test_what_goes_wrong_with_a_push_does_not_trouble_the_hub(house: House) -> None:
    """The hub gets its response before the push is parsed, and the next push is parsed as well."""
    seen: asyncio.Queue[bytes] = asyncio.Queue()

    async def fails_at_first(push: Push) -> None:
        await seen.put(push.body)
        if push.body == b"bad":
            raise RuntimeError("cannot be read")

    await sync_leases(house.websub)
    lease = await house.lease()
    listening = socket.create_server(("127.0.0.1", 0))
    there = f"http://127.0.0.1:{listening.getsockname()[1]}/websub/{lease.callback}"
    house.hub.subscribers = {there: lease.secret}
    async with served(WebSubEndpoint(house.websub, fails_at_first), listening):
        assert await house.hub.publish(b"bad") == [202]
        assert await house.hub.publish(b"good") == [202]
        assert [await seen.get(), await seen.get()] == [b"bad", b"good"]
