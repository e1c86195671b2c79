"""Long lists in pages: which part was asked for, and the buttons to the others."""

from collections.abc import Callable

from bot.commands.arguments import FARTHEST
from bot.locale import Words
from bot.render import Button, Rows

PAGE = 5  #: articles at a time


def page_buttons(say: Words, command: Callable[[int], str], *, offset: int, count: int, more: bool) -> Rows:
    """One row: back and on. `command` makes the command for the page that begins at an offset."""
    row: list[Button] = []
    if offset > 0:
        row.append(Button(say("‹ Back"), command=command(max(offset - count, 0))))
    if more and offset + count <= FARTHEST:
        row.append(Button(say("More ›"), command=command(offset + count)))
    return (tuple(row),) if row else ()


def at(command: str, offset: int) -> str:
    """`command` for the page that begins at `offset`."""
    return f"{command} @{offset}" if offset else command
