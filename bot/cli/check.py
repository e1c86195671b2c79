"""newswire check: tries every setting for real."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from bot.app.ingest import looking
from bot.cli._common import Found
from bot.cli.check_files import files_found
from bot.cli.check_telegram import telegram_found
from bot.cli.table import json_option, show
from bot.config import Settings, read_settings
from bot.config.policies import editions, feed_urls
from bot.config.proxies import feeds_way, telegram_way
from bot.config.readers_key import readers_key
from bot.telegram.transport import AiohttpRequest
from bot.web.server import reason_not_to_listen
from jobs.clock import SystemClock
from jobs.ingest.probe import try_feed
from jobs.ingest.update_feed import Ingest
from storage import channel_names
from storage.database import StorageError, open_database
from storage.migrations import migrate
from storage.readers_key import use_key
from storage.records import ChannelName

#: Less room on the disk than this ends badly soon.
LEAST_DISK = 200_000_000


@click.command()
@json_option
@click.pass_context
def check(context: click.Context, as_json: bool) -> None:
    """Tries every setting for real, and says what to do where one fails.

    The token, each channel and the bot's rights there, the operators, each feed, the database, the disk, the
    clock, and where HTTP is served. One line each, "ok" or "fix". Sends nothing; works beside a running bot.
    Exit status 1 where something is to be fixed.
    """
    settings = read_settings()
    telegram_way(settings)  # raises what is a wrong setting
    found = asyncio.run(_found(settings, quiet=as_json))
    if as_json:
        rows = [{"what": each.what, "ok": not each.wrong, "says": each.wrong or each.good} for each in found]
        show({"checks": rows}, as_json=True)
    if any(each.wrong for each in found):
        context.exit(1)


async def _found(settings: Settings, *, quiet: bool) -> list[Found]:
    console, found = Console(highlight=False), []
    async for each in _tried(settings):
        found.append(each)
        if not quiet:
            mark = "[red]fix[/red]" if each.wrong else "[green]ok[/green] "
            console.print(f"{mark} {escape(each.what)}: {escape(each.wrong or each.good)}", soft_wrap=True)
    return found


async def _tried(settings: Settings) -> AsyncIterator[Found]:
    yield _database(settings)
    for each in files_found(settings):
        yield each
    async with AiohttpRequest(read_timeout=20.0, proxy=telegram_way(settings).proxy) as request:
        async for each in telegram_found(settings, request, _names(settings)):
            yield each
    if settings.http_address:
        yield await _web(settings.http_address)
    yield Found("way to feeds", str(feeds_way(settings)))
    async for each in _feeds(settings):
        yield each


def _database(settings: Settings) -> Found:
    try:
        database = open_database(settings.database_url, readers_key=readers_key(settings))
        try:
            database.run_here(migrate)
            use_key(database)
        finally:
            database.close()
    except StorageError as error:
        return Found("DATABASE_URL", wrong=str(error).removeprefix("DATABASE_URL: "))
    sqlite = settings.database_url.startswith("sqlite:///")
    folder = Path(settings.database_url.removeprefix("sqlite:///")).parent if sqlite else Path.cwd()
    free = shutil.disk_usage(folder).free
    if free < LEAST_DISK:
        return Found("DATABASE_URL", wrong=f"only {free // 10**6} MB are free on the disk; make room.")
    return Found("DATABASE_URL", f"opened, up to date; {free / 10**9:.1f} GB free on the disk")


def _names(settings: Settings) -> dict[str, ChannelName]:
    """The @names of CHANNELS that a running bot has met; none where the database cannot be read."""
    named = [name for each in editions(settings) for name in each.channels if isinstance(name, str)]
    try:
        database = open_database(settings.database_url)
        try:
            return {each.name: each for each in database.read_here(channel_names.many, named)}
        finally:
            database.close()
    except StorageError:
        return {}


async def _web(address: tuple[str, int]) -> Found:
    host, port = address
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    reason = await reason_not_to_listen(address)
    if not reason:
        return Found("HTTP_ADDRESS", f"{shown} is free")
    if await _is_ours(f"http://{shown}/healthz"):
        return Found("HTTP_ADDRESS", f"{shown} is served by a Newswire that runs")
    return Found("HTTP_ADDRESS", wrong=f"cannot listen on {shown}: {reason}; choose another, or none.")


async def _is_ours(url: str) -> bool:
    from telegram.error import NetworkError

    async with AiohttpRequest(read_timeout=2.0) as request:
        try:
            return await request.do_request(url, "GET") == (200, b"alive\n")
        except NetworkError:
            return False


async def _feeds(settings: Settings) -> AsyncIterator[Found]:
    if not feed_urls(settings):
        yield Found("FEED_URLS", wrong="nothing was given; the address of a feed, or of a site, is wanted.")
    async with looking(settings, SystemClock()) as ingest:
        for url in feed_urls(settings):
            yield await _feed(ingest, url)


async def _feed(ingest: Ingest, url: str) -> Found:
    tried = await try_feed(ingest, url)
    if isinstance(tried, str):
        hint = "" if "PRIVATE_NETWORKS" in tried else "; open it in a browser: is the address right?"
        return Found(f"feed {url}", wrong=f"{tried.rstrip('.')}{hint}")
    newest = max((item.published for item in tried.parsed.items if item.published), default=None)
    age = f", the newest of {newest:%Y-%m-%d %H:%M} UTC" if newest else ""
    where = f" at {tried.url}" if tried.url != url else ""
    return Found(f"feed {url}", f"{len(tried.parsed.items)} articles{where}{age}")
