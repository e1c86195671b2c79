"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""

import json
import re
from collections.abc import Mapping
from typing import Any

from jobs.ingest.content import clean, images
from jobs.ingest.content.links import reader_link
from jobs.ingest.parse.item import (
    RawItem,
    RawText,
    build_item,
    convert_feed_title,
    guess_feed_language,
    list_omissions,
    make_excerpt,
)
from jobs.ingest.parse.model import ParsedFeed, ParsedItem, ParseFailed
from jobs.ingest.parse.repair import MAX_ITEMS

#: Characters that JSON can contain and databases refuse.
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def parse_json_feed(text: str, url: str) -> ParsedFeed | ParseFailed:
    """Parse the JSON Feed in `text`, fetched from `url`."""
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return ParseFailed("The document is invalid JSON.")
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        return ParseFailed("The document is JSON, but not a JSON Feed: it has no items.")
    version = str(found.get("version", ""))
    if "jsonfeed.org" not in version and not version.startswith("1"):
        return ParseFailed("The document is JSON, but not a JSON Feed: it has no version.")
    items = [item for item in found["items"][:MAX_ITEMS] if isinstance(item, dict)]
    raw = [_json_to_raw(item, url) for item in items]
    leads = [make_excerpt(item) for item in raw]
    language = guess_feed_language(_get_text(found, "language"), leads)
    read = [build_item(item, language) for item in raw]
    return ParsedFeed(
        items=tuple(item for item in read if isinstance(item, ParsedItem)),
        omissions=list_omissions(read),
        format="json",
        title=convert_feed_title(clean.clean_title(_get_text(found, "title"), False), leads),
        link=reader_link(_get_text(found, "home_page_url"), url),
        language=language[:35],
        hubs=tuple(_websub_hubs(found)),
        topic=_get_text(found, "feed_url"),
    )


def _json_to_raw(item: Mapping[str, Any], url: str) -> RawItem:
    page = _get_text(item, "content_html")
    return RawItem(
        guid=_get_text(item, "id"),
        links=[_get_text(item, "url") or _item_permalink(item)],
        base=url,
        title=RawText(_get_text(item, "title"), False),
        summary=RawText(_get_text(item, "summary"), False),
        content=RawText(page) if page else RawText(_get_text(item, "content_text"), False),
        author=_item_author(item),
        sections=_item_tags(item),
        language=_get_text(item, "language"),
        published=[_get_text(item, "date_published"), _get_text(item, "date_modified")],
        updated=_get_text(item, "date_modified"),
        pictures=_item_images(item, url),
    )


def _item_tags(item: Mapping[str, Any]) -> list[str]:
    return [_UNFIT.sub("", tag) for tag in _get_list(item, "tags") if isinstance(tag, str)]


def _item_permalink(item: Mapping[str, Any]) -> str:
    """The id if it is a URL, else the external URL."""
    return (
        _get_text(item, "id")
        if _get_text(item, "id").startswith(("http://", "https://"))
        else _get_text(item, "external_url")
    )


def _item_images(item: Mapping[str, Any], url: str) -> list[list[images.ImageCandidate]]:
    named = [
        images.make_candidate(_get_text(item, name), url)
        for name in ("image", "banner_image")
        if _get_text(item, name)
    ]
    attached = [
        images.make_candidate(_get_text(one, "url"), url)
        for one in _get_list(item, "attachments")
        if isinstance(one, dict) and _get_text(one, "mime_type").startswith("image/")
    ]
    return [[one for one in source if one] for source in (named[:1], named[1:], attached)]


def _item_author(item: Mapping[str, Any]) -> str:
    several = item.get("authors")
    authors = several if isinstance(several, list) else [item.get("author")]
    return ", ".join(
        name for name in (_get_text(one, "name") for one in authors if isinstance(one, dict)) if name
    )


def _websub_hubs(found: Mapping[str, Any]) -> list[str]:
    hubs = [one for one in _get_list(found, "hubs") if isinstance(one, dict)]
    return [
        _get_text(hub, "url")
        for hub in hubs
        if _get_text(hub, "type").lower() == "websub" and _get_text(hub, "url")
    ]


def _get_list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _get_text(holder: Mapping[str, Any], name: str) -> str:
    """A string field; numbers are converted, because some feeds have numeric ids."""
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _UNFIT.sub("", value) if isinstance(value, str) else str(value)
