"""Rendering of values as Telegram's HTML, within its limits; pure, and the only place that makes HTML."""

from bot.render.content import COMMAND_LIMIT, Button, Content, Rows
from bot.render.links import render_link
from bot.render.listing import ListLine, render_list
from bot.render.post import article_headline, render_post, render_withdrawn
from bot.render.text import (
    Html,
    bold,
    code,
    escape,
    highlight_text,
    italic,
    join_html,
    shorten,
    to_plain_text,
    visible_length,
    visible_text,
)

__all__ = [
    "COMMAND_LIMIT",
    "Button",
    "Content",
    "Html",
    "ListLine",
    "Rows",
    "article_headline",
    "bold",
    "code",
    "escape",
    "highlight_text",
    "italic",
    "join_html",
    "render_link",
    "render_list",
    "render_post",
    "render_withdrawn",
    "shorten",
    "to_plain_text",
    "visible_length",
    "visible_text",
]
