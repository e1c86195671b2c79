"""Messages with all their versions, and the sequences of their ids.

Channels and supergroups have their own sequences; private chats and basic groups share the account's.
Service messages take ids like any other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox.formatting.entities import NO_TEXT, FormattedText
from bot.sandbox.telegram.chats import Chat, ChatType, User

Json = dict[str, Any]
OWN_SEQUENCE = frozenset({ChatType.CHANNEL, ChatType.SUPERGROUP})


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture, from a URL or uploaded."""

    file_id: str
    url: str = ""
    width: int = 1280
    height: int = 720
    size: int = 0

    def to_json(self) -> list[Json]:
        photo: Json = {"file_id": self.file_id, "file_unique_id": f"u{self.file_id}"}
        photo |= {"width": self.width, "height": self.height}
        return [photo | {"file_size": self.size} if self.size else photo]


@dataclass(frozen=True, slots=True)
class Content:
    """What a message shows. With a photo the text is its caption."""

    text: FormattedText = NO_TEXT
    photo: Photo | None = None
    markup: Json | None = None  #: an inline keyboard
    preview: Json | None = None  #: link_preview_options as given
    above: bool = False  #: the caption is above the picture

    def same_as(self, other: "Content") -> bool:
        """Whether text, entities, picture and buttons are equal; link previews do not count."""
        return (self.text, self.photo, self.markup) == (other.text, other.photo, other.markup)


@dataclass(slots=True, eq=False)
class Message:
    """A message; `versions` are its earlier contents, each with the time at which it was replaced."""

    chat: Chat
    id: int
    at: datetime
    author: User
    content: Content
    origin: Json | None = None  #: forward_origin
    reply_to: "Message | None" = None
    service: Json | None = None  #: the field of a service message
    signed: str = ""
    silent: bool = False
    protected: bool = False
    effect: str = ""
    edited_at: datetime | None = None
    edited_by: int = 0  #: id of the last editor
    deleted_at: datetime | None = None
    deleted_by: int = 0
    versions: list[tuple[datetime, Content]] = field(default_factory=list)

    def edit(self, content: Content, now: datetime, editor_id: int) -> None:
        self.versions.append((now, self.content))
        self.content = content
        self.edited_at, self.edited_by = now, editor_id

    def delete(self, now: datetime, deleter_id: int) -> None:
        self.deleted_at, self.deleted_by = now, deleter_id
        if self.id in self.chat.pinned:
            self.chat.pinned.remove(self.id)

    def to_json(self, *, with_reply: bool = True) -> Json:
        """The Bot API's Message."""
        message: Json = {"message_id": self.id, "date": int(self.at.timestamp()), "chat": self.chat.to_json()}
        if self.chat.kind == ChatType.CHANNEL:
            message["sender_chat"] = message["chat"]
            if self.signed:
                message["author_signature"] = self.signed
        else:
            message["from"] = self.author.to_json()
        if self.edited_at:
            message["edit_date"] = int(self.edited_at.timestamp())
        if self.origin:
            message |= {"forward_origin": self.origin, "forward_date": self.origin["date"]}
        if self.reply_to and with_reply and not self.reply_to.deleted_at:
            message["reply_to_message"] = self.reply_to.to_json(with_reply=False)
        if self.protected or self.chat.protected:
            message["has_protected_content"] = True
        if self.effect:
            message["effect_id"] = self.effect
        return message | (self.service or _content_json(self.content))


def forward_origin(message: Message) -> Json:
    """The Bot API's MessageOrigin of a forward; a forward of a forward has the first one's."""
    if message.origin:
        return message.origin
    date = int(message.at.timestamp())
    if message.chat.kind == ChatType.CHANNEL:
        channel: Json = {"type": "channel", "date": date, "chat": message.chat.to_json()}
        return channel | {"message_id": message.id}
    return {"type": "user", "date": date, "sender_user": message.author.to_json()}


def _content_json(content: Content) -> Json:
    shown: Json = {}
    text, entities = content.text.plain, [entity.to_json() for entity in content.text.entities]
    if content.photo:
        shown["photo"] = content.photo.to_json()
        if content.above:
            shown["show_caption_above_media"] = True
    if text:
        shown["caption" if content.photo else "text"] = text
    if entities:
        shown["caption_entities" if content.photo else "entities"] = entities
    if content.preview and not content.photo:
        shown["link_preview_options"] = content.preview
    if content.markup:
        shown["reply_markup"] = content.markup
    return shown


class MessageStore:
    """All messages ever sent, by chat and id."""

    def __init__(self) -> None:
        self._by_chat: dict[int, dict[int, Message]] = {}
        self._account_sequence = 0

    def next_id(self, chat: Chat) -> int:
        """Take the next message id of `chat`."""
        if chat.kind in OWN_SEQUENCE:
            chat.last_message_id += 1
            return chat.last_message_id
        self._account_sequence += 1
        return self._account_sequence

    def add(self, message: Message) -> Message:
        self._by_chat.setdefault(message.chat.id, {})[message.id] = message
        return message

    def find(self, chat: Chat, message_id: int) -> Message | None:
        """The message; None if it never existed or is deleted."""
        message = self._by_chat.get(chat.id, {}).get(message_id)
        return None if message is None or message.deleted_at else message

    def in_chat(self, chat_id: int, *, deleted: bool = False) -> Iterator[Message]:
        """The messages of a chat in order; `deleted` includes deleted ones."""
        for message in self._by_chat.get(chat_id, {}).values():
            if deleted or not message.deleted_at:
                yield message

    def all(self) -> Iterator[Message]:
        """All messages, deleted ones included, chat by chat."""
        for chat_id in self._by_chat:
            yield from self.in_chat(chat_id, deleted=True)
