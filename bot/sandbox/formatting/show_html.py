"""Renders a text and its entities as safe HTML: everything escaped, no links of unknown schemes."""

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from bot.sandbox.formatting.entities import Entity, FormattedText, sort_entities

_TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}
_PREFIXES = ("https://", "http://", "tg://", "ftp://")


def to_html(text: FormattedText) -> str:
    """Telegram's own tag for each entity, or a `span` with a class if it has none."""
    units = text.plain.encode("utf-16-le", "surrogatepass")
    marks = sort_entities(text.entities)
    borders = sorted({0, len(units) // 2, *(e.offset for e in marks), *(e.end for e in marks)})
    shown: list[str] = []
    opened: list[Entity] = []
    for begin, end in pairwise(borders):
        wanted = [e for e in marks if e.offset <= begin < e.end]
        shared = next(
            (place for place, e in enumerate(opened) if wanted[place : place + 1] != [e]), len(opened)
        )
        shown += [_end_tag(e) for e in reversed(opened[shared:])]
        shown += [_start_tag(e, _slice_text(units, e.offset, e.end)) for e in wanted[shared:]]
        opened = wanted
        shown.append(escape(_slice_text(units, begin, end)))
    shown += [_end_tag(e) for e in reversed(opened)]
    return "".join(shown)


def find_links(text: FormattedText) -> Iterator[str]:
    """The URLs of the links in a text, in order."""
    units = text.plain.encode("utf-16-le", "surrogatepass")
    for entity in text.entities:
        if entity.type == "text_link":
            yield entity.url
        elif entity.type == "url":
            yield _add_scheme(_slice_text(units, entity.offset, entity.end))


def _slice_text(units: bytes, begin: int, end: int) -> str:
    return units[2 * begin : 2 * end].decode("utf-16-le", "replace")


def _add_scheme(given: str) -> str:
    return given if given.lower().startswith(_PREFIXES) else f"http://{given}"


def _start_tag(entity: Entity, words: str) -> str:
    match entity.type:
        case "text_link" | "url":
            return f'<a href="{escape(_add_scheme(entity.url or words))}" rel="noopener nofollow">'
        case "email":
            return f'<a href="mailto:{escape(words)}">'
        case "expandable_blockquote":
            return "<blockquote expandable>"
        case "pre" if entity.language:
            return f'<pre><code class="language-{escape(entity.language)}">'
        case _ if entity.type in _TAGS:
            return f"<{_TAGS[entity.type]}>"
        case _:
            return f'<span class="{escape(entity.type)}">'


def _end_tag(entity: Entity) -> str:
    match entity.type:
        case "text_link" | "url" | "email":
            return "</a>"
        case "pre" if entity.language:
            return "</code></pre>"
        case _:
            return f"</{_TAGS.get(entity.type, 'span')}>"
