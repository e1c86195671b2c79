"""Measures the time from the response of the feed to the request that posts the article."""

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from benchmarks.crash.bot import Bot
from benchmarks.crash.site import Site
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.limits import NO_LIMITS
from bot.sandbox.transport.http_server import add_bot_api_route
from jobs.clock import SystemClock

#: Seconds between two articles: a channel may get a message a second.
BETWEEN = 1.2
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Watch:
    """Middleware that takes the times from a response with a new article to the request that posts it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._shown = 0
        self._answered = 0.0
        self.posted = asyncio.Event()
        self.took: list[float] = []

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.match_info.get("method", "").lower() == "sendmessage":
            self.took.append(time.perf_counter() - self._answered)
            self.posted.set()
        answer = await handler(request)
        if request.path.endswith("feed.xml") and len(self._site.stories) > self._shown:
            self._shown, self._answered = len(self._site.stories), time.perf_counter()
        return answer


async def measure(articles: int) -> list[float]:
    """The seconds for each of `articles` articles, published one by one; sorted."""
    telegram, site = FakeTelegram(SystemClock(), random.Random(1), limits=NO_LIMITS), Site()
    channel, watch = telegram.add_channel("Daily").id, Watch(site)
    application = web.Application(middlewares=[watch.middleware])
    add_bot_api_route(application, telegram)
    application.add_routes(site.routes())
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.address = "http://{}:{}".format(*runner.addresses[0][:2])
    with tempfile.TemporaryDirectory(prefix="newswire-handover-") as name:
        bot = Bot(Path(name), False, _settings(name, site, telegram, channel))
        bot.prepare(range(0))
        try:
            site.publish()
            await bot.start()
            assert await bot.until("SELECT 1 FROM articles WHERE planned_at IS NOT NULL", 90), (
                "the feed was never updated"
            )
            for _ in range(articles):
                watch.posted.clear()
                site.publish()
                await asyncio.wait_for(watch.posted.wait(), 30)
                await asyncio.sleep(BETWEEN)
        finally:
            bot.close()
            await telegram.close()
            await runner.cleanup()
    return sorted(watch.took)


def _settings(folder: str, site: Site, telegram: FakeTelegram, channel: int) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder}/newswire.db",
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_API_URL": site.address,
        "FEED_URLS": site.feed,
        "CHANNELS": str(channel),
        "PRIVATE_NETWORKS": "127.0.0.1/32",
        "FETCH_SCHEDULE": "1s",
        "RATE_GROUP": "60/m",
        "HTTP_ADDRESS": "",
        "LOG_LEVEL": "warning",
    }
