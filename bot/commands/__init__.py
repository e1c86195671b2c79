"""One file a command: a function from a request to a reply. A button is a command somebody typed for you.

`COMMANDS` is the one list: the menu in Telegram, /help, the docs and the dispatch are made from it.
"""

from bot.commands import latest, privacy, related, retract, search, start, status, story, subscribe, why
from bot.commands.help import help_with
from bot.commands.types import BotName, Button, Command, Desk, Reply, Request

_EXPLAINED = (
    latest.COMMAND,
    related.COMMAND,
    search.COMMAND,
    subscribe.COMMAND,
    subscribe.STOP,
    privacy.COMMAND,
    privacy.FORGET,
    status.COMMAND,
    why.COMMAND,
    retract.COMMAND,
    story.COMMAND,
)
_HELP = help_with(_EXPLAINED)
COMMANDS: tuple[Command, ...] = (*_EXPLAINED[:7], _HELP, start.COMMAND, *_EXPLAINED[7:])


def command_named(name: str) -> Command | None:
    """The command that readers call so, by its name or another of its names, in whatever case."""
    return next((command for command in COMMANDS if name.casefold() in command.names), None)


__all__ = ["COMMANDS", "BotName", "Button", "Command", "Desk", "Reply", "Request", "command_named"]
