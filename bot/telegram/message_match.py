"""Is this message the one that we meant to send? By its text and its links; pure."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from bot.locale import unquote_text
from bot.render.content import Content
from bot.render.text import visible_text

_HREF = re.compile(r'<a href="([^"]*)">')


def is_same_content(message: Mapping[str, Any], content: Content) -> bool:
    """Whether `message`, as the Bot API shows it, says what `content` does.

    Telegram trims what it shows, and drops links that it does not like: text decides, and of the links at
    least one that both have.
    """
    text = str(message.get("text") or message.get("caption") or "")
    if unquote_text(text).split() != unquote_text(visible_text(content.text)).split():
        return False
    entities = message.get("entities") or message.get("caption_entities") or ()
    theirs = {_normalize_url(str(entity["url"])) for entity in entities if "url" in entity}
    ours = {_normalize_url(unescape(url)) for url in _HREF.findall(content.text)}
    return not ours or not theirs or bool(ours & theirs)


def _normalize_url(url: str) -> str:
    """Telegram writes hosts in lower case and ends them with a slash."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path.rstrip("/")).geturl()
