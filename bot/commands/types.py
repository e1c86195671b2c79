"""What a command is given and what it answers, in no library's terms."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from storage.records import Chat


@dataclass(frozen=True, slots=True)
class Button:
    """A command under a message (`command`, at most 64 bytes, as if typed), or a link (`url`)."""

    label: str
    command: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a reader asked, with what they pointed at."""

    chat: Chat
    user_id: int
    words: str  #: what stood behind the command
    now: datetime
    language: str = "en"  #: of the answer: the chat's, or the edition's
    pointed_at: tuple[str, ...] = ()  #: links of the message replied to or forwarded
    pointed_message: tuple[int, int] | None = (
        None  #: (chat id, message id) of the post replied to or forwarded
    )
    pointed_text: str = ""  #: its text
    pressed: bool = False  #: a button: the answer replaces the message it stands under


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said back: Telegram's HTML, made by `bot.render` alone."""

    html: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    articles: tuple[int, ...] = ()  #: the numbered list that `/related 2` will mean from now on in this chat
    preview_url: str = ""  #: the link whose preview is shown; none where empty
    toast: str = ""  #: a line over the chat, for a pressed button


class Desk(Protocol):
    """What commands may ask of the house. `bot.app` makes it; tests make it over a real database."""


Answer = Callable[[Request, Desk], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as readers see it; the menu in Telegram, /help and the docs are made from the same list."""

    name: str
    answer: Answer
    summary: str  #: a gettext key: what the menu says
    usage: tuple[str, ...] = ()
    operators_only: bool = False
    aliases: tuple[str, ...] = field(default=())
