"""newswire run: runs the bot."""

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
    "TELEGRAM_BOT_TOKEN: it is not set; get a token from @BotFather. "
    "To try Newswire without one, run newswire sandbox."
)


@click.command()
@click.option("--or-sandbox", is_flag=True, help="If no token is set, run the sandbox instead.")
def run(or_sandbox: bool) -> None:
    """Run the bot: update the feeds, post articles, and answer readers.

    Runs until SIGTERM or SIGINT (Ctrl+C). It then stops sending, settles what is in flight within ten
    seconds, and exits with status 0. The next run sends what is still owed.
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
    """Return a sentence for each setting that the bot cannot run without."""
    wrong = [] if settings.telegram_bot_token else [NOT_CONFIGURED]
    for edition in list_editions(settings):
        prefix = f"EDITIONS__{edition.name.upper()}__" if edition.name else ""
        if not edition.feed_urls:
            wrong.append(f"{prefix}FEED_URLS: it is not set; expected the address of a feed or of a site.")
    if settings.public_url and settings.http_address is None:
        wrong.append("HTTP_ADDRESS: it is not set; with PUBLIC_URL, expected the address that it leads to.")
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
