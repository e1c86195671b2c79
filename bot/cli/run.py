"""newswire run: the bot."""

import asyncio

import click

from bot.app.container import open_house
from bot.app.runtime import CannotLive, live, stop_on_signals
from bot.cli._common import Failure
from bot.cli.sandbox import open_stage
from bot.config import Settings, SettingsError, read_settings
from bot.config.logs import start_logs
from bot.config.policies import editions
from bot.config.proxies import WrongProxy, telegram_way

TOKENLESS = (
    "TELEGRAM_BOT_TOKEN: nothing was given; a token from @BotFather is wanted. "
    "To look around without one: newswire sandbox."
)


@click.command()
@click.option("--or-sandbox", is_flag=True, help="Where no token is set, open the sandbox instead.")
def run(or_sandbox: bool) -> None:
    """The bot: looks at the feeds, posts, and answers readers.

    Runs until SIGTERM or SIGINT (Ctrl+C): then it sends nothing more, settles what is in flight, ten seconds
    at most, and ends with exit status 0. What is still owed is sent by the next run.
    """
    settings = read_settings()
    if not settings.telegram_bot_token and or_sandbox:
        open_stage(settings, feed="", port=None)
        return
    if wrong := _missing(settings):
        raise SettingsError(wrong)
    start_logs(settings.log_format, settings.log_level)
    try:
        asyncio.run(_run(settings))
    except CannotLive as error:
        raise Failure(str(error)) from None


def _missing(settings: Settings) -> list[str]:
    """What the bot cannot do without, or with."""
    wrong = [] if settings.telegram_bot_token else [TOKENLESS]
    for edition in editions(settings):
        prefix = f"EDITIONS__{edition.name.upper()}__" if edition.name else ""
        if not edition.feed_urls:
            wrong.append(
                f"{prefix}FEED_URLS: nothing was given; the address of a feed, or of a site, is wanted."
            )
    if settings.public_url and settings.http_address is None:
        wrong.append("HTTP_ADDRESS: nothing was given; with PUBLIC_URL, where it leads to is wanted.")
    try:
        telegram_way(settings)
    except WrongProxy as error:
        wrong.append(str(error))
    return wrong


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with open_house(settings) as house:
        await live(house, stop)
