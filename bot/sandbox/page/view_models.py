"""Messages as the page shows them, as JSON."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.sandbox.telegram.chats import ChatType
from bot.sandbox.telegram.messages import Content, Message
from bot.sandbox.telegram.state import LinkPreview

Json = dict[str, Any]
PreviewFinder = Callable[[str], LinkPreview | None]


def page_message(message: Message, content: Content, reader_id: int, previews: PreviewFinder) -> Json:
    """A message with its `content` at the time. Texts are not HTML: the page builds its own nodes."""
    text = content.text
    return {
        "chat": message.chat.id,
        "id": message.id,
        "date": _unix_time(message.at),
        "edited": _unix_time(message.edited_at) if message.edited_at else 0,
        "mine": message.chat.kind != ChatType.CHANNEL and message.author.id == reader_id,
        "author": _author_name(message),
        "silent": message.silent,
        "text": text.plain,
        "entities": [entity.to_json() for entity in text.entities],
        "picture": _picture_json(content),
        "preview": None if content.photo else _preview_json(content, previews),
        "above": _is_media_above(content),
        "buttons": _button_rows(content.markup),
        "reply": _reply_json(message.reply_to),
        "forward": _origin_name(message),
    }


def is_visible(message: Message) -> bool:
    """Whether the page shows the message: not if it is a service message ("channel created")."""
    return message.service is None


def _unix_time(at: datetime) -> int:
    return int(at.timestamp())


def _author_name(message: Message) -> str:
    return message.chat.title if message.chat.kind == ChatType.CHANNEL else message.author.first_name


def _picture_json(content: Content) -> Json | None:
    photo = content.photo
    if photo is None or not photo.url:
        return None
    return {"url": photo.url, "width": photo.width, "height": photo.height}


def _is_media_above(content: Content) -> bool:
    return content.above if content.photo else bool((content.preview or {}).get("show_above_text"))


def _preview_json(content: Content, previews: PreviewFinder) -> Json | None:
    """The preview of the URL in the link preview options, or else of the first link in the text."""
    options = content.preview or {}
    links = [
        entity.url or _entity_text(content, entity)
        for entity in content.text.entities
        if _is_link(entity.type)
    ]
    url = options.get("url") or next(iter(links), "")
    if options.get("is_disabled") or not url:
        return None
    # Telegram previews a picture's URL as the picture; a large preview of an unknown URL is taken to be one
    found = previews(url) or (LinkPreview(image=url) if options.get("prefer_large_media") else None)
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


def _entity_text(content: Content, entity: Any) -> str:
    units = content.text.plain.encode("utf-16-le")
    return units[2 * entity.offset : 2 * entity.end].decode("utf-16-le")


def _button_rows(markup: Json | None) -> list[list[Json]]:
    rows = (markup or {}).get("inline_keyboard", ())
    return [[{"text": key["text"], "url": key.get("url", "")} for key in row] for row in rows]


def _reply_json(message: Message | None) -> Json | None:
    if message is None or message.deleted_at:
        return None
    return {"author": _author_name(message), "text": message.content.text.plain[:120]}


def _origin_name(message: Message) -> str:
    origin = message.origin or {}
    chat, user = origin.get("chat"), origin.get("sender_user")
    return str((chat or {}).get("title") or (user or {}).get("first_name") or "")
