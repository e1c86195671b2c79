"""What may come of a request to Telegram, each by its own name; and the port that makes the request."""

from dataclasses import dataclass
from typing import Protocol

from storage.records import ChatKind, ChatState


@dataclass(frozen=True, slots=True)
class Sent:
    """The chat shows it: newly sent, edited, deleted as wanted, or proved to be there already."""

    message_id: int


@dataclass(frozen=True, slots=True)
class TryLater:
    """Surely not applied: a 429, or the connection could not be made."""

    seconds: float
    reason: str
    flood: bool = False  #: Telegram itself asked for the wait


@dataclass(frozen=True, slots=True)
class Refused:
    """Telegram will not take this content in this chat, now or later."""

    reason: str
    picture: bool = False  #: perhaps for its picture, preview or very long link: worth a try as bare words


@dataclass(frozen=True, slots=True)
class Missing:
    """The message to edit or delete is not there."""


@dataclass(frozen=True, slots=True)
class Untouchable:
    """The message exists and is not ours to edit, or no longer ours to delete."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChatGone:
    """The chat cannot be reached: `state` says whether for now (PAUSED) or until it comes back."""

    state: ChatState
    reason: str


@dataclass(frozen=True, slots=True)
class ChatMoved:
    """The group became a supergroup with another id."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class Unclear:
    """The request was written and may have been applied: a time-out, a reset, a 5xx, a truncated answer."""

    reason: str


Outcome = Sent | TryLater | Refused | Missing | Untouchable | ChatGone | ChatMoved | Unclear


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAccess:
    """What a chat is, and what the bot may do there."""

    id: int
    kind: ChatKind
    title: str = ""
    username: str = ""
    may_post: bool = True
    may_edit: bool = False  #: other people's posts too (can_edit_messages)
    reason: str = ""  #: why it may not post


class Sender(Protocol):
    """Makes one request and says what came of it; never raises for what Telegram answers.

    `content` is the JSON that `bot.render` made; jobs keep and compare it, and never look inside.
    """

    async def send(self, chat_id: int, content: str, *, reply_to: int = 0) -> Outcome:
        """`reply_to`: the message that it answers, where that still stands; 0 for none."""
        ...

    async def edit(
        self, chat_id: int, message_id: int, content: str, *, new_picture: bool = False
    ) -> Outcome: ...

    async def delete(self, chat_id: int, message_id: int) -> Outcome: ...

    async def find_message(
        self, chat_id: int, message_id: int, content: str, *, through: int | None = None
    ) -> Outcome:
        """Whether `message_id` is our own message with this very content: Sent, Missing or Untouchable.

        Found by an edit with the same content, for chats where it cannot touch what is not ours; or, where a
        chat is given in `through`, by forwarding the message there and comparing; Refused where that cannot
        be done.
        """
        ...

    async def fetch_chat_access(self, chat: int | str) -> ChatAccess | Outcome:
        """What the chat with this id or @name is, and what the bot may do there."""
        ...
