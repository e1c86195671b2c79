"""SIGKILL at the worst moments: no post is lost or sent twice."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from tests.stories.operator import Newsroom, newsroom, running
from tests.stories.test_newsroom_goes_live import feed, item

pytestmark = pytest.mark.slow


def paper(*headlines: str) -> bytes:
    """Return the site's feed with these headlines, newest first."""
    return feed(*reversed([item(10 + place, headline) for place, headline in enumerate(headlines)]))


async def test_killed_at_three_moments_it_loses_no_post_and_repeats_none(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        there, site, channel = room.telegram, room.site, room.telegram.channels[0]
        settings = room.settings(UNCLEAR_SEND_WAIT="1s")
        site.says(paper("Old"))

        async with running(tmp_path, "run", **settings) as first:
            await first.until_it_says("feeds updated")
            site.says(paper("Old", "One"))
            await there.until_shown(channel, "One")
            go_on = stalls(room, paper("Old", "One", "Two"))
            site.was_asked.clear()
            await site.was_asked.wait()
            await first.kill()  # while a feed with news is being fetched
            go_on.set()

        site.says(paper("Old", "One", "Two"))
        met = await meets(room, "timeout_applied")
        async with running(tmp_path, "run", **settings) as second:
            await met
            await second.kill()  # the message was delivered, but the result is not recorded

        row = ("Three", "Four", "Five")
        async with running(tmp_path, "run", **settings) as third:
            await there.until_shown(channel, "One", "Two")
            met = await meets(room, "timeout")
            site.says(paper("Old", "One", "Two", *row))
            await met
            await third.kill()  # the first message was not delivered, which is not recorded

        async with running(tmp_path, "run", **settings) as last:
            await there.until_shown(channel, "One", "Two", *row)
            await room.looks(2)
            assert (await last.stop())[0] == 0
        assert await there.headlines(channel) == ["One", "Two", *row]


async def meets(room: Newsroom, fault: str) -> asyncio.Task[None]:
    """Let the next send fail with `fault`; the returned task ends when the request is in flight."""
    there = room.telegram
    last = (await there.get("state"))["last_event"]
    await there.post("faults", fault=fault, methods=["sendMessage"])

    async def met() -> None:
        assert await there.get(f"events?after={last}&kind=fault&wait=40")

    return asyncio.create_task(met())


def stalls(room: Newsroom, whole: bytes) -> asyncio.Event:
    """Let the site send half of its feed, and the rest when the event is set."""
    go_on = asyncio.Event()

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = len(whole)
        await response.prepare(request)
        await response.write(whole[: len(whole) // 2])
        await go_on.wait()
        return response

    room.site.pages["/feed"] = half
    return go_on
