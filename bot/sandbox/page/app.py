"""The whole sandbox on one address: the page, the sample site and the Bot API.

What the caller does, in this order:

    box = Box(clock, random.Random())
    newsroom = Newsroom(clock, pace=20, changed=look_at_the_feeds_now)   # None for `--feed URL`
    sandbox = await open_sandbox(box, newsroom, "127.0.0.1", 8090)       # port 0: any free one
    sandbox.address          "http://127.0.0.1:8090/": print it
    sandbox.channels         {"en": Chat, "my": Chat}, or {"": Chat} without a newsroom: an edition each
    sandbox.feed_urls        {"en": url, "my": url}, or {}: those editions' feeds
    sandbox.reader           the User at the page; OPERATORS may name sandbox.reader.id
    ...the bot: `BoxRequest(box)` in process, or `api_url = sandbox.address` over HTTP, with `box.token`.
       PRIVATE_NETWORKS must name 127.0.0.1/32, so that the feeds may be fetched...
    await sandbox.close()

`newsroom.run` is started and stopped here. Without a newsroom the story buttons are hidden; large previews
are shown as the pictures that they name; `box.cloud.preview` (a link to what its page shows) is the caller's.
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
        """Stop publishing, tell the pages, close the address."""
        if self._schedule:
            self._schedule.cancel()
            await asyncio.gather(self._schedule, return_exceptions=True)
        self._page_server.close()
        await self._runner.cleanup()


async def open_sandbox(
    telegram: FakeTelegram, newsroom: SampleSite | None, host: str = "127.0.0.1", port: int = 8090
) -> Sandbox:
    """Serve everything on `host`, this machine's own. Raises ValueError, or OSError (port taken)."""
    if not is_loopback(host):
        raise ValueError(f"the sandbox has no passwords, so it listens on this machine only, not on {host}")
    listening = _bind_socket(host, port)  # before anything else, so that a second try finds the box as it was
    fixtures = create_fixtures(telegram, newsroom)
    watch = PageServer(fixtures)
    hosts: frozenset[str] = frozenset()
    application = web.Application(client_max_size=LARGEST_BODY, middlewares=[host_middleware(lambda: hosts)])
    application.add_routes([*watch.routes(), *PageActions(fixtures).routes()])
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
    return Sandbox(address, fixtures, runner, watch, schedule)


def _bind_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _start_publishing(telegram: FakeTelegram, newsroom: SampleSite, address: str) -> asyncio.Task[None]:
    """The site gets its address and begins to publish."""
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
