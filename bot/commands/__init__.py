"""One file a command: a function from a request to a reply. A button is a command somebody typed for you."""

from bot.commands.types import Button, Command, Reply, Request

__all__ = ["Button", "Command", "Reply", "Request"]
