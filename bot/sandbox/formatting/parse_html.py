"""Parser of `parse_mode=HTML` after TDLib's `parse_html`, with the same error texts.

Offsets in errors are bytes of the UTF-8 text. Whitespace is C's; a NUL ends a tag as the end of the text
does.
"""

import re
from dataclasses import dataclass, replace
from typing import NoReturn

from bot.sandbox.api_error import bad_request
from bot.sandbox.formatting import links
from bot.sandbox.formatting.entities import Entity, sort_entities, utf16_length

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_BLANKS = " \t\r\n\v\0"
_REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9a-fA-F]*)|#(?P<dec>[0-9]*)|(?P<name>[A-Za-z]+));?")
_TAG_NAME = re.compile(r"[^> \t\r\n\v\0]*")
_ATTRIBUTE_NAME = re.compile(r"[^=>/\"' \t\r\n\v\0]*")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_SPACE = re.compile(r"[ \t\r\n\v]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True, slots=True)
class _OpenTag:
    tag: str
    argument: str
    date: int
    offset: int  #: of its text, in UTF-16 code units
    begin: int  #: of its text, as an index into the pieces of plain text


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """The plain text and its entities, before cleaning and trimming. Raises ApiError."""
    if "<" not in text and "&" not in text:
        return text, []
    return _HtmlParser(text).parse()


def decode_references(text: str) -> str:
    """Replace the character references that Telegram supports; others stay as they are."""
    return _REFERENCE.sub(_decode_reference, text)


def _decode_reference(found: re.Match[str]) -> str:
    if found["name"] is not None:
        return _NAMED.get(found["name"], found[0])
    digits = found["hex"] if found["hex"] is not None else found["dec"]
    code = int(digits or "0", 16 if found["hex"] is not None else 10)
    if code == 0 or code >= 0x10FFFF or len(found[0].removesuffix(";")) >= 10:
        return found[0]
    return chr(code)


class _HtmlParser:
    """Parses the text in one pass; `_at` is the position in characters."""

    def __init__(self, text: str) -> None:
        self._text = text + "\0"
        self._end = len(text)
        self._at = 0
        self._pieces: list[str] = []
        self._offset = 0
        self._open: list[_OpenTag] = []
        self._entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        while self._at < self._end:
            tag = self._text.find("<", self._at, self._end)
            if tag < 0:
                tag = self._end
            self._append_text(decode_references(self._text[self._at : tag]))
            self._at = tag
            if tag < self._end:
                self._at = tag + 1
                self._read_end_tag(tag) if self._text[tag + 1] == "/" else self._read_start_tag(tag)
        if self._open:
            self._raise_error(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        plain = "".join(self._pieces)
        if not plain.isascii() and _SURROGATE.search(plain):
            raise bad_request(
                "can't parse entities: Text contains invalid Unicode characters after decoding HTML "
                "entities, check for unmatched surrogate code units"
            )
        marks = (replace(e, language="") if e.type == "code" else e for e in self._entities)
        return plain, sort_entities(marks)

    def _append_text(self, piece: str) -> None:
        self._pieces.append(piece)
        self._offset += utf16_length(piece)

    def _raise_error(self, reason: str, at: int | None = None) -> NoReturn:
        where = "" if at is None else f" at byte offset {len(self._text[:at].encode())}"
        raise bad_request(f"can't parse entities: {reason}{where}")

    def _read_start_tag(self, begin: int) -> None:
        name = self._match(_TAG_NAME)
        if self._text[self._at] == "\0":
            self._raise_error("Unclosed start tag", begin)
        tag = name.translate(_LOWER)
        if tag not in TAGS:
            self._raise_error(f'Unsupported start tag "{tag}"', begin)
        argument, date = self._read_attributes(tag, begin)
        self._at += 1
        if tag == "span" and argument != "spoiler":
            self._raise_error('Tag "span" must have class "tg-spoiler"', begin)
        self._open.append(_OpenTag(tag, argument, date, self._offset, len(self._pieces)))

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None  # always matches: every pattern here may be empty
        self._at = found.end()
        return found[0]

    def _read_attributes(self, tag: str, begin: int) -> tuple[str, int]:
        argument, date = "", 0
        while True:
            self._match(_SPACE)
            if self._text[self._at] == ">":
                return argument, date
            name = self._match(_ATTRIBUTE_NAME)
            if not name:
                self._raise_error(f'Empty attribute name in the tag "{tag}"', begin)
            self._match(_SPACE)
            if self._text[self._at] == "=":
                value: str | None = self._read_value(tag, begin)
            elif self._text[self._at] == "\0":
                self._raise_error(f'Unclosed start tag "{tag}"', begin)
            else:
                value = "" if tag == "blockquote" else None
            if tag == "tg-time" and name == "unix" and value:
                date = int(value) if re.fullmatch(r"[0-9]{1,10}", value) else 0
            argument = _choose_argument(tag, name, value, argument)

    def _read_value(self, tag: str, begin: int) -> str:
        self._at += 1
        self._match(_SPACE)
        quote = self._text[self._at]
        if quote == "\0":
            self._raise_error(f'Unclosed start tag "{tag}"', begin)
        if quote not in "\"'":
            start = self._at
            value = self._match(_TOKEN).translate(_LOWER)
            if self._text[self._at] not in _BLANKS + ">":
                self._raise_error("Unexpected end of name token", start)
        else:
            ends = [self._text.find(end, self._at + 1) for end in (quote, "\0")]
            end = min(place for place in ends if place >= 0)
            value = decode_references(self._text[self._at + 1 : end])
            self._at = end + (self._text[end] == quote)
        if self._text[self._at] == "\0":
            self._raise_error("Unclosed start tag", begin)
        return value

    def _read_end_tag(self, begin: int) -> None:
        if not self._open:
            self._raise_error("Unexpected end tag", begin)
        self._at += 1
        name = self._match(_TAG_NAME).translate(_LOWER)
        self._match(_SPACE)
        if self._text[self._at] != ">":
            self._raise_error("Unclosed end tag", begin)
        self._at += 1
        opened = self._open[-1]
        if name and name != opened.tag:
            place = f"byte offset {len(self._text[:begin].encode())}"
            self._raise_error(f'Unmatched end tag at {place}, expected "</{opened.tag}>", found "</{name}>"')
        if self._offset > opened.offset:
            self._add_entity(opened)
        self._open.pop()

    def _add_entity(self, opened: _OpenTag) -> None:
        entity = Entity(TAGS[opened.tag], opened.offset, self._offset - opened.offset)
        last = self._entities[-1] if self._entities else None
        same = last is not None and (last.offset, last.length) == (entity.offset, entity.length)
        match opened.tag:
            case "a":
                self._add_link(entity, opened.argument or "".join(self._pieces[opened.begin :]))
                return
            case "tg-emoji":
                if not re.fullmatch(r"-?0*[1-9][0-9]{0,18}", opened.argument):
                    self._raise_error("Invalid custom emoji identifier specified")
                entity = replace(entity, custom_emoji_id=opened.argument)
            case "tg-time" if opened.date <= 0:
                return
            case "pre" if same and last is not None and last.type == "code" and last.language:
                self._entities[-1] = replace(last, type="pre")
                return
            case "code" if same and last is not None and last.type == "pre" and opened.argument:
                self._entities[-1] = replace(last, language=opened.argument)
                return
            case "code":
                entity = replace(entity, language=opened.argument)
            case "blockquote" if opened.argument:
                entity = replace(entity, type="expandable_blockquote")
        self._entities.append(entity)

    def _add_link(self, entity: Entity, url: str) -> None:
        user_id = links.mentioned_user_id(url)
        if user_id:
            self._entities.append(replace(entity, type="text_mention", user_id=user_id))
            return
        url = links.normalize_link(url)
        if url:
            self._entities.append(replace(entity, url=url))


def _choose_argument(tag: str, name: str, value: str | None, argument: str) -> str:
    """The attribute value that a tag keeps; unknown attributes are ignored."""
    if tag == "blockquote":
        return "1" if name == "expandable" else argument
    if value is None:
        return argument
    if tag == "code" and name == "class":
        return value[9:] if value.startswith("language-") else argument
    if tag == "span" and name == "class":
        return value[3:] if value.startswith("tg-") else argument
    wanted = {"a": "href", "tg-emoji": "emoji-id", "tg-time": "format"}.get(tag)
    return value if name == wanted else argument
