"""The bot's commands, one per file: functions from a `Request` to a `Reply`. Buttons run them too.

The menu in Telegram, /help, docs/commands.md and the dispatcher are all built from `COMMANDS`.
"""

from bot.commands import latest, privacy, related, retract, search, start, status, story, subscribe, why
from bot.commands.help import help_command
from bot.commands.types import BotName, Button, Command, CommandContext, Reply, Request

_EXPLAINED = (
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
#: In the order of the menu: readers' commands, /help and /start, then operators' commands.
COMMANDS: tuple[Command, ...] = (
    *(command for command in _EXPLAINED if not command.operators_only),
    help_command(_EXPLAINED),
    start.COMMAND,
    *(command for command in _EXPLAINED if command.operators_only),
)


def find_command(name: str) -> Command | None:
    """The command with this name or alias, in any case."""
    return next((command for command in COMMANDS if name.casefold() in command.names), None)


__all__ = ["COMMANDS", "BotName", "Button", "Command", "CommandContext", "Reply", "Request", "find_command"]
