"""What does a person see of a message? The box's messages as the page shows them, in JSON's terms."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.sandbox.formatting.show_html import links_of, to_html
from bot.sandbox.telegram.chats import Kind
from bot.sandbox.telegram.event_log import Event
from bot.sandbox.telegram.messages import Content, Message, origin_of
from bot.sandbox.telegram.state import Cloud, Preview

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


def message_view(cloud: Cloud, message: Message, content: Content | None = None) -> Json:
    """A message as it is shown, or as it was with another `content`. Times are ISO 8601 in UTC."""
    shown = content or message.content
    return {
        "chat_id": message.chat.id,
        "message_id": message.id,
        "at": message.at.isoformat(),
        "edited_at": message.edited_at.isoformat() if message.edited_at else None,
        "deleted_at": message.deleted_at.isoformat() if message.deleted_at else None,
        "author": message.author.first_name,
        "by_bot": message.author.id == cloud.bot.id,
        "service": message.service,
        **content_view(cloud, shown),
        "silent": message.silent,
        "protected": message.protected,
        "forwarded_from": origin_of(message) if message.origin else None,
        "reply_to": message.reply_to.id if message.reply_to else None,
        "versions": [
            {"until": until.isoformat()} | content_view(cloud, old) for until, old in message.versions
        ],
    }


def content_view(cloud: Cloud, content: Content) -> Json:
    """What a message shows: the text as plain text, entities and HTML; buttons; picture; link preview."""
    rows = (content.markup or {}).get("inline_keyboard", ())
    photo = content.photo
    return {
        "text": content.text.plain,
        "entities": [entity.to_json() for entity in content.text.entities],
        "html": to_html(content.text),
        "buttons": rows,
        "picture": (photo.url or f"/box/pictures/{photo.file_id}") if photo else "",
        "preview": preview_view(cloud, content),
    }


def preview_view(cloud: Cloud, content: Content) -> Json | None:
    """The preview of the chosen link, else of the first one; None where there is none or it is turned off."""
    options = content.preview or {}
    url = options.get("url") or next(links_of(content.text), "")
    if content.photo or options.get("is_disabled") or not url:
        return None
    page = cloud.preview(url)
    return {
        "url": url,
        "title": page.title if page else "",
        "site": page.site if page else "",
        "text": page.text if page else "",
        "image": page.image if page else "",
        "large": bool(options.get("prefer_large_media")),
        "above": bool(options.get("show_above_text")),
    }


def event_view(cloud: Cloud, event: Event) -> Json:
    """One entry of the journal; a message as it was then."""
    details = dict(event.details)
    message, content = details.pop("message", None), details.pop("content", None)
    view: Json = {"number": event.number, "at": event.at.isoformat(), "kind": event.kind}
    if event.chat_id:
        view["chat_id"] = event.chat_id
    if event.message_id:
        view["message_id"] = event.message_id
    view |= {name: value if _is_plain(value) else repr(value) for name, value in details.items()}
    if isinstance(message, Message):
        view["message"] = message_view(cloud, message, content)
    return view


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | dict)
