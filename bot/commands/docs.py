"""docs/commands.md, written from the list of commands."""

from bot.commands import COMMANDS
from bot.commands.types import Command
from bot.locale import translator_for

_TOP = """# Commands

Written by `python -m bot.commands` from the list in `bot/commands/`; the menu in Telegram and /help are made
from the same list.

In groups the same, with `@` and the bot's name behind the command where several bots listen. In a private
chat no command is needed: a link, a forwarded post or a long text is answered as by /related, other words as
by /search. Numbers may be written in any script's digits.
"""

_OPERATORS = """# Operators' commands

In a private chat, for the ids in `OPERATORS`; to others they are unknown.
"""


def commands_page() -> str:
    """The page, in Markdown."""
    readers = [command for command in COMMANDS if not command.operators_only]
    operators = [command for command in COMMANDS if command.operators_only]
    parts = [_TOP, *map(_command_section, readers)]
    parts.append(_OPERATORS)
    return "\n".join([*parts, *map(_command_section, operators)])


def _command_section(command: Command) -> str:
    say = translator_for("en")
    rows = [f"| `/{usage.example}` | {say(usage.meaning)} |" for usage in command.usage]
    title = ", ".join(f"/{name}" for name in command.names)
    return "\n".join(
        [f"## {title}", "", f"{say(command.summary)}.", "", "| type | for |", "|---|---|", *rows, ""]
    )
