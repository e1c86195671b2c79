"""What can go wrong at the start: the bot ends with one sentence, or works as far as possible."""

import socket
from pathlib import Path

import pytest

from bot.sandbox.telegram.fake_telegram import FAKE_TOKEN
from tests.jobs.ingest.site import a_site
from tests.stories.operator import free_port, get, newsroom, running, settings_for, telegram
from tests.stories.test_newsroom_goes_live import feed, item

pytestmark = pytest.mark.slow

TOKEN = "123456789:AAEexampleexampleexampleexampleexam"


async def test_an_invalid_token_ends_the_run_with_one_sentence(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        room.site.says(feed(item(1, "News")))
        settings = room.settings(TELEGRAM_BOT_TOKEN=TOKEN, LOG_LEVEL="error")
        async with running(tmp_path, "run", **settings) as bot:
            assert await bot.ends() == 1
        assert bot.lines == [
            "TELEGRAM_BOT_TOKEN: Telegram does not accept this token; get the right one from @BotFather."
        ]


async def test_an_address_in_use_ends_the_run_before_it_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "FEED_URLS": "https://news.example/",
            "HTTP_ADDRESS": address,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'newswire.db'}",
        }
        async with running(tmp_path, "run", **settings) as bot:
            assert await bot.ends() == 1
    assert bot.lines == [f"HTTP_ADDRESS: cannot listen on {address}: Address already in use."]


async def test_while_telegram_is_unreachable_feeds_are_updated_and_posted_later(tmp_path: Path) -> None:
    port = free_port()
    async with a_site() as site:
        site.says(feed(item(1, "Old")))
        web = f"127.0.0.1:{free_port()}"
        own = {"TELEGRAM_BOT_TOKEN": FAKE_TOKEN, "CHANNELS": "@channel_1", "HTTP_ADDRESS": web}
        settings = settings_for(site, tmp_path, f"http://127.0.0.1:{port}", **own)
        async with running(tmp_path, "run", **settings) as bot:
            await bot.until_it_says("connection to Telegram failed, retrying")
            await bot.until_it_says("feeds updated")
            site.says(feed(item(2, "News"), item(1, "Old")))
            await bot.until_it_says("feeds updated", 2)
            status, why = await get(f"http://{web}/readyz")
            assert status == 503
            assert "Telegram cannot be reached since" in why
            assert "Connection refused" in why
            async with telegram("--port", str(port)) as there:
                await there.until_shown(there.channels[0], "News")
                await there.post("do/say", user_id=there.people[0], chat_id=there.people[0], text="/latest")

                async def answered() -> bool:
                    return any("News" in text for text in await there.texts(there.people[0]))

                await there.until(answered)
                assert await get(f"http://{web}/readyz") == (200, '{"ready": true, "wrong": []}')
                assert (await bot.stop())[0] == 0
    assert (
        len([line for line in bot.lines if "connection to Telegram failed" in line]) == 1
    )  # not at every attempt
