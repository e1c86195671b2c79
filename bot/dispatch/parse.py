"""Parsing of Telegram's updates into questions; pure.

From the Bot API: a command starts the text with "/" and may name its bot after "@", in any case; a forward, a
reply to a forward and a reply across chats each name the original post. The data of a pressed button is
whatever the client sends, whether or not such a button exists (CallbackQuery.data).
"""

import re
from dataclasses import dataclass, field
from typing import Any

from telegram import CallbackQuery, Chat, Message, MessageOrigin, MessageOriginChannel, User
from telegram.constants import ChatType, MessageEntityType

from bot.commands.invisible_characters import remove_stray_characters
from storage.records import ChatKind

TEXT_LIMIT = 4096  #: characters read of a message; Telegram sends no more
MAX_LINKS = 30  #: links read from a message

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+(.*))?", re.DOTALL)
_KINDS = {
    ChatType.PRIVATE: ChatKind.PRIVATE,
    ChatType.GROUP: ChatKind.GROUP,
    ChatType.SUPERGROUP: ChatKind.SUPERGROUP,
    ChatType.CHANNEL: ChatKind.CHANNEL,
}
_LINKED: list[str | None] = [MessageEntityType.URL, MessageEntityType.TEXT_LINK]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointedMessage:
    """The message that a question replies to or forwards."""

    message: tuple[int, int] | None = None  #: (chat id, message id) of the original
    links: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPress:
    """A press of a button that really is under one of our messages."""

    query_id: str
    message_id: int
    reply_below: bool  #: the answer is a new message; this one stays


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuestion:
    """A question to the bot, typed or from a button."""

    chat_id: int
    kind: ChatKind
    title: str = ""  #: of a group; never of a private chat
    username: str = ""
    user_id: int = 0
    asker: int = 0  #: a user id, or the id of the chat that a group member writes as
    user_language: str = ""
    message_id: int = 0  #: the question's own
    command: str = ""  #: "" if none was typed
    words: str = ""
    named: bool = False  #: the command named this bot
    pointed: PointedMessage = field(default_factory=PointedMessage)
    pressed: ButtonPress | None = None
    via_bot: bool = False  #: written by another bot and only tapped by the reader


def parse_message(message: Message, bot_username: str) -> ParsedQuestion | None:
    """The question in a message; None if it is for another bot, from a bot, or group conversation."""
    if not _is_from_person(message):
        return None
    text = _message_text(message)
    if message.chat.type == ChatType.CHANNEL:
        return None
    asked = _chat_fields(message.chat, message.from_user) | {"message_id": message.message_id}
    asked["asker"] = message.sender_chat.id if message.sender_chat else asked["user_id"]
    if message.via_bot:
        return ParsedQuestion(**asked, via_bot=True) if _is_private(message) else None
    if message.forward_origin:
        return ParsedQuestion(**asked, pointed=_forwarded_message(message)) if _is_private(message) else None
    found = _COMMAND.fullmatch(text)
    if not found:
        return (
            ParsedQuestion(**asked, words=text, pointed=_replied_to(message))
            if _is_free_text(message)
            else None
        )
    command, bot, words = found.groups()
    if bot and bot.casefold() != bot_username.casefold():
        return None
    asked |= {"command": command.casefold(), "words": (words or "").strip(), "named": bool(bot)}
    return ParsedQuestion(**asked, pointed=_replied_to(message))


def names_another_bot(message: Message, bot_username: str) -> bool:
    """Whether a person's command names a bot other than `bot_username`."""
    found = _COMMAND.fullmatch(_message_text(message)) if _is_from_person(message) else None
    return bool(found and found[2] and found[2].casefold() != bot_username.casefold())


def parse_press(query: CallbackQuery, bot_id: int) -> ParsedQuestion | None:
    """The question behind a pressed button; None if it is only to be acknowledged.

    Its data counts only if a button under the update's message has exactly that data and the message is the
    bot's own (`bot_id`); in a channel it never counts.
    """
    message = query.message
    if not isinstance(message, Message) or query.data not in _callback_data(message):
        return None
    if message.chat.type == ChatType.CHANNEL or not message.from_user or message.from_user.id != bot_id:
        return None
    command, _, words = remove_unstorable(query.data).removeprefix("+").partition(" ")
    pressed = ButtonPress(
        query_id=query.id, message_id=message.message_id, reply_below=query.data.startswith("+")
    )
    place = _chat_fields(message.chat, query.from_user) | {"asker": query.from_user.id}
    return ParsedQuestion(
        **place, command=command.casefold(), words=words.strip(), named=True, pressed=pressed
    )


def _callback_data(message: Message) -> set[str]:
    """The data of the buttons under a message."""
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    return {button.callback_data for row in rows for button in row if isinstance(button.callback_data, str)}


def chat_kind(chat: Chat) -> ChatKind:
    """Telegram's chat type as our `ChatKind`."""
    return _KINDS[ChatType(chat.type)]


def _chat_fields(chat: Chat, user: User | None) -> dict[str, Any]:
    private = chat.type == ChatType.PRIVATE
    return {
        "chat_id": chat.id,
        "kind": chat_kind(chat),
        "title": "" if private else chat.title or "",
        "username": "" if private else chat.username or "",
        "user_id": user.id if user else 0,
        "user_language": (user.language_code if user else "") or "",
    }


def _is_from_person(message: Message) -> bool:
    """Whether a person wrote it, not a bot, and not a channel's post copied into its discussion group.

    A message sent in a group on behalf of a chat is by a person, though Telegram names a bot as its author.
    """
    as_a_chat = message.sender_chat is not None
    is_bot = bool(message.from_user and message.from_user.is_bot)
    return not message.is_automatic_forward and (as_a_chat or not is_bot)


def _is_private(message: Message) -> bool:
    return bool(message.chat.type == ChatType.PRIVATE)


def _is_free_text(message: Message) -> bool:
    """Whether it is text or a picture in a private chat, not a service message."""
    said = message.text or message.caption or message.effective_attachment
    return _is_private(message) and bool(said)


def _forwarded_message(message: Message) -> PointedMessage:
    return PointedMessage(
        message=_channel_origin(message.forward_origin),
        links=_message_links(message),
        text=_message_text(message),
    )


def _replied_to(message: Message) -> PointedMessage:
    """The message replied to, in the same chat or in another."""
    other, across = message.reply_to_message, message.external_reply
    if other and not other.forum_topic_created:
        here = (other.chat.id, other.message_id)
        return PointedMessage(
            message=_channel_origin(other.forward_origin) or here,
            links=_message_links(other),
            text=_message_text(other),
        )
    if across:
        quoted = remove_unstorable(message.quote.text) if message.quote else ""
        preview = across.link_preview_options.url if across.link_preview_options else None
        links = (preview,) if isinstance(preview, str) else ()
        return PointedMessage(message=_channel_origin(across.origin), links=links, text=quoted)
    return PointedMessage()


def _channel_origin(origin: MessageOrigin | None) -> tuple[int, int] | None:
    return (origin.chat.id, origin.message_id) if isinstance(origin, MessageOriginChannel) else None


def _message_text(message: Message) -> str:
    return remove_stray_characters(
        remove_unstorable(message.text or message.caption or "")[:TEXT_LIMIT]
    ).strip()


def remove_unstorable(text: str) -> str:
    """`text` without what a database refuses: NUL and lone surrogates."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def _message_links(message: Message) -> tuple[str, ...]:
    found = message.parse_entities(_LINKED) if message.text else {}
    if message.caption:
        found = message.parse_caption_entities(_LINKED)
    in_order = sorted(found.items(), key=lambda item: item[0].offset)
    return tuple(remove_unstorable(entity.url or text) for entity, text in in_order)[:MAX_LINKS]
