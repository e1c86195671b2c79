"""What shall the message show? A text or caption with its marks, a preview and buttons, from a request.

Sending and editing refuse a text that is too long with different words (TELEGRAM.md 4).
"""

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import Any

from bot.sandbox.api_error import bad_request
from bot.sandbox.formatting import entity_detection, links
from bot.sandbox.formatting.entities import (
    CODE,
    MOST_ENTITIES,
    QUOTES,
    SPLITTABLE,
    Entity,
    FormattedText,
    add_detected,
    check_unicode,
    format_text,
)
from bot.sandbox.formatting.parse_html import parse_html
from bot.sandbox.telegram.messages import Json
from bot.sandbox.telegram.params import Params

CACHE_SIZE = 256  #: texts; a fan-out says the same thing to everybody
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
MOST_UNITS = 1_000_000
LONGEST_ARGUMENT = 1 << 15  #: bytes
#: what a caller may mark; links, hashtags and commands Telegram finds itself
ACCEPTED_TYPES = frozenset({*SPLITTABLE, *QUOTES, *CODE, "text_link", "text_mention", "custom_emoji"})


@dataclass(frozen=True, slots=True)
class LengthLimit:
    """How long a text may be, in characters after parsing, and what is said where it is longer."""

    max_length: int
    error: str


SENT_TEXT = LengthLimit(LONGEST_TEXT, "message is too long")
SENT_CAPTION = LengthLimit(LONGEST_CAPTION, "message caption is too long")
EDITED_TEXT = LengthLimit(LONGEST_TEXT, "MESSAGE_TOO_LONG")
EDITED_CAPTION = LengthLimit(LONGEST_CAPTION, "MEDIA_CAPTION_TOO_LONG")


def parse_text(given: str, parse_mode: str, entities: Any) -> tuple[str, tuple[Entity, ...]]:
    """A text with its marks as given, not yet cleaned. Raises Refusal."""
    plain, marks = _parse_cached(given, parse_mode.lower())
    mode_counts = parse_mode.lower() not in ("", "none")
    return (plain, marks) if mode_counts or not entities else (given, tuple(_parse_entities(given, entities)))


@lru_cache(CACHE_SIZE)
def _parse_cached(given: str, mode: str) -> tuple[str, tuple[Entity, ...]]:
    check_unicode(given)
    if len(given) > LONGEST_ARGUMENT // 4 and len(given.encode()) > LONGEST_ARGUMENT:
        raise bad_request("text is too long")
    if not given or mode in ("", "none"):
        return given, ()
    if mode != "html":
        raise bad_request("unsupported parse_mode")
    plain, entities = parse_html(given)
    return plain, tuple(entities)


def read_text(params: Params) -> tuple[str, tuple[Entity, ...]]:
    """The parameter `text`, parsed. Raises Refusal where it is missing or wrong."""
    given = params.text("text")
    if not given:
        raise bad_request("message text is empty")
    entities = params.json_value("entities", "can't parse entities JSON object")
    return parse_text(given, params.text("parse_mode"), entities)


def read_caption(params: Params) -> tuple[str, tuple[Entity, ...]]:
    """The parameter `caption`, parsed; it may be missing."""
    entities = params.json_value("caption_entities", "can't parse caption entities JSON object")
    return parse_text(params.text("caption"), params.text("parse_mode"), entities)


@lru_cache(CACHE_SIZE)
def clean_text(
    plain: str, entities: tuple[Entity, ...], measure: LengthLimit, *, empty: bool = False
) -> FormattedText:
    """What Telegram keeps of it: cleaned, trimmed, links found. Raises Refusal where too long or blank."""
    text = format_text(plain, entities)
    if not text.plain and not empty:
        raise bad_request("text must be non-empty")
    if len(text.plain) > measure.max_length:
        raise bad_request(measure.error)
    text = add_detected(text, entity_detection.detect_entities(text.plain))
    if len(text.entities) > MOST_ENTITIES:
        return FormattedText(text.plain, text.entities[:MOST_ENTITIES])
    return text


def read_preview(params: Params) -> Json | None:
    """link_preview_options, or the older disable_web_page_preview."""
    given = params.json_value("link_preview_options", "can't parse link preview options JSON object")
    if given is None:
        return {"is_disabled": True} if params.flag("disable_web_page_preview") else None
    if not isinstance(given, dict):
        raise bad_request("object expected as link preview options")
    names = ("is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text")
    return {name: given[name] for name in names if given.get(name)} or None


def _parse_entities(plain: str, entities: Any) -> list[Entity]:
    """Entities that the caller counted; those that Telegram finds by itself are passed over."""
    if not isinstance(entities, list):
        return []
    given = [entity for each in entities if (entity := _parse_entity(each)).type in ACCEPTED_TYPES]
    places = list(accumulate((2 if ord(letter) > 0xFFFF else 1 for letter in plain), initial=0))
    for entity in given:
        _check_offsets(plain, places, entity)
    linked = (replace(entity, url=links.normalize_link(entity.url)) for entity in given)
    return [entity for entity in linked if entity.url or entity.type != "text_link"]


def _check_offsets(plain: str, places: list[int], entity: Entity) -> None:
    """`places`: where each character begins, in UTF-16 units, and where the text ends."""
    begin = f"entity beginning at UTF-16 offset {entity.offset}"
    if entity.offset > places[-1]:
        raise bad_request(f"entity begins after the end of the text at UTF-16 offset {entity.offset}")
    if entity.end > places[-1]:
        raise bad_request(f"{begin} ends after the end of the text at UTF-16 offset {entity.end}")
    for place, what in ((entity.offset, "entity begins"), (entity.end, f"{begin} ends")):
        character = bisect_left(places, place)
        if places[character] != place:
            at = len(plain[:character].encode())
            raise bad_request(f"{what} in a middle of a UTF-16 symbol at byte offset {at}")


def _parse_entity(given: Any) -> Entity:
    if not isinstance(given, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    for name in ("offset", "length"):
        if not isinstance(given.get(name), int):
            raise bad_request(f"can't parse MessageEntity: Can't find field \"{name}\"")
        if not 0 <= given[name] <= MOST_UNITS:
            raise bad_request(f"receive an entity with incorrect {name} {given[name]}")
    return Entity(
        type=str(given.get("type", "")),
        offset=given["offset"],
        length=given["length"],
        url=str(given.get("url") or ""),
        language=str(given.get("language") or ""),
        user_id=int((given.get("user") or {}).get("id", 0)),
        custom_emoji_id=str(given.get("custom_emoji_id") or ""),
    )
