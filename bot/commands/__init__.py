"""One file a command: a function from a request to a reply. A button is a command somebody typed for you.

`COMMANDS` is the one list: the menu in Telegram, /help, the docs and the dispatch are made from it.
"""

from bot.commands import latest, privacy, related, retract, search, start, status, story, subscribe, why
from bot.commands.help import help_command
from bot.commands.types import BotName, Button, Command, CommandContext, Reply, Request

_LISTED_COMMANDS = (
    latest.COMMAND,
    related.COMMAND,
    search.COMMAND,
    subscribe.COMMAND,
    subscribe.UNSUBSCRIBE,
    privacy.COMMAND,
    privacy.FORGET,
    status.COMMAND,
    why.COMMAND,
    retract.COMMAND,
    story.COMMAND,
)
_HELP = help_command(_LISTED_COMMANDS)
COMMANDS: tuple[Command, ...] = (*_LISTED_COMMANDS[:7], _HELP, start.COMMAND, *_LISTED_COMMANDS[7:])


def find_command(name: str) -> Command | None:
    """The command that readers call so, by its name or another of its names, in whatever case."""
    return next((command for command in COMMANDS if name.casefold() in command.names), None)


__all__ = ["COMMANDS", "BotName", "Button", "Command", "CommandContext", "Reply", "Request", "find_command"]
