"""The article that a page describes in JSON-LD, read although it is at times no JSON (33 of 805)."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

#: Characters of one script, and nodes of all, beyond which nobody describes an article.
LONGEST, MOST_NODES = 500_000, 3_000
_ARTICLES = frozenset(
    {"article", "blogposting", "liveblogposting", "report", "socialmediaposting", "techarticle"}
)
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>|;)\s*$"
)
_LAST_COMMA = re.compile(r",(?=\s*[}\]])")
_SAID = re.compile(
    r'"(headline|description|datePublished|dateModified|articleSection|@type)"\s*:\s*"((?:[^"\\]|\\.){1,2000})"'
)


@dataclass(frozen=True, slots=True)
class LinkedArticle:
    """What the description says, as written; links may be relative."""

    headline: str = ""
    description: str = ""
    url: str = ""
    images: tuple[tuple[str, str], ...] = ()  #: (address, width as written)
    sections: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""
    language: str = ""


def linked_article(scripts: Iterable[str]) -> LinkedArticle:
    """The first article described in a page's JSON-LD scripts; empty where there is none."""
    broken = []
    for script in scripts:
        document = _loaded(script[:LONGEST])
        if document is None:
            broken.append(script[:LONGEST])
        for node in _nodes(document):
            if _is_article(node):
                return _article(node)
    return next((found for found in map(_salvaged, broken) if found != LinkedArticle()), LinkedArticle())


def _loaded(script: str) -> Any:
    """The document, mended where it is nearly JSON; None where it is not."""
    text = _WRAPPING.sub("", _WRAPPING.sub("", script.strip()))
    for attempt in (text, _LAST_COMMA.sub("", text), _LAST_COMMA.sub("", unescape(text))):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _nodes(document: Any) -> Iterator[dict[str, Any]]:
    """Every object in it, the outer ones first."""
    level, seen = [document], 0
    while level and seen < MOST_NODES:
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
    kinds = [str(kind).lower().rpartition("/")[2] for kind in _listed(node.get("@type"))]
    return any(kind in _ARTICLES or kind.endswith("newsarticle") for kind in kinds)


def _article(node: dict[str, Any]) -> LinkedArticle:
    return LinkedArticle(
        headline=_word(node.get("headline")) or _word(node.get("name")),
        description=_word(node.get("description")),
        url=_word(node.get("mainEntityOfPage"), "@id", "url") or _word(node.get("url")),
        images=tuple(_images(node)),
        sections=tuple(filter(None, map(_word, _listed(node.get("articleSection"))))),
        authors=tuple(filter(None, (_word(author, "name") for author in _listed(node.get("author"))))),
        published=_word(node.get("datePublished")),
        modified=_word(node.get("dateModified")),
        language=_word(node.get("inLanguage"), "alternateName", "name"),
    )


def _images(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for image in [*_listed(node.get("image")), *_listed(node.get("thumbnailUrl"))][:10]:
        address = _word(image, "url", "contentUrl", "@id")
        if address:
            yield address, _word(image.get("width"), "value") if isinstance(image, dict) else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _word(value: Any, *keys: str) -> str:
    """A string or number as it is; of an object, the first of `keys` that has one; of a list, its first."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        return next((word for word in (_word(value.get(key)) for key in keys) if word), "")
    return unescape(str(value))[:4000].strip() if isinstance(value, str | int | float) else ""


def _salvaged(script: str) -> LinkedArticle:
    """What can be read of a script that is no JSON, if it is about an article."""
    said: dict[str, str] = {}
    for name, value in _SAID.findall(script):
        said.setdefault(name if name != "@type" or "Article" not in value else "@article", value)
    if "@article" not in said:
        return LinkedArticle()
    section = said.get("articleSection", "")
    return LinkedArticle(
        headline=_unquoted(said.get("headline", "")),
        description=_unquoted(said.get("description", "")),
        sections=(_unquoted(section),) if section else (),
        published=said.get("datePublished", ""),
        modified=said.get("dateModified", ""),
    )


def _unquoted(text: str) -> str:
    try:
        return unescape(str(json.loads(f'"{text}"', strict=False)))
    except ValueError:
        return unescape(text)
