"""newswire run: the bot."""

import asyncio

import click

from bot.app.container import open_container
from bot.app.runtime import CannotRun, run_bot, stop_on_signals
from bot.cli._common import CommandError
from bot.cli.sandbox import run_sandbox
from bot.config import Settings, SettingsError, read_settings
from bot.config.logs import configure_logging
from bot.config.policies import list_editions
from bot.config.proxies import InvalidProxy, telegram_route

NOT_CONFIGURED = (
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
        run_sandbox(settings, feed="", port=None)
        return
    if wrong := _list_missing(settings):
        raise SettingsError(wrong)
    configure_logging(settings.log_format, settings.log_level)
    try:
        asyncio.run(_run_until_signal(settings))
    except CannotRun as error:
        raise CommandError(str(error)) from None


def _list_missing(settings: Settings) -> list[str]:
    """What the bot cannot do without, or with."""
    wrong = [] if settings.telegram_bot_token else [NOT_CONFIGURED]
    for edition in list_editions(settings):
        prefix = f"EDITIONS__{edition.name.upper()}__" if edition.name else ""
        if not edition.feed_urls:
            wrong.append(
                f"{prefix}FEED_URLS: nothing was given; the address of a feed, or of a site, is wanted."
            )
    if settings.public_url and settings.http_address is None:
        wrong.append("HTTP_ADDRESS: nothing was given; with PUBLIC_URL, where it leads to is wanted.")
    try:
        telegram_route(settings)
    except InvalidProxy as error:
        wrong.append(str(error))
    return wrong


async def _run_until_signal(settings: Settings) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with open_container(settings) as container:
        await run_bot(container, stop)
