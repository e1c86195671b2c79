"""What does an update ask? Telegram's updates as values of our own; pure.

Facts of Telegram (Bot API): a command begins the text with "/" and may name its bot behind "@", in whatever
case; a reply to a forwarded post, a forward, and a reply across chats each name the post they point at.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from telegram import CallbackQuery, Chat, Message, MessageOrigin, MessageOriginChannel, User
from telegram.constants import ChatType, MessageEntityType

from storage.records import ChatKind

TEXT_LIMIT = 4096  #: characters of a message that are read; Telegram sends no more
LINKS = 30  #: links of a message that are looked at

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+(.*))?", re.DOTALL)
_KINDS = {
    ChatType.PRIVATE: ChatKind.PRIVATE,
    ChatType.GROUP: ChatKind.GROUP,
    ChatType.SUPERGROUP: ChatKind.SUPERGROUP,
    ChatType.CHANNEL: ChatKind.CHANNEL,
}
_LINKED: list[str | None] = [MessageEntityType.URL, MessageEntityType.TEXT_LINK]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointed:
    """The message that was replied to or forwarded."""

    message: tuple[int, int] | None = None  #: (chat id, message id) where it first stood
    links: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A pressed button."""

    query_id: str
    message_id: int  #: 0 where the message can't be edited
    anew: bool  #: the answer is said below, and the message stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Something that somebody asked of the bot."""

    chat_id: int
    kind: ChatKind
    title: str = ""  #: of a group; of a private chat never
    username: str = ""
    user_id: int = 0
    user_language: str = ""
    message_id: int = 0  #: of the question
    command: str = ""  #: "" for free words
    words: str = ""
    named: bool = False  #: the command named this bot
    pointed: Pointed = field(default_factory=Pointed)
    pressed: Pressed | None = None


def read_message(message: Message, bot_username: str) -> Asked | None:
    """What a message asks; None where it is not meant for us: another bot's command, a bot, chatter."""
    if not _from_a_person(message):
        return None
    text = _text(message)
    asked = _place(message.chat, message.from_user) | {"message_id": message.message_id}
    if message.forward_origin:
        return Asked(**asked, pointed=_forwarded(message)) if _is_private(message) else None
    found = _COMMAND.fullmatch(text)
    if not found:
        return Asked(**asked, words=text, pointed=_replied_to(message)) if _is_free_talk(message) else None
    command, bot, words = found.groups()
    if bot and bot.casefold() != bot_username.casefold():
        return None
    asked |= {"command": command.casefold(), "words": (words or "").strip(), "named": bool(bot)}
    return Asked(**asked, pointed=_replied_to(message))


def names_another_bot(message: Message, bot_username: str) -> bool:
    """Whether a person's command names a bot that we are not, as far as we know."""
    found = _COMMAND.fullmatch(_text(message)) if _from_a_person(message) else None
    return bool(found and found[2] and found[2].casefold() != bot_username.casefold())


def read_press(query: CallbackQuery) -> Asked | None:
    """What a pressed button asks; None for one under a message that was never ours to answer in."""
    if query.message is None or not query.data:
        return None
    message_id = query.message.message_id if query.message.is_accessible else 0
    typed = readable(query.data).removeprefix("+")
    command, _, words = typed.partition(" ")
    pressed = Pressed(query_id=query.id, message_id=message_id, anew=query.data.startswith("+"))
    place = _place(query.message.chat, query.from_user)
    return Asked(**place, command=command.casefold(), words=words.strip(), named=True, pressed=pressed)


def kind_of(chat: Chat) -> ChatKind:
    """Our word for Telegram's kind of chat."""
    return _KINDS[ChatType(chat.type)]


def _place(chat: Chat, user: User | None) -> dict[str, Any]:
    private = chat.type == ChatType.PRIVATE
    return {
        "chat_id": chat.id,
        "kind": kind_of(chat),
        "title": "" if private else chat.title or "",
        "username": "" if private else chat.username or "",
        "user_id": user.id if user else 0,
        "user_language": (user.language_code if user else "") or "",
    }


def _from_a_person(message: Message) -> bool:
    """Not a bot, not a channel's post copied into its group; a group's nameless administrator counts."""
    nameless = message.sender_chat is not None and message.sender_chat.id == message.chat.id
    is_bot = bool(message.from_user and message.from_user.is_bot)
    return not message.is_automatic_forward and (nameless or not is_bot)


def _is_private(message: Message) -> bool:
    return bool(message.chat.type == ChatType.PRIVATE)


def _is_free_talk(message: Message) -> bool:
    """Words or a picture in a private chat, and not a line that Telegram itself wrote."""
    said = message.text or message.caption or message.effective_attachment
    return _is_private(message) and bool(said)


def _forwarded(message: Message) -> Pointed:
    return Pointed(message=_origin(message.forward_origin), links=_links(message), text=_text(message))


def _replied_to(message: Message) -> Pointed:
    """What a message replies to: in its own chat, or in another."""
    other, across = message.reply_to_message, message.external_reply
    if other and not other.forum_topic_created:
        here = (other.chat.id, other.message_id)
        return Pointed(message=_origin(other.forward_origin) or here, links=_links(other), text=_text(other))
    if across:
        quoted = readable(message.quote.text) if message.quote else ""
        preview = across.link_preview_options.url if across.link_preview_options else None
        links = (preview,) if isinstance(preview, str) else ()
        return Pointed(message=_origin(across.origin), links=links, text=quoted)
    return Pointed()


def _origin(origin: MessageOrigin | None) -> tuple[int, int] | None:
    return (origin.chat.id, origin.message_id) if isinstance(origin, MessageOriginChannel) else None


def _text(message: Message) -> str:
    return readable(message.text or message.caption or "")[:TEXT_LIMIT]


def readable(text: str) -> str:
    """`text` without what no database keeps: NUL, and halves of characters."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def _links(message: Message) -> tuple[str, ...]:
    found = message.parse_entities(_LINKED) if message.text else {}
    if message.caption:
        found = message.parse_caption_entities(_LINKED)
    in_order = sorted(found.items(), key=lambda item: item[0].offset)
    return tuple(readable(entity.url or text) for entity, text in in_order)[:LINKS]
