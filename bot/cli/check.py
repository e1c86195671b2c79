"""newswire check: tries every setting for real."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from telegram import Bot
from telegram.error import InvalidToken, NetworkError, TelegramError

from bot.app.house import looking
from bot.cli.table import json_option, show
from bot.config import Settings, read_settings
from bot.config.policies import editions, feed_urls
from bot.telegram.sender import TelegramSender
from bot.telegram.transport import AiohttpRequest
from jobs.clock import SystemClock
from jobs.ingest.looking import Ingest
from jobs.ingest.trying import try_feed
from jobs.publish.outcome import Standing
from storage.database import StorageError, open_database
from storage.migrations import migrate

#: A clock that is wrong by more makes certificates fail and posts lie about their time.
CLOCK_TOLERANCE = 30.0
#: Less room on the disk than this ends badly soon.
LEAST_DISK = 200_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """What trying one setting showed: `wrong` says what to do, or is empty."""

    what: str
    good: str = ""
    wrong: str = ""


@click.command()
@json_option
@click.pass_context
def check(context: click.Context, as_json: bool) -> None:
    """Tries every setting for real: token, channels and rights, feeds, database, clock."""
    found = asyncio.run(_found(read_settings(), quiet=as_json))
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
    request = AiohttpRequest()
    await request.initialize()
    try:
        async for each in _telegram(settings, request):
            yield each
    finally:
        await request.shutdown()
    async for each in _feeds(settings):
        yield each


def _database(settings: Settings) -> Found:
    try:
        database = open_database(settings.database_url)
        try:
            database.run_here(migrate)
        finally:
            database.close()
    except StorageError as error:
        return Found("DATABASE_URL", wrong=str(error).removeprefix("DATABASE_URL: "))
    free = shutil.disk_usage(Path.cwd()).free
    if free < LEAST_DISK:
        return Found("DATABASE_URL", wrong=f"only {free // 10**6} MB are free on the disk; make room.")
    return Found("DATABASE_URL", f"opened, up to date; {free / 10**9:.1f} GB free on the disk")


async def _telegram(settings: Settings, request: AiohttpRequest) -> AsyncIterator[Found]:
    token, api = settings.telegram_bot_token, settings.telegram_api_url
    if not token:
        yield Found("TELEGRAM_BOT_TOKEN", wrong="nothing was given; ask @BotFather for one.")
        return
    try:
        me = await Bot(token, base_url=f"{api}/bot", request=request).get_me()
    except InvalidToken:
        yield Found(
            "TELEGRAM_BOT_TOKEN", wrong="Telegram does not know it; ask @BotFather for the right one."
        )
        return
    except (NetworkError, TelegramError) as error:
        yield Found("TELEGRAM_API_URL", wrong=f"{api} cannot be used: {error}.")
        return
    yield Found("TELEGRAM_BOT_TOKEN", f"@{me.username}")
    yield _clock(await request.server_time(api), datetime.now(UTC))
    sender = TelegramSender(request, token, api)
    for edition in editions(settings):
        if not edition.channels:
            yield Found("CHANNELS", "none: the bot only answers readers")
        for channel in edition.channels:
            yield _channel(channel, await sender.standing(channel))


def _clock(theirs: datetime | None, ours: datetime) -> Found:
    if theirs is None:
        return Found("clock", "Telegram did not tell its own time")
    off = (ours - theirs).total_seconds()
    if abs(off) > CLOCK_TOLERANCE:
        way = "ahead of" if off > 0 else "behind"
        return Found("clock", wrong=f"{abs(off):.0f} s {way} Telegram's; set the machine's time (NTP).")
    return Found("clock", "agrees with Telegram's")


def _channel(channel: int | str, standing: object) -> Found:
    name = f"channel {channel}"
    if not isinstance(standing, Standing):
        reason = getattr(standing, "reason", "it cannot be reached")
        return Found(name, wrong=f"{reason}; is the name right, and is the bot an administrator there?")
    if not standing.may_post:
        return Found(
            name, wrong=f"{standing.reason}; in the channel: Administrators, the bot, Post Messages."
        )
    note = "; it may edit others' posts too, which it does not need" if standing.may_edit else ""
    return Found(name, f"{standing.title or standing.id}: the bot may post{note}")


async def _feeds(settings: Settings) -> AsyncIterator[Found]:
    if not feed_urls(settings):
        yield Found("FEED_URLS", wrong="nothing was given; the address of a feed, or of a site, is wanted.")
    async with looking(settings, SystemClock()) as ingest:
        for url in feed_urls(settings):
            yield await _feed(ingest, url)


async def _feed(ingest: Ingest, url: str) -> Found:
    tried = await try_feed(ingest, url)
    if isinstance(tried, str):
        return Found(f"feed {url}", wrong=tried)
    newest = max((item.published for item in tried.parsed.items if item.published), default=None)
    age = f", the newest of {newest:%Y-%m-%d %H:%M} UTC" if newest else ""
    where = f" at {tried.url}" if tried.url != url else ""
    return Found(f"feed {url}", f"{len(tried.parsed.items)} articles{where}{age}")
