"""An operator's day with the real `newswire run`: it posts, answers, reports its state, and stops.

The tests share one bot and run in order; the last but one stops it.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from aiohttp import web

from bot.locale import unquote_text
from tests.stories.operator import Newsroom, Running, Said, free_port, get, newsroom, newswire, running
from tests.stories.test_newsroom_goes_live import feed, item

pytestmark = pytest.mark.asyncio(loop_scope="module")

OLD = (item(1, "The river rises"), item(2, "The bridge is closed"))


@dataclass
class Office:
    """A newsroom with a running bot, and with working and broken feeds and channels."""

    room: Newsroom
    bot: Running
    settings: dict[str, str]
    barred: int  #: a channel where the bot may not post
    shown: list[str] = field(default_factory=list)  #: the good channel's headlines so far

    async def publishes(self, headline: str) -> None:
        """Publish an article on the site, and wait until the channel shows it once."""
        self.shown.append(headline)
        stories = [item(10 + place, title) for place, title in enumerate(self.shown)]
        self.room.site.says(feed(*reversed(stories), *OLD))
        await self.room.telegram.until_shown(self.room.telegram.channels[0], *self.shown)

    async def newswire(self, *words: str, **more: str) -> Said:
        return await newswire(self.room.folder, *words, **self.settings | more)

    async def get(self, path: str) -> tuple[int, str]:
        return await get(f"http://{self.settings['HTTP_ADDRESS']}{path}")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with newsroom(tmp_path_factory.mktemp("office"), "--people", "2") as room:
        site, there = room.site, room.telegram
        site.says(feed(*OLD))
        site.says(b"<html><head><title>The Paper</title></head><body>We are down.</body></html>", "/page")
        site.says(b"", "/empty")
        site.says(feed(item(1, "x" * 300_000)), "/huge")
        site.says(b'<?xml version="1.0"?><rss version="2.0"><channel><tit', "/broken")
        site.says(b"", "/gone", 410)
        closing = asyncio.Event()

        async def never_ends(request: web.Request) -> web.StreamResponse:
            await closing.wait()
            return web.Response()

        site.pages["/slow"] = never_ends
        barred = await there.channel("Barred")
        settings = room.settings(
            *("/feed", "/page", "/empty", "/huge", "/broken", "/gone", "/slow"),
            CHANNELS=f"{there.channels[0]},@nobody_has_it,{barred}",
            OPERATORS=str(there.people[0]),
            HTTP_ADDRESS=f"127.0.0.1:{free_port()}",
            MAX_FEED_BYTES="200KB",
            FETCH_TIMEOUT="1s",
            LOG_LEVEL="debug",
        )
        async with running(room.folder, "run", **settings) as bot:
            await bot.until_it_says("feeds updated")
            yield Office(room, bot, settings, barred)
        closing.set()


async def test_each_new_article_is_posted_once_and_older_ones_are_not(office: Office) -> None:
    await office.publishes("The bridge opens again")
    await office.publishes("Ferries stop & trains run")
    await office.room.looks(2)
    there = office.room.telegram
    assert await there.headlines(there.channels[0]) == office.shown


async def test_a_reader_who_asks_is_answered(office: Office) -> None:
    there = office.room.telegram
    reader = there.people[1]
    await there.post("do/say", user_id=reader, chat_id=reader, text="/latest 1")

    async def answered() -> bool:
        return any("Ferries stop & trains run" in text for text in await there.texts(reader))

    await there.until(answered)


async def test_status_has_one_sentence_for_each_failing_feed(office: Office) -> None:
    said = await office.newswire("status", "--json")
    assert said.status == 0
    why = {row["feed"].rpartition("/")[2]: row["why"] for row in said.json["feeds"]}
    assert why.pop("feed") == ""
    assert all(re.fullmatch(r"[A-Z0-9][^\n]{10,200}\.", sentence) for sentence in why.values()), why
    assert "larger than" in why["huge"] or "200" in why["huge"], why
    assert "1 s" in why["slow"], why
    assert said.json["deliveries"][0]["slowest_s"] < 10


async def test_the_operator_is_notified_of_channels_that_cannot_be_posted_to(office: Office) -> None:
    there = office.room.telegram

    async def told() -> bool:
        return len(await there.texts(there.people[0])) >= 2

    await there.until(told)
    notices = sorted(unquote_text(text) for text in await there.texts(there.people[0]))
    assert len(notices) == 2
    assert notices[0].startswith("⚠️ @nobody_has_it cannot be written to: chat not found.")
    assert "needs the right to post messages" in notices[1]
    assert await there.texts(office.barred) == []
    paused = (await office.newswire("status", "--json")).json["paused_chats"]
    assert {row["chat"] for row in paused} == {"@nobody_has_it", "Barred"}


async def test_health_readiness_and_metrics_report_the_state(office: Office) -> None:
    assert await office.get("/healthz") == (200, "alive\n")
    status, said = await office.get("/readyz")
    assert status == 503
    assert [sentence.split()[0] for sentence in json.loads(said)["wrong"]] == ["@nobody_has_it", "Barred"]
    status, metrics = await office.get("/metrics")
    assert status == 200
    assert "newswire_articles 4.0" in metrics
    assert 'newswire_feeds{state="gone"} 1.0' in metrics
    assert "newswire_feeds_failing 5.0" in metrics
    assert str(office.room.telegram.people[1]) not in metrics
    assert (await office.get("/telegram"))[0] == 404  # no webhook without PUBLIC_URL


async def test_a_second_bot_on_the_same_database_is_refused(office: Office) -> None:
    async with running(office.room.folder, "run", **office.settings | {"HTTP_ADDRESS": ""}) as second:
        assert await second.ends() == 1
    path = office.room.folder / "newswire.db"
    assert second.lines[-1] == f"DATABASE_URL: another newswire already works on {path}; stop it first."


async def test_fetch_beside_the_running_bot_changes_nothing_for_the_channel(office: Office) -> None:
    said = await office.newswire("fetch", "--json", FETCH_TIMEOUT="1s")
    assert said.status == 1  # the bad feeds
    came = {row["feed"].rpartition("/")[2]: row["came"] for row in said.json["looks"]}
    assert came["feed"] == "unchanged"
    await office.publishes("The river falls")
    await office.newswire("fetch")
    await office.room.looks(1)
    there = office.room.telegram
    assert await there.headlines(there.channels[0]) == office.shown


async def test_why_shows_the_history_of_an_article(office: Office) -> None:
    posted = (await office.newswire("why", "https://paper.example/10", "--json")).json
    assert posted["decided"][0]["verdict"] == "planned"
    assert {row["chat"]: row["state"] for row in posted["posts"]}["Channel 1"] == "settled"
    kept = (await office.newswire("why", "https://paper.example/1", "--json")).json
    assert kept["decided"][0]["verdict"] == "backfill"
    assert "BACKFILL" in kept["decided"][0]["why"]
    unknown = await office.newswire("why", "https://paper.example/99")
    assert unknown.status == 1
    assert unknown.err.startswith("https://paper.example/99 was in no feed")


async def test_check_says_how_to_fix_each_problem(office: Office) -> None:
    said = await office.newswire("check", "--json", FETCH_TIMEOUT="3s")  # enough on a busy machine
    assert said.status == 1
    checks = {row["what"]: row for row in said.json["checks"]}
    right = {what for what, row in checks.items() if row["ok"]}
    site, there = office.room.site, office.room.telegram
    good = {"DATABASE_URL", "TELEGRAM_BOT_TOKEN", "clock", "HTTP_ADDRESS", f"feed {site.url('/feed')}"}
    good |= {"route to Telegram", "route to feeds"}
    assert right == good | {f"channel {there.channels[0]}", f"operator {there.people[0]}"}
    assert "running Newswire" in checks["HTTP_ADDRESS"]["says"]
    assert "Administrators, the bot, Post Messages" in checks[f"channel {office.barred}"]["says"]
    assert "is the name right" in checks["channel @nobody_has_it"]["says"]
    assert all(
        "is the address right?" in row["says"]
        for what, row in checks.items()
        if "feed" in what and not row["ok"]
    )


async def test_on_sigterm_it_settles_what_is_in_flight_and_ends(office: Office) -> None:
    there = office.room.telegram
    await there.post("faults", fault="slow", seconds=1, methods=["sendMessage"])
    last = (await there.get("state"))["last_event"]
    stories = [item(10 + place, title) for place, title in enumerate([*office.shown, "The last word"])]
    office.room.site.says(feed(*reversed(stories), *OLD))
    await there.get(f"events?after={last}&kind=fault&wait=30")
    status, seconds = await office.bot.stop()
    assert status == 0
    assert seconds < 6
    assert await there.headlines(there.channels[0]) == [*office.shown, "The last word"]
    life = (await office.newswire("why", f"https://paper.example/{9 + len(stories)}", "--json")).json
    assert {row["chat"]: row["state"] for row in life["posts"]}["Channel 1"] == "settled"


async def test_the_log_has_neither_the_token_nor_a_readers_id(office: Office) -> None:
    there, log = office.room.telegram, "\n".join(office.bot.lines)
    assert await office.bot.ends() == 0
    assert "debug" in log
    assert there.token not in log
    assert there.token.partition(":")[2] not in log
    assert not [line for line in office.bot.lines for person in there.people if str(person) in line]
    assert "Traceback" not in log
