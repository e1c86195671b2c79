"""Comparison of a message in a chat with the content that we meant to send; pure."""

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
    """Whether `message`, as the Bot API returns it, shows `content`.

    Telegram trims texts and drops links that it rejects. So the texts must be equal, and if both have links,
    they must share at least one.
    """
    text = str(message.get("text") or message.get("caption") or "")
    if unquote_text(text).split() != unquote_text(visible_text(content.text)).split():
        return False
    entities = message.get("entities") or message.get("caption_entities") or ()
    theirs = {_normalize_url(str(entity["url"])) for entity in entities if "url" in entity}
    ours = {_normalize_url(unescape(url)) for url in _HREF.findall(content.text)}
    return not ours or not theirs or bool(ours & theirs)


def _normalize_url(url: str) -> str:
    """Without the lower-casing of hosts and the trailing slash that Telegram adds."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path.rstrip("/")).geturl()
