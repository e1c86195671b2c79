"""newswire check: tests every setting for real."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from bot.app.ingest import open_ingest
from bot.cli._common import CheckResult
from bot.cli.check_files import check_files
from bot.cli.check_telegram import check_telegram
from bot.cli.table import json_option, print_tables
from bot.config import Settings, read_settings
from bot.config.policies import list_editions, list_feed_urls
from bot.config.proxies import feeds_route, telegram_route
from bot.config.readers_key import load_readers_key
from bot.telegram import use_timedeltas
from bot.telegram.transport import AiohttpRequest
from bot.web.health import is_newswire_alive
from bot.web.server import listen_problem
from jobs.clock import SystemClock
from jobs.ingest.probe import probe_feed
from jobs.ingest.update_feed import IngestContext
from storage import channel_names
from storage.database import StorageError, open_database
from storage.migrations import migrate
from storage.readers_key import use_key
from storage.records import ChannelName

#: Bytes of free disk space below which the check fails.
MIN_FREE_DISK = 200_000_000


@click.command()
@json_option
@click.pass_context
def check(context: click.Context, as_json: bool) -> None:
    """Test every setting for real, and say how to fix what fails.

    Checks the token, each channel and the bot's rights there, the operators, each feed, the database, the
    disk, the clock, and the web server's address. Prints one line each, "ok" or "fix". Sends nothing, and may
    run beside the bot. Exit status 1 if something needs fixing.
    """
    settings = read_settings()
    telegram_route(settings)  # a proxy that cannot be used is a wrong setting
    results = asyncio.run(_run_checks(settings, quiet=as_json))
    if as_json:
        rows = [
            {"what": each.name, "ok": not each.problem, "says": each.problem or each.detail}
            for each in results
        ]
        print_tables({"checks": rows}, as_json=True)
    if any(each.problem for each in results):
        context.exit(1)


async def _run_checks(settings: Settings, *, quiet: bool) -> list[CheckResult]:
    console, results = Console(highlight=False), []
    async for each in _check_all(settings):
        results.append(each)
        if not quiet:
            mark = "[red]fix[/red]" if each.problem else "[green]ok[/green] "
            console.print(
                f"{mark} {escape(each.name)}: {escape(each.problem or each.detail)}", soft_wrap=True
            )
    return results


async def _check_all(settings: Settings) -> AsyncIterator[CheckResult]:
    yield _check_database(settings)
    for each in check_files(settings):
        yield each
    use_timedeltas()
    async with AiohttpRequest(read_timeout=20.0, proxy=telegram_route(settings).proxy) as request:
        async for each in check_telegram(settings, request, _known_names(settings)):
            yield each
    if settings.http_address:
        yield await _check_http_address(settings.http_address)
    yield CheckResult("route to feeds", str(feeds_route(settings)))
    async for each in _check_feeds(settings):
        yield each


def _check_database(settings: Settings) -> CheckResult:
    try:
        database = open_database(settings.database_url, readers_key=load_readers_key(settings))
        try:
            database.run_sync(migrate)
            use_key(database)
        finally:
            database.close()
    except StorageError as error:
        return CheckResult("DATABASE_URL", problem=str(error).removeprefix("DATABASE_URL: "))
    sqlite = settings.database_url.startswith("sqlite:///")
    folder = Path(settings.database_url.removeprefix("sqlite:///")).parent if sqlite else Path.cwd()
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_DISK:
        return CheckResult(
            "DATABASE_URL", problem=f"only {free // 10**6} MB of disk space are free; free some more."
        )
    return CheckResult("DATABASE_URL", f"opened and up to date; {free / 10**9:.1f} GB of disk space free")


def _known_names(settings: Settings) -> dict[str, ChannelName]:
    """Return the channels that the bot has found by @name; none if the database cannot be read."""
    named = [name for each in list_editions(settings) for name in each.channels if isinstance(name, str)]
    try:
        database = open_database(settings.database_url)
        try:
            return {each.name: each for each in database.read_sync(channel_names.get_many, named)}
        finally:
            database.close()
    except StorageError:
        return {}


async def _check_http_address(address: tuple[str, int]) -> CheckResult:
    host, port = address
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    reason = await listen_problem(address)
    if not reason:
        return CheckResult("HTTP_ADDRESS", f"{shown} is free")
    if await is_newswire_alive(f"http://{shown}"):
        return CheckResult("HTTP_ADDRESS", f"{shown} is in use by a running Newswire")
    return CheckResult(
        "HTTP_ADDRESS", problem=f"cannot listen on {shown}: {reason}; choose another address, or none."
    )


async def _check_feeds(settings: Settings) -> AsyncIterator[CheckResult]:
    if not list_feed_urls(settings):
        yield CheckResult("FEED_URLS", problem="it is not set; expected the address of a feed or of a site.")
    async with open_ingest(settings, SystemClock()) as ingest:
        for url in list_feed_urls(settings):
            yield await _check_feed(ingest, url)


async def _check_feed(ingest: IngestContext, url: str) -> CheckResult:
    found = await probe_feed(ingest, url)
    if isinstance(found, str):
        hint = "" if "PRIVATE_NETWORKS" in found else "; open it in a browser: is the address right?"
        return CheckResult(f"feed {url}", problem=f"{found.rstrip('.')}{hint}")
    newest = max((item.published for item in found.parsed.items if item.published), default=None)
    age = f", the newest from {newest:%Y-%m-%d %H:%M} UTC" if newest else ""
    source = f" at {found.url}" if found.url != url else ""
    return CheckResult(f"feed {url}", f"{len(found.parsed.items)} articles{source}{age}")
