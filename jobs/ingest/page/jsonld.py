"""Find the article in a page's JSON-LD, even if that is not valid JSON (33 of 805 scripts)."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

#: Limits on the characters of a script and the nodes of all scripts.
MAX_SCRIPT_LENGTH, MAX_NODES = 500_000, 3_000
_ARTICLE_TYPES = frozenset(
    {"article", "blogposting", "liveblogposting", "report", "socialmediaposting", "techarticle"}
)
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>|;)\s*$"
)
_LAST_COMMA = re.compile(r",(?=\s*[}\]])")
_STRING_PROPERTY = re.compile(
    r'"(headline|description|datePublished|dateModified|articleSection|@type)"\s*:\s*"((?:[^"\\]|\\.){1,2000})"'
)


@dataclass(frozen=True, slots=True)
class JsonLdArticle:
    """An article in JSON-LD, as written; links may be relative."""

    headline: str = ""
    description: str = ""
    url: str = ""
    images: tuple[tuple[str, str], ...] = ()  #: (address, width as written)
    sections: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""
    language: str = ""


def find_article(scripts: Iterable[str]) -> JsonLdArticle:
    """The first article in a page's JSON-LD scripts; empty if there is none."""
    broken = []
    for script in scripts:
        document = _load_json(script[:MAX_SCRIPT_LENGTH])
        if document is None:
            broken.append(script[:MAX_SCRIPT_LENGTH])
        for node in _walk_nodes(document):
            if _is_article(node):
                return _build_article(node)
    return next(
        (found for found in map(_salvage_article, broken) if found != JsonLdArticle()), JsonLdArticle()
    )


def _load_json(script: str) -> Any:
    """The document, repaired if it is nearly JSON; None if it is not."""
    text = _WRAPPING.sub("", _WRAPPING.sub("", script.strip()))
    for attempt in (text, _LAST_COMMA.sub("", text), _LAST_COMMA.sub("", unescape(text))):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _walk_nodes(document: Any) -> Iterator[dict[str, Any]]:
    """All objects in a document, the outer ones first."""
    level, seen = [document], 0
    while level and seen < MAX_NODES:
        deeper: list[Any] = []
        for one in level:
            seen += 1
            if isinstance(one, dict):
                yield one
                deeper += one.values()
            elif isinstance(one, list):
                deeper += one
        level = [one for one in deeper if isinstance(one, dict | list)]


def _is_article(node: dict[str, Any]) -> bool:
    kinds = [str(kind).lower().rpartition("/")[2] for kind in _as_list(node.get("@type"))]
    return any(kind in _ARTICLE_TYPES or kind.endswith("newsarticle") for kind in kinds)


def _build_article(node: dict[str, Any]) -> JsonLdArticle:
    return JsonLdArticle(
        headline=_as_text(node.get("headline")) or _as_text(node.get("name")),
        description=_as_text(node.get("description")),
        url=_as_text(node.get("mainEntityOfPage"), "@id", "url") or _as_text(node.get("url")),
        images=tuple(_list_images(node)),
        sections=tuple(filter(None, map(_as_text, _as_list(node.get("articleSection"))))),
        authors=tuple(filter(None, (_as_text(author, "name") for author in _as_list(node.get("author"))))),
        published=_as_text(node.get("datePublished")),
        modified=_as_text(node.get("dateModified")),
        language=_as_text(node.get("inLanguage"), "alternateName", "name"),
    )


def _list_images(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for image in [*_as_list(node.get("image")), *_as_list(node.get("thumbnailUrl"))][:10]:
        address = _as_text(image, "url", "contentUrl", "@id")
        if address:
            yield address, _as_text(image.get("width"), "value") if isinstance(image, dict) else ""


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _as_text(value: Any, *keys: str) -> str:
    """A string or number; the first of `keys` in an object that has one; the first element of a list."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        return next((word for word in (_as_text(value.get(key)) for key in keys) if word), "")
    return unescape(str(value))[:4000].strip() if isinstance(value, str | int | float) else ""


def _salvage_article(script: str) -> JsonLdArticle:
    """The fields that can be read from invalid JSON, if it describes an article."""
    said: dict[str, str] = {}
    for name, value in _STRING_PROPERTY.findall(script):
        said.setdefault(name if name != "@type" or "Article" not in value else "@article", value)
    if "@article" not in said:
        return JsonLdArticle()
    section = said.get("articleSection", "")
    return JsonLdArticle(
        headline=_unquote_text(said.get("headline", "")),
        description=_unquote_text(said.get("description", "")),
        sections=(_unquote_text(section),) if section else (),
        published=said.get("datePublished", ""),
        modified=said.get("dateModified", ""),
    )


def _unquote_text(text: str) -> str:
    try:
        return unescape(str(json.loads(f'"{text}"', strict=False)))
    except ValueError:
        return unescape(text)
