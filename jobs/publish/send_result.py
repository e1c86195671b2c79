"""The outcomes of a request to Telegram, each a class of its own, and the port that makes the request."""

from dataclasses import dataclass
from typing import Protocol

from storage.records import ChatKind, ChatState


@dataclass(frozen=True, slots=True)
class Sent:
    """Applied: newly sent, edited or deleted, or found to be there already."""

    message_id: int


@dataclass(frozen=True, slots=True)
class TryLater:
    """Surely not applied: a 429, or no connection could be made."""

    seconds: float
    reason: str
    flood: bool = False  #: a 429: Telegram itself imposed the wait


@dataclass(frozen=True, slots=True)
class Refused:
    """Telegram will never take this content in this chat."""

    reason: str
    picture: bool = (
        False  #: perhaps because of its picture, preview or very long link: worth a retry as plain text
    )


@dataclass(frozen=True, slots=True)
class Missing:
    """The message to edit or delete does not exist."""


@dataclass(frozen=True, slots=True)
class Untouchable:
    """The message exists, but cannot be edited, or can no longer be deleted."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChatGone:
    """The chat cannot be reached: for now (`state` is PAUSED), or until it comes back."""

    state: ChatState
    reason: str


@dataclass(frozen=True, slots=True)
class ChatMoved:
    """The group became a supergroup with another id."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class Unclear:
    """Written, and perhaps applied: a timeout, a reset, a 5xx, a truncated response."""

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
    """Makes one request and returns its outcome; never raises because of what Telegram answers.

    `content` is the JSON that `bot.render` made; jobs keep and compare it, and never parse it.
    """

    async def send(self, chat_id: int, content: str, *, reply_to: int = 0) -> Outcome:
        """`reply_to`: the message that it replies to, if that still exists; 0 for none."""
        ...

    async def edit(
        self, chat_id: int, message_id: int, content: str, *, new_picture: bool = False
    ) -> Outcome: ...

    async def delete(self, chat_id: int, message_id: int) -> Outcome: ...

    async def find_message(
        self, chat_id: int, message_id: int, content: str, *, through: int | None = None
    ) -> Outcome:
        """Whether `message_id` is our own message with this very content: Sent, Missing or Untouchable.

        Found by an edit with the same content, for chats where that cannot touch others' messages; or, if
        `through` is a chat, by forwarding the message there and comparing; Refused if that is impossible.
        """
        ...

    async def fetch_chat_access(self, chat: int | str) -> ChatAccess | Outcome:
        """What the chat with this id or @name is, and what the bot may do there."""
        ...
