"""What does a person see of a message? The box's messages as the page shows them, in JSON's terms."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.sandbox.telegram.chats import Kind
from bot.sandbox.telegram.messages import Content, Message
from bot.sandbox.telegram.state import Preview

Json = dict[str, Any]
Previews = Callable[[str], Preview | None]


def shown(message: Message, content: Content, reader_id: int, previews: Previews) -> Json:
    """One message with `content` (what it showed then). Texts stay texts: the page builds its own nodes."""
    text = content.text
    return {
        "chat": message.chat.id,
        "id": message.id,
        "date": _seconds(message.at),
        "edited": _seconds(message.edited_at) if message.edited_at else 0,
        "mine": message.chat.kind != Kind.CHANNEL and message.author.id == reader_id,
        "author": _author(message),
        "silent": message.silent,
        "text": text.plain,
        "entities": [entity.to_json() for entity in text.entities],
        "picture": _photo(content),
        "preview": None if content.photo else _preview(content, previews),
        "above": _above(content),
        "buttons": _buttons(content.markup),
        "reply": _reply(message.reply_to),
        "forward": _origin(message),
    }


def visible(message: Message) -> bool:
    """Lines that Telegram writes itself ("channel created") are not shown."""
    return message.service is None


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _author(message: Message) -> str:
    return message.chat.title if message.chat.kind == Kind.CHANNEL else message.author.first_name


def _photo(content: Content) -> Json | None:
    photo = content.photo
    if photo is None or not photo.url:
        return None
    return {"url": photo.url, "width": photo.width, "height": photo.height}


def _above(content: Content) -> bool:
    return content.above if content.photo else bool((content.preview or {}).get("show_above_text"))


def _preview(content: Content, previews: Previews) -> Json | None:
    """The preview of the link that was chosen, else of the first one in the text."""
    options = content.preview or {}
    links = [
        entity.url or _words(content, entity) for entity in content.text.entities if _is_link(entity.type)
    ]
    url = options.get("url") or next(iter(links), "")
    if options.get("is_disabled") or not url:
        return None
    # Telegram shows a picture's address as that picture; a large preview of an unknown one is taken for such
    found = previews(url) or (Preview(image=url) if options.get("prefer_large_media") else None)
    if found is None:
        return None
    return {
        "url": url,
        "site": found.site,
        "title": found.title,
        "description": found.text,
        "picture": {"url": found.image, "width": 1200, "height": 630} if found.image else None,
        "large": bool(options.get("prefer_large_media")) or not options.get("prefer_small_media"),
        "pictureFirst": bool(options.get("show_above_text")),
    }


def _is_link(kind: str) -> bool:
    return kind in ("url", "text_link")


def _words(content: Content, entity: Any) -> str:
    units = content.text.plain.encode("utf-16-le")
    return units[2 * entity.offset : 2 * entity.end].decode("utf-16-le")


def _buttons(markup: Json | None) -> list[list[Json]]:
    rows = (markup or {}).get("inline_keyboard", ())
    return [[{"text": key["text"], "url": key.get("url", "")} for key in row] for row in rows]


def _reply(message: Message | None) -> Json | None:
    if message is None or message.deleted_at:
        return None
    return {"author": _author(message), "text": message.content.text.plain[:120]}


def _origin(message: Message) -> str:
    origin = message.origin or {}
    chat, user = origin.get("chat"), origin.get("sender_user")
    return str((chat or {}).get("title") or (user or {}).get("first_name") or "")
