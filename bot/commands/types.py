"""The types that commands receive and return, independent of any Telegram library."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from bot.commands.chat_memory import ChatMemory
from bot.locale import Translator, translator_for
from bot.render import Button, Html, Rows
from jobs.config import Edition, PublishPolicy
from storage.database import Database
from storage.index import Index
from storage.records import Chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A reader's question, with the message that it points at."""

    chat: Chat
    user_id: int
    edition: Edition  #: the edition that this chat sees
    words: str  #: what came after the command
    now: datetime
    language: str = "en"  #: language tag of the reply
    timezone: tzinfo  #: the chat's, or the edition's
    pointed_at: tuple[str, ...] = ()  #: links of the message replied to or forwarded, in order
    pointed_message: tuple[int, int] | None = None  #: (chat id, message id) of that message
    pointed_text: str = ""  #: its text
    operator: bool = False  #: sent by an operator in a private chat
    pressed: bool = False  #: sent by one of our buttons, not typed
    as_group: bool = False  #: sent by an administrator who writes as the group itself

    @property
    def say(self) -> Translator:
        """The translator for the reply's language."""
        return translator_for(self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A command's answer; only `bot.render` makes its HTML."""

    html: Html
    buttons: Rows = ()
    articles: tuple[int, ...] = ()  #: the numbered list that `/related 2` refers to from now on
    preview_url: str = ""  #: the link whose preview is shown; "" for none
    large: bool = False  #: the preview has a large picture, above the text
    toast: str = ""  #: the notification at the top of the chat after a button is pressed
    unavailable: bool = False  #: nothing to show: after a pressed button `html` becomes the toast


@dataclass(slots=True)
class BotName:
    """The bot's current @name, without "@"; mutable, as the bot can be renamed at @BotFather."""

    username: str = ""


async def _keep_bot_name() -> None:
    pass


async def _is_never_administrator(_chat_id: int, _user_id: int) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Everything that commands depend on. `bot.app` builds it; tests build it over a real database."""

    db: Database
    index: Index
    policy: PublishPolicy
    bot_name: BotName
    bot_id: int
    #: Requests the bot's name from Telegram and stores it in `bot_name`.
    refresh_bot_name: Callable[[], Awaitable[None]] = _keep_bot_name
    #: Called when something is to be sent, edited or deleted.
    wake_publisher: Callable[[], None] = lambda: None
    #: Whether a user (chat id, user id) administers a group; False if that cannot be found out.
    is_administrator: Callable[[int, int], Awaitable[bool]] = _is_never_administrator
    memory: ChatMemory = field(default_factory=ChatMemory)

    @property
    def bot_username(self) -> str:
        """The bot's current @name, without "@"."""
        return self.bot_name.username


Answer = Callable[[Request, CommandContext], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Usage:
    """One way to type a command."""

    example: str  #: as typed, without the slash
    meaning: str  #: a gettext key: what it does


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as readers see it in the menu, /help and the docs."""

    name: str
    answer: Answer
    summary: str  #: a gettext key, shown in the menu
    usage: tuple[Usage, ...]
    operators_only: bool = False
    changes_state: bool = False  #: never dropped, however many questions are waiting
    aliases: tuple[str, ...] = ()  #: alternative names

    @property
    def names(self) -> tuple[str, ...]:
        """Its name, then its aliases."""
        return (self.name, *self.aliases)


__all__ = ["Answer", "BotName", "Button", "Command", "CommandContext", "Reply", "Request", "Usage"]
