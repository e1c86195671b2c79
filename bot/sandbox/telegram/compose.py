"""Reads the content of a message from a request: text or caption with entities, link preview options.

Sending and editing answer a text that is too long with different errors.
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

CACHE_SIZE = 256  #: texts; a fan-out sends the same one to everybody
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
MOST_UNITS = 1_000_000
LONGEST_ARGUMENT = 1 << 15  #: bytes
#: entity types that a caller may set; links, hashtags and commands are detected
ACCEPTED_TYPES = frozenset({*SPLITTABLE, *QUOTES, *CODE, "text_link", "text_mention", "custom_emoji"})


@dataclass(frozen=True, slots=True)
class LengthLimit:
    """The maximum length of a text, in characters after parsing, and the error if it is longer."""

    max_length: int
    error: str


SENT_TEXT = LengthLimit(LONGEST_TEXT, "message is too long")
SENT_CAPTION = LengthLimit(LONGEST_CAPTION, "message caption is too long")
EDITED_TEXT = LengthLimit(LONGEST_TEXT, "MESSAGE_TOO_LONG")
EDITED_CAPTION = LengthLimit(LONGEST_CAPTION, "MEDIA_CAPTION_TOO_LONG")


def parse_text(given: str, parse_mode: str, entities: Any) -> tuple[str, tuple[Entity, ...]]:
    """A text with its entities as given, not yet cleaned. Raises ApiError."""
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
    """The parameter `text`, parsed. Raises ApiError if it is missing or invalid."""
    given = params.text("text")
    if not given:
        raise bad_request("message text is empty")
    entities = params.json_value("entities", "can't parse entities JSON object")
    return parse_text(given, params.text("parse_mode"), entities)


def read_caption(params: Params) -> tuple[str, tuple[Entity, ...]]:
    """The parameter `caption`, parsed; "" if it is missing."""
    entities = params.json_value("caption_entities", "can't parse caption entities JSON object")
    return parse_text(params.text("caption"), params.text("parse_mode"), entities)


@lru_cache(CACHE_SIZE)
def clean_text(
    plain: str, entities: tuple[Entity, ...], measure: LengthLimit, *, empty: bool = False
) -> FormattedText:
    """The text cleaned and trimmed, with detected links. Raises ApiError if it is too long or blank."""
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
    """The entities that the caller gave, without the types that Telegram detects itself."""
    if not isinstance(entities, list):
        return []
    given = [entity for each in entities if (entity := _parse_entity(each)).type in ACCEPTED_TYPES]
    places = list(accumulate((2 if ord(letter) > 0xFFFF else 1 for letter in plain), initial=0))
    for entity in given:
        _check_offsets(plain, places, entity)
    linked = (replace(entity, url=links.normalize_link(entity.url)) for entity in given)
    return [entity for entity in linked if entity.url or entity.type != "text_link"]


def _check_offsets(plain: str, places: list[int], entity: Entity) -> None:
    """`places`: the UTF-16 offset of each character, and that of the end of the text."""
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
