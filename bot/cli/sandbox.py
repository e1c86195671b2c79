"""newswire sandbox: runs the bot against a simulated Telegram, with a web page to try it on."""

import asyncio
import os
import random
import tempfile
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from bot.app.container import Container, open_container
from bot.app.runtime import CannotRun, run_bot, stop_on_signals
from bot.cli._common import CommandError
from bot.config import EditionSettings, Settings, read_settings
from bot.config.logs import configure_logging
from bot.config.parsers import parse_web_address
from bot.sandbox.page.app import Sandbox, open_sandbox
from bot.sandbox.sample.site_server import SampleSite
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.state import LinkPreview
from bot.sandbox.transport.in_process import InProcessRequest
from jobs.clock import SystemClock
from jobs.ingest.probe import probe_feed
from storage import articles
from storage.database import Connection, Database, SQLAlchemyError

DEFAULT_PORT = 8090
#: Seconds between two stories of the sample site.
STORY_INTERVAL = 20.0
#: Posts of an operator's own feed at the start, regardless of their age.
OWN_FEED_POSTS = 5


@click.command()
@click.option(
    "--feed",
    default="",
    metavar="URL",
    help="Show the posts of this feed, or site, instead of the sample site's.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"The page's port, by default {DEFAULT_PORT} or a free one.",
)
def sandbox(feed: str, port: int | None) -> None:
    """Run the bot against a simulated Telegram, with a web page to try it on.

    A sample news site publishes invented stories in English and Burmese. With --feed it shows the posts of
    your own feed. Needs no token, sends nothing to Telegram, and keeps nothing when it ends.
    """
    run_sandbox(read_settings(), feed=feed, port=port)


def run_sandbox(settings: Settings, *, feed: str, port: int | None) -> None:
    """Run the sandbox until it is interrupted."""
    if feed:
        try:
            parse_web_address(feed)
        except ValueError as error:
            raise click.BadParameter(f"expected {error}.", param_hint="--feed") from None
    configure_logging(settings.log_format, "warning" if settings.log_level == "info" else settings.log_level)
    try:
        asyncio.run(_serve_sandbox(settings, feed, port))
    except CannotRun as error:
        raise CommandError(str(error)) from None


async def _serve_sandbox(settings: Settings, feed: str, port: int | None) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    clock = SystemClock()
    telegram = FakeTelegram(clock, random.Random())  # noqa: S311 — not used for secrets
    newsroom = None if feed else SampleSite(clock, pace=STORY_INTERVAL)
    fixtures = await _open_page(telegram, newsroom, port)
    try:
        with tempfile.TemporaryDirectory(prefix="newswire-sandbox-") as folder:
            own = _sandbox_settings(settings, telegram, fixtures, feed, Path(folder))
            async with open_container(own, clock=clock, request=InProcessRequest(telegram)) as container:
                if feed:
                    await _require_feed(container, feed)
                    telegram.state.find_preview = link_previewer(container.db)
                click.echo(f"\n  Newswire's sandbox:  {fixtures.address}\n\n  Ctrl+C ends it.\n")
                await run_bot(container, stop)
    finally:
        await fixtures.close()
        await telegram.close()


async def _require_feed(container: Container, feed: str) -> None:
    found = await probe_feed(container.ingest, feed)
    if isinstance(found, str):
        raise CommandError(f"--feed {feed}: {found}")


async def _open_page(telegram: FakeTelegram, newsroom: SampleSite | None, port: int | None) -> Sandbox:
    try:
        return await open_sandbox(telegram, newsroom, port=DEFAULT_PORT if port is None else port)
    except OSError as error:
        if port is None:
            return await open_sandbox(telegram, newsroom, port=0)
        reason = os.strerror(error.errno) if error.errno else error.strerror
        raise CommandError(f"--port {port}: cannot listen on it: {reason}.") from None


def _sandbox_settings(
    settings: Settings, telegram: FakeTelegram, fixtures: Sandbox, feed: str, folder: Path
) -> Settings:
    """Return settings for the sandbox; with the operator's own feed, based on the operator's own settings."""
    common: dict[str, Any] = {
        "telegram_bot_token": telegram.token,
        "database_url": f"sqlite:///{folder / 'sandbox.db'}",
        "http_address": None,
        "public_url": "",
        "operators": (fixtures.reader.id,),
        "telegram_proxy": None,
        **dict.fromkeys(("https_proxy", "http_proxy", "all_proxy"), ""),
    }
    if feed:
        own = {"channels": (fixtures.channels[""].id,), "feed_urls": (feed,), "editions": {}}
        any_age = {"backfill": OWN_FEED_POSTS, "max_age": timedelta(days=36500)}
        return settings.model_copy(update=common | own | any_age)
    editions = {
        language: EditionSettings(
            channels=(chat.id,), feed_urls=(fixtures.feed_urls[language],), language=language
        )
        for language, chat in fixtures.channels.items()
    }
    local: dict[str, Any] = {
        "private_networks": (ip_network("127.0.0.1/32"),),
        "fetch_schedule": timedelta(seconds=1),
        "backfill": 3,
        "editions": editions,
        "timezone": settings.timezone,
    }
    return Settings(**common | local)  # the operator's own rules do not apply to the sample site


def link_previewer(database: Database) -> Callable[[str], LinkPreview | None]:
    """Return a function from a link to the preview that Telegram would show of an article, or None."""

    def preview_link(url: str) -> LinkPreview | None:
        try:
            return database.read_sync(_article_preview, url)
        except SQLAlchemyError:
            return None

    return preview_link


def _article_preview(connection: Connection, url: str) -> LinkPreview | None:
    article = articles.get_by_url(connection, url)
    if article is None:
        return None
    site = (urlsplit(article.url).hostname or "").removeprefix("www.")
    return LinkPreview(title=article.title, text=article.summary[:200], site=site, image=article.image_url)
