"""The whole sandbox on one address: the page, the sample site and the Bot API.

    telegram = FakeTelegram(clock, random.Random())
    newsroom = SampleSite(clock, pace=20, changed=update_feeds)           # None for `--feed URL`
    sandbox = await open_sandbox(telegram, newsroom, "127.0.0.1", 8090)   # port 0: any free port
    sandbox.address          "http://127.0.0.1:8090/": to print
    sandbox.channels         {"en": Chat, "my": Chat}, or {"": Chat} without a sample site; one an edition
    sandbox.feed_urls        {"en": url, "my": url}, or {}: the feeds of those editions
    sandbox.reader           the User at the page; OPERATORS may name sandbox.reader.id
    ...run the bot, by `InProcessRequest(telegram)` or over HTTP by `sandbox.address` and `telegram.token`;
       PRIVATE_NETWORKS must include 127.0.0.1/32, or the sample feeds are not fetched...
    await sandbox.close()

The sample site's schedule is started and stopped here. Without a sample site the story buttons are hidden,
large previews are shown as pictures, and the caller sets `telegram.state.find_preview` (a URL's LinkPreview).
"""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.page.fixtures import SandboxFixtures, create_fixtures
from bot.sandbox.page.page_actions import PageActions
from bot.sandbox.page.page_server import PageServer
from bot.sandbox.sample.sample_site import SITE_NAMES, picture_url
from bot.sandbox.sample.site_server import PREFIX, SampleSite
from bot.sandbox.telegram.chats import Chat, User
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.state import LinkPreview
from bot.sandbox.transport.host_check import host_middleware, is_loopback, own_hosts
from bot.sandbox.transport.http_server import LARGEST_BODY, add_bot_api_route


@dataclass(frozen=True, slots=True)
class Sandbox:
    """An open sandbox."""

    address: str  #: with a slash at its end
    fixtures: SandboxFixtures
    _runner: web.AppRunner
    _page_server: PageServer
    _schedule: asyncio.Task[None] | None

    @property
    def channels(self) -> Mapping[str, Chat]:
        return self.fixtures.channels

    @property
    def reader(self) -> User:
        return self.fixtures.reader

    @property
    def feed_urls(self) -> Mapping[str, str]:
        newsroom = self.fixtures.sample_site
        return newsroom.feed_urls() if newsroom else {}

    async def close(self) -> None:
        """Stop publishing, end the event streams and close the server."""
        if self._schedule:
            self._schedule.cancel()
            await asyncio.gather(self._schedule, return_exceptions=True)
        self._page_server.close()
        await self._runner.cleanup()


async def open_sandbox(
    telegram: FakeTelegram, newsroom: SampleSite | None, host: str = "127.0.0.1", port: int = 8090
) -> Sandbox:
    """Serve everything on a loopback `host`. Raises ValueError for others, OSError if the port is taken."""
    if not is_loopback(host):
        raise ValueError(
            f"the sandbox has no passwords, so it listens on loopback addresses only, not on {host}"
        )
    listening = _bind_socket(host, port)  # first, so that a failure leaves the fake Telegram unchanged
    fixtures = create_fixtures(telegram, newsroom)
    page_server = PageServer(fixtures)
    hosts: frozenset[str] = frozenset()
    application = web.Application(client_max_size=LARGEST_BODY, middlewares=[host_middleware(lambda: hosts)])
    application.add_routes([*page_server.routes(), *PageActions(fixtures).routes()])
    if newsroom:
        application.add_routes(newsroom.routes())
    add_bot_api_route(application, telegram)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    port = listening.getsockname()[1]
    hosts = own_hosts(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    schedule = _start_publishing(telegram, newsroom, address) if newsroom else None
    return Sandbox(address, fixtures, runner, page_server, schedule)


def _bind_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _start_publishing(telegram: FakeTelegram, newsroom: SampleSite, address: str) -> asyncio.Task[None]:
    """Give the site its address and start its schedule."""
    newsroom.base_url = address.rstrip("/") + PREFIX

    def find_preview(url: str) -> LinkPreview | None:
        if newsroom.is_picture(url):
            return LinkPreview(image=url)
        item = newsroom.find_story(url)
        if item is None:
            return None
        picture = picture_url(item, newsroom.base_url)
        return LinkPreview(
            title=item.headline, text=item.standfirst, site=SITE_NAMES[item.language], image=picture
        )

    telegram.state.find_preview = find_preview
    return asyncio.create_task(newsroom.run())
