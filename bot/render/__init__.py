"""From values to what Telegram shows, within its limits; pure. The only maker of Telegram's HTML."""

from bot.render.content import COMMAND_LIMIT, Button, Content, Rows
from bot.render.listing import Line, render_list
from bot.render.post import headline, render_post, render_withdrawn
from bot.render.text import (
    Html,
    bold,
    code,
    escape,
    italic,
    joined,
    length,
    link,
    marked,
    plain,
    shorten,
    shown,
)

__all__ = [
    "COMMAND_LIMIT",
    "Button",
    "Content",
    "Html",
    "Line",
    "Rows",
    "bold",
    "code",
    "escape",
    "headline",
    "italic",
    "joined",
    "length",
    "link",
    "marked",
    "plain",
    "render_list",
    "render_post",
    "render_withdrawn",
    "shorten",
    "shown",
]
