"""newswire sandbox: the same bot against a Telegram in a box, with a page to look at and to type in."""

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

from bot.app.container import House, open_house
from bot.app.runtime import CannotLive, live, stop_on_signals
from bot.cli._common import Failure
from bot.config import EditionSettings, Settings, read_settings
from bot.config.logs import start_logs
from bot.config.parsers import web_address
from bot.sandbox.page.app import Sandbox, open_sandbox
from bot.sandbox.sample.site_server import Newsroom
from bot.sandbox.telegram.fake_telegram import Box
from bot.sandbox.telegram.state import Preview
from bot.sandbox.transport.in_process import BoxRequest
from jobs.clock import SystemClock
from jobs.ingest.probe import try_feed
from storage import articles
from storage.database import Connection, Database, SQLAlchemyError

PORT = 8090
#: Seconds between two stories of the sample site.
PACE = 20.0
#: Of an operator's own feed: so many posts at once, however old, to see what they look like.
SHOWN_OF_OWN_FEED = 5


@click.command()
@click.option(
    "--feed",
    default="",
    metavar="URL",
    help="Show the posts of this feed, or site, instead of the sample site's.",
)
@click.option("--port", type=click.IntRange(0, 65535), help=f"Of the page; {PORT} or a free one by default.")
def sandbox(feed: str, port: int | None) -> None:
    """The same bot against a Telegram in a box, with a page to try it on.

    A sample news site publishes invented stories, in English and Burmese; with --feed the posts are of your
    own feed, as they would look. Needs no token, sends nothing to Telegram, and forgets all at its end.
    """
    open_stage(read_settings(), feed=feed, port=port)


def open_stage(settings: Settings, *, feed: str, port: int | None) -> None:
    """Run the sandbox until it is interrupted."""
    if feed:
        try:
            web_address(feed)
        except ValueError as error:
            raise click.BadParameter(f"{error} is wanted.", param_hint="--feed") from None
    start_logs(settings.log_format, "warning" if settings.log_level == "info" else settings.log_level)
    try:
        asyncio.run(_play(settings, feed, port))
    except CannotLive as error:
        raise Failure(str(error)) from None


async def _play(settings: Settings, feed: str, port: int | None) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    clock = SystemClock()
    box = Box(clock, random.Random())  # noqa: S311 — chance of a game, not of a secret
    newsroom = None if feed else Newsroom(clock, pace=PACE)
    stage = await _open(box, newsroom, port)
    try:
        with tempfile.TemporaryDirectory(prefix="newswire-sandbox-") as folder:
            played = _settings(settings, box, stage, feed, Path(folder))
            async with open_house(played, clock=clock, request=BoxRequest(box)) as house:
                if feed:
                    await _must_be_read(house, feed)
                    box.cloud.preview = previews(house.db)
                click.echo(f"\n  Newswire's sandbox:  {stage.address}\n\n  Ctrl+C ends it.\n")
                await live(house, stop)
    finally:
        await stage.close()
        await box.close()


async def _must_be_read(house: House, feed: str) -> None:
    tried = await try_feed(house.ingest, feed)
    if isinstance(tried, str):
        raise Failure(f"--feed {feed}: {tried}")


async def _open(box: Box, newsroom: Newsroom | None, port: int | None) -> Sandbox:
    try:
        return await open_sandbox(box, newsroom, port=PORT if port is None else port)
    except OSError as error:
        if port is None:
            return await open_sandbox(box, newsroom, port=0)
        why = os.strerror(error.errno) if error.errno else error.strerror
        raise Failure(f"--port {port}: cannot be listened on: {why}.") from None


def _settings(settings: Settings, box: Box, stage: Sandbox, feed: str, folder: Path) -> Settings:
    """For an operator's own feed the own settings, but for Telegram and the database."""
    common: dict[str, Any] = {
        "telegram_bot_token": box.token,
        "database_url": f"sqlite:///{folder / 'sandbox.db'}",
        "http_address": None,
        "public_url": "",
        "operators": (stage.reader.id,),
        "telegram_proxy": None,
        **dict.fromkeys(("https_proxy", "http_proxy", "all_proxy"), ""),
    }
    if feed:
        own = {"channels": (stage.channels[""].id,), "feed_urls": (feed,), "editions": {}}
        patient = {"backfill": SHOWN_OF_OWN_FEED, "max_age": timedelta(days=36500)}
        return settings.model_copy(update=common | own | patient)
    editions = {
        language: EditionSettings(
            channels=(chat.id,), feed_urls=(stage.feed_urls[language],), language=language
        )
        for language, chat in stage.channels.items()
    }
    local: dict[str, Any] = {
        "private_networks": (ip_network("127.0.0.1/32"),),
        "fetch_schedule": timedelta(seconds=1),
        "backfill": 3,
        "editions": editions,
        "timezone": settings.timezone,
    }
    return Settings(**common | local)  # the sample site has nothing to do with the operator's own rules


def previews(database: Database) -> Callable[[str], Preview | None]:
    """A link to its preview, as Telegram would make it of the page; None where the link is no article's."""

    def preview(url: str) -> Preview | None:
        try:
            return database.read_here(_preview, url)
        except SQLAlchemyError:
            return None

    return preview


def _preview(connection: Connection, url: str) -> Preview | None:
    article = articles.by_url(connection, url)
    if article is None:
        return None
    site = (urlsplit(article.url).hostname or "").removeprefix("www.")
    return Preview(title=article.title, text=article.summary[:200], site=site, image=article.image_url)
