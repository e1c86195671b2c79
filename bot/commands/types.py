"""What a command is given and what it answers, in no library's terms."""

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
    """What a reader asked, with what they pointed at."""

    chat: Chat
    user_id: int
    edition: Edition  #: the newsroom's face that this chat sees
    words: str  #: what stood behind the command
    now: datetime
    language: str = "en"  #: of the answer
    timezone: tzinfo  #: the chat's, or the edition's
    pointed_at: tuple[str, ...] = ()  #: links of the message replied to or forwarded, in their order
    pointed_message: tuple[int, int] | None = None  #: (chat id, message id) of that message
    pointed_text: str = ""  #: its text
    operator: bool = False  #: asked by an operator, in a private chat
    pressed: bool = False  #: asked by a button of ours, not typed
    as_group: bool = False  #: asked by an administrator who writes as the group itself

    @property
    def say(self) -> Translator:
        """The words of the answer's language."""
        return translator_for(self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said back: Telegram's HTML, made by `bot.render` alone."""

    html: Html
    buttons: Rows = ()
    articles: tuple[int, ...] = ()  #: the numbered list that `/related 2` means from now on in this chat
    preview_url: str = ""  #: the link whose preview is shown; none where empty
    large: bool = False  #: the preview's picture is large, above the text
    toast: str = ""  #: a line over the chat, for a pressed button
    unavailable: bool = False  #: what was asked for is gone: for a pressed button `html` becomes a toast


@dataclass(slots=True)
class BotName:
    """The bot's @name as Telegram has it now, without "@": it changes when @BotFather renames the bot."""

    username: str = ""


async def _keep_bot_name() -> None:
    """Nobody to ask: the name stays."""


async def _is_never_administrator(_chat_id: int, _user_id: int) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """What commands may ask of the house. `bot.app` makes it; tests make it over a real database."""

    db: Database
    index: Index
    policy: PublishPolicy
    bot_name: BotName
    bot_id: int
    refresh_bot_name: Callable[[], Awaitable[None]] = (
        _keep_bot_name  #: returns when Telegram was asked for it anew
    )
    wake_publisher: Callable[[], None] = lambda: (
        None
    )  #: rung when something is to be sent, edited or taken back
    #: Whether a person (chat id, user id) administers a group; False where that cannot be learnt.
    is_administrator: Callable[[int, int], Awaitable[bool]] = _is_never_administrator
    memory: ChatMemory = field(default_factory=ChatMemory)

    @property
    def bot_username(self) -> str:
        """Without "@"."""
        return self.bot_name.username


Answer = Callable[[Request, CommandContext], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Usage:
    """One way to type a command, and what it does."""

    example: str  #: as typed, without the slash
    meaning: str  #: a gettext key


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as readers see it; the menu in Telegram, /help and the docs are made from the same list."""

    name: str
    answer: Answer
    summary: str  #: a gettext key: what the menu says
    usage: tuple[Usage, ...]
    operators_only: bool = False
    changes_state: bool = False  #: no bound on the number of questions ever drops it
    aliases: tuple[str, ...] = ()  #: other names for it

    @property
    def names(self) -> tuple[str, ...]:
        """All that it may be called, its own name first."""
        return (self.name, *self.aliases)


__all__ = ["Answer", "BotName", "Button", "Command", "CommandContext", "Reply", "Request", "Usage"]
