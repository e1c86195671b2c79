"""From values to what Telegram shows, within its limits; pure. The only maker of Telegram's HTML."""

from bot.render.content import COMMAND_LIMIT, Button, Content, Rows
from bot.render.post import headline, render_post, render_withdrawn

__all__ = ["COMMAND_LIMIT", "Button", "Content", "Rows", "headline", "render_post", "render_withdrawn"]
