"""The command line: one file a command."""

import click

from bot import __version__
from bot.cli.check import check
from bot.cli.fetch import fetch
from bot.cli.preview import preview
from bot.cli.run import run
from bot.cli.sandbox import sandbox
from bot.cli.status import status
from bot.cli.why import why


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="newswire")
def newswire() -> None:
    """A newsroom's own Telegram desk: each article to every channel once, and answers for readers.

    Settings come from the environment and from .env in the working folder; .env.example lists them all.
    To look around without a token: newswire sandbox.
    """


for command in (run, sandbox, check, fetch, preview, why, status):
    newswire.add_command(command)
