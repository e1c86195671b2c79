"""The command line: one module per command, imported only when the command is called."""

from importlib import import_module

import click

from bot import __version__

#: Every command, in the order in which an operator needs them, and the first sentence of its help.
SUMMARIES = {
    "run": "Run the bot: update the feeds, post articles, and answer readers.",
    "sandbox": "Run the bot against a simulated Telegram, with a web page to try it on.",
    "check": "Test every setting for real, and say how to fix what fails.",
    "preview": "Show what would be posted, where and when, without storing or sending anything.",
    "fetch": "Update every feed now, without sending.",
    "status": "Show feeds, backlog, last runs and delays.",
    "leave": "Unsubscribe from all WebSub hubs, for a newsroom that closes or moves.",
    "readers-key": "Create or rotate the key that encrypts the ids of private chats.",
    "why": "Show the history of an article: seen, planned, sent, corrected, or why not.",
}


class CommandGroup(click.Group):
    """Lists the commands from SUMMARIES, so that `--help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUMMARIES:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"bot.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="See newswire COMMAND --help for details. Exit status: 0 good, 1 failed, 2 wrong use or setting.",
)
@click.version_option(__version__, "-V", "--version", prog_name="newswire")
def newswire() -> None:
    """A newsroom's own Telegram bot: posts each article to every channel once, and answers readers.

    Settings are read from the environment and from .env in the working folder; .env.example lists them.
    To try it without a token, run newswire sandbox.
    """
