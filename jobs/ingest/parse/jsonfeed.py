"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""

import json
import re
from collections.abc import Mapping
from typing import Any

from jobs.ingest.content import clean, images
from jobs.ingest.content.links import reader_link
from jobs.ingest.parse.item import RawItem, Words, dropped, feed_language, feed_title, lead, read_item
from jobs.ingest.parse.model import ParsedFeed, ParsedItem, ParseFailed
from jobs.ingest.parse.repair import MAX_ITEMS

#: JSON can hold what no database takes: halves of characters, and zeros.
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def read_json(text: str, url: str) -> ParsedFeed | ParseFailed:
    """The JSON Feed in `text`, fetched from `url`."""
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return ParseFailed("The document looks like JSON and is broken.")
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        return ParseFailed("The document is JSON, but no JSON Feed: it has no items.")
    version = str(found.get("version", ""))
    if "jsonfeed.org" not in version and not version.startswith("1"):
        return ParseFailed("The document is JSON, but no JSON Feed: it does not name its version.")
    items = [item for item in found["items"][:MAX_ITEMS] if isinstance(item, dict)]
    raw = [_raw(item, url) for item in items]
    leads = [lead(item) for item in raw]
    language = feed_language(_word(found, "language"), leads)
    read = [read_item(item, language) for item in raw]
    return ParsedFeed(
        items=tuple(item for item in read if isinstance(item, ParsedItem)),
        dropped=dropped(read),
        format="json",
        title=feed_title(clean.title(_word(found, "title"), False), leads),
        link=reader_link(_word(found, "home_page_url"), url),
        language=language[:35],
        hubs=tuple(_hubs(found)),
        topic=_word(found, "feed_url"),
    )


def _raw(item: Mapping[str, Any], url: str) -> RawItem:
    page = _word(item, "content_html")
    return RawItem(
        guid=_word(item, "id"),
        links=[_word(item, "url") or _permalink(item)],
        base=url,
        title=Words(_word(item, "title"), False),
        summary=Words(_word(item, "summary"), False),
        content=Words(page) if page else Words(_word(item, "content_text"), False),
        author=_author(item),
        sections=_tags(item),
        language=_word(item, "language"),
        published=[_word(item, "date_published"), _word(item, "date_modified")],
        updated=_word(item, "date_modified"),
        pictures=_pictures(item, url),
    )


def _tags(item: Mapping[str, Any]) -> list[str]:
    return [_UNFIT.sub("", tag) for tag in _list(item, "tags") if isinstance(tag, str)]


def _permalink(item: Mapping[str, Any]) -> str:
    """The id where it is an address, else the page that the item is about."""
    return (
        _word(item, "id")
        if _word(item, "id").startswith(("http://", "https://"))
        else _word(item, "external_url")
    )


def _pictures(item: Mapping[str, Any], url: str) -> list[list[images.Picture]]:
    named = [
        images.picture(_word(item, name), url) for name in ("image", "banner_image") if _word(item, name)
    ]
    attached = [
        images.picture(_word(one, "url"), url)
        for one in _list(item, "attachments")
        if isinstance(one, dict) and _word(one, "mime_type").startswith("image/")
    ]
    return [[one for one in source if one] for source in (named[:1], named[1:], attached)]


def _author(item: Mapping[str, Any]) -> str:
    several = item.get("authors")
    authors = several if isinstance(several, list) else [item.get("author")]
    return ", ".join(
        name for name in (_word(one, "name") for one in authors if isinstance(one, dict)) if name
    )


def _hubs(found: Mapping[str, Any]) -> list[str]:
    hubs = [one for one in _list(found, "hubs") if isinstance(one, dict)]
    return [_word(hub, "url") for hub in hubs if _word(hub, "type").lower() == "websub" and _word(hub, "url")]


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _word(holder: Mapping[str, Any], name: str) -> str:
    """A text, also where a number was written: ids are numbers in the wild."""
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _UNFIT.sub("", value) if isinstance(value, str) else str(value)
