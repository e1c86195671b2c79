"""The command line: one file a command, loaded when it is called."""

from importlib import import_module

import click

from bot import __version__

#: Every command, in the order in which an operator meets them, and the first sentence of its help.
SUMMARIES = {
    "run": "The bot: looks at the feeds, posts, and answers readers.",
    "sandbox": "The same bot against a Telegram in a box, with a page to try it on.",
    "check": "Tries every setting for real, and says what to do where one fails.",
    "preview": "What would be posted, where and when; keeps and sends nothing.",
    "fetch": "One look at every feed now, without sending.",
    "status": "Feeds, backlog, last runs, delays.",
    "leave": "Ends what hubs push to us, for a newsroom that closes or moves.",
    "readers-key": "Makes or rotates the key that encrypts private chats' ids.",
    "why": "The life of an article: seen, planned, sent, corrected, or why not.",
}


class CommandGroup(click.Group):
    """Lists the commands from their summaries, so that `--help` waits for none of them."""

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
    epilog="newswire COMMAND --help tells more. Exit status: 0 good, 1 failed, 2 wrong use or setting.",
)
@click.version_option(__version__, "-V", "--version", prog_name="newswire")
def newswire() -> None:
    """A newsroom's own Telegram desk: each article to every channel once, and answers for readers.

    Settings come from the environment and from .env in the working folder; .env.example lists them all.
    To look around without a token: newswire sandbox.
    """
