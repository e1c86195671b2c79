"""Messages and events as JSON for tests and the control API: text, HTML, buttons, preview."""

from typing import Any

from bot.sandbox.formatting.show_html import find_links, to_html
from bot.sandbox.telegram.event_log import Event
from bot.sandbox.telegram.messages import Content, Message, forward_origin
from bot.sandbox.telegram.state import TelegramState

Json = dict[str, Any]


def message_view(state: TelegramState, message: Message, content: Content | None = None) -> Json:
    """A message with its present `content` or an earlier one. Times are ISO 8601 in UTC."""
    shown = content or message.content
    return {
        "chat_id": message.chat.id,
        "message_id": message.id,
        "at": message.at.isoformat(),
        "edited_at": message.edited_at.isoformat() if message.edited_at else None,
        "deleted_at": message.deleted_at.isoformat() if message.deleted_at else None,
        "author": message.author.first_name,
        "by_bot": message.author.id == state.bot.id,
        "service": message.service,
        **content_view(state, shown),
        "silent": message.silent,
        "protected": message.protected,
        "forwarded_from": forward_origin(message) if message.origin else None,
        "reply_to": message.reply_to.id if message.reply_to else None,
        "versions": [
            {"until": until.isoformat()} | content_view(state, old) for until, old in message.versions
        ],
    }


def content_view(state: TelegramState, content: Content) -> Json:
    """The text as plain text, entities and HTML; the buttons, the picture and the link preview."""
    rows = (content.markup or {}).get("inline_keyboard", ())
    photo = content.photo
    return {
        "text": content.text.plain,
        "entities": [entity.to_json() for entity in content.text.entities],
        "html": to_html(content.text),
        "buttons": rows,
        "picture": (photo.url or f"/box/pictures/{photo.file_id}") if photo else "",
        "preview": preview_view(state, content),
    }


def preview_view(state: TelegramState, content: Content) -> Json | None:
    """The preview of the chosen link or else of the first one; None if there is none or it is disabled."""
    options = content.preview or {}
    url = options.get("url") or next(find_links(content.text), "")
    if content.photo or options.get("is_disabled") or not url:
        return None
    page = state.find_preview(url)
    return {
        "url": url,
        "title": page.title if page else "",
        "site": page.site if page else "",
        "text": page.text if page else "",
        "image": page.image if page else "",
        "large": bool(options.get("prefer_large_media")),
        "above": bool(options.get("show_above_text")),
    }


def event_view(state: TelegramState, event: Event) -> Json:
    """An event, with its message as it was then."""
    details = dict(event.details)
    message, content = details.pop("message", None), details.pop("content", None)
    view: Json = {"number": event.number, "at": event.at.isoformat(), "kind": event.kind}
    if event.chat_id:
        view["chat_id"] = event.chat_id
    if event.message_id:
        view["message_id"] = event.message_id
    view |= {name: value if _is_json_value(value) else repr(value) for name, value in details.items()}
    if isinstance(message, Message):
        view["message"] = message_view(state, message, content)
    return view


def _is_json_value(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | dict)
