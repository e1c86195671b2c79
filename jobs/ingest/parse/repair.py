"""Repair a document before parsing: entities, control characters, truncation."""

import re
from dataclasses import dataclass
from html.entities import html5
from itertools import pairwise

#: Characters that XML 1.0 does not allow; the C1 block is decoded as Windows-1252 instead.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_C1_THERE = re.compile("[\x80-\x9f]")
_C1 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_PROLOGUE = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->)", re.DOTALL)
_DOCTYPE = re.compile(r"\s*<!DOCTYPE(?:[^\[>]*?(?:\[(?P<subset>.*?)\]\s*>|>))", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s+(?P<name>[\w.-]+)\s+(?:\"(?P<one>[^\"]*)\"|'(?P<two>[^']*)'|[^>]*)\s*>")
_ROOT = re.compile(r"\s*<(?P<name>[A-Za-z_][\w.-]*(?::[\w.-]+)?)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_LATE_START = re.compile(r"<\?xml|<(?:\w+:)?(?:rss|feed|RDF)\b")
_PAGE = re.compile(r"<!doctype\s+html|<html\b|<body\b", re.IGNORECASE)
_TOKEN = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)"
    r"|&(?P<ref>#[xX]?[0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9._-]{0,40};)?"
    r"|<(?P<open>(?:[\w-]+:)?(?:item|entry|url))\b(?=[\s/>])"
    r"|</(?P<close>[A-Za-z_][\w.-]*(?::[\w.-]+)?)\s*>",
    re.DOTALL,
)
_CHARREF = re.compile(r"&#[xX]?[0-9a-fA-F]+;?")
#: feedparser searches names for an email address with a pattern that takes seconds for 50 KB (its issue 562).
_LONG_NAME = re.compile(
    r"(<(?:[\w-]+:)?(?:author|creator|managingEditor|webMaster|contributor|publisher|name|email|owner)\b[^<>]*>"
    r"\s*(?:<!\[CDATA\[)?[^<\]]{300})[^<\]]+"
)
#: An element with attributes of this length is an attack, or an image in base64.
_HUGE_TAG = re.compile(r"<([A-Za-z][\w:.-]*)\s[^<>]{20000,}>")
_KNOWN_NAMESPACES = {
    "media": "http://search.yahoo.com/mrss/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "atom": "http://www.w3.org/2005/Atom",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
}
_XML_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}
#: Characters; a longer document is always parsed whole.
MAX_SPLIT_LENGTH = 1_000_000
#: Items parsed from one document; more are an archive or an attack.
MAX_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class RepairedDocument:
    """A document that an XML parser accepts, or the reason why it is not XML."""

    root: str  #: the root element without its prefix; "" if it is not XML
    text: str = ""
    cut: str = ""  #: why the end is missing
    is_page: bool = False  #: it is HTML
    #: The text split at its items, alternating with the text between them; () for a long document.
    parts: tuple[str, ...] = ()


def repair_document(text: str) -> RepairedDocument:
    """Remove what a parser cannot handle, and the incomplete end of a truncated document."""
    text = _ILLEGAL.sub("", text.lstrip("\ufeff \t\r\n"))
    text = text.translate(_C1) if _C1_THERE.search(text) else text
    text, entities = _strip_prologue(_skip_leading_noise(text))
    text = _HUGE_TAG.sub(r"<\1>", _LONG_NAME.sub(r"\1", text))
    if "<rss:" in text and "xmlns:rss=" not in text:
        text = re.sub(r"<(/?)rss:", r"<\1", text)
    root = _ROOT.match(text)
    if root is None or _PAGE.match(text):
        return RepairedDocument("", is_page=bool(_PAGE.search(text[:4096])))
    body, cut, spans = _whole_items(text[root.end() :], root["name"], entities)
    opening = f"<{root['name']}{root['rest']}{_missing_namespaces(text)}>"
    if root["rest"].rstrip().endswith("/"):
        opening, body, spans = f"<{root['name']}>", f"</{root['name']}>", []
    head = '<?xml version="1.0" encoding="utf-8"?>\n' + opening
    whole = head + body
    return RepairedDocument(
        root["name"].rpartition(":")[2], whole, cut, False, _split_parts(whole, len(head), spans)
    )


def _skip_leading_noise(text: str) -> str:
    """The document without a blank line, PHP warning or other output in front of it."""
    if text.startswith("<") and not text.startswith("<br"):
        return text
    late = _LATE_START.search(text, 0, 20_000)
    return text[late.start() :] if late and not _PAGE.search(text, 0, late.start()) else text


def _strip_prologue(text: str) -> tuple[str, dict[str, str]]:
    """The text from its root element on, and the values of its internal entities.

    An entity that is external, long or refers to others has the value "".
    """
    entities: dict[str, str] = {}
    position = 0
    for _ in range(20):
        match = _PROLOGUE.match(text, position) or _DOCTYPE.match(text, position)
        if match is None or _PAGE.match(text, position):
            break
        position = match.end()
        for entity in _ENTITY.finditer(match.groupdict().get("subset") or ""):
            value = entity["one"] or entity["two"] or ""
            simple = len(value) <= 100 and "<" not in value and "&" not in _CHARREF.sub("", value)
            entities[entity["name"]] = _CHARREF.sub(_repair_reference, value) if simple else ""
    return text[position:], entities


def _missing_namespaces(text: str) -> str:
    """Declarations for well-known prefixes that are used without one."""
    missing = [
        (p, uri) for p, uri in _KNOWN_NAMESPACES.items() if f"<{p}:" in text and f"xmlns:{p}=" not in text
    ]
    return "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in missing)


def _split_parts(whole: str, start: int, spans: list[tuple[int, int]]) -> tuple[str, ...]:
    """Split the text at its items, whose spans are relative to `start`."""
    if len(whole) > MAX_SPLIT_LENGTH:
        return ()
    edges = [0, *(start + edge for span in spans for edge in span), len(whole)]
    return tuple(whole[one:next_one] for one, next_one in pairwise(edges)) if spans else ()


def _whole_items(text: str, root: str, entities: dict[str, str]) -> tuple[str, str, list[tuple[int, int]]]:
    """Repair references, and drop items after `MAX_ITEMS` and everything after the root element.

    Returns the text, why its end is missing, and the spans of its items ([] if something is missing).
    """
    pieces = _TextPieces()
    spans: list[tuple[int, int]] = []
    position = items = whole = begins = 0
    inside = ""
    wanted = {"url"} if root.endswith("urlset") else {"item", "entry"}
    for token in _TOKEN.finditer(text):
        if token["close"] == root:
            pieces.append(text[position : token.start()])
            return "".join(pieces) + f"</{root}>", "", [] if inside else spans
        if not inside and token["open"] and token["open"].rpartition(":")[2] in wanted:
            inside = token["open"]
            begins = pieces.length + token.start() - position
        elif token["close"] and token["close"] == inside:
            inside, items = "", items + 1
            pieces.append(text[position : token.end()])
            spans.append((begins, pieces.length))
            position, whole = token.end(), len(pieces)
            if items == MAX_ITEMS:
                break
        elif token["cdata"] is not None or token[0].startswith("&"):
            pieces.append(text[position : token.start()])
            pieces.append(_repair_token(token, entities))
            position = token.end()
    torn = bool(inside) or not items or "<" in text[position:].rpartition(">")[2]
    cut = f"The feed was cut off in the middle; {items} whole items were there." if torn else ""
    return _close_elements("".join(pieces[:whole]), root), cut, []


class _TextPieces(list[str]):
    """Pieces of a text, and their total length in characters."""

    length = 0

    def append(self, piece: str) -> None:
        super().append(piece)
        self.length += len(piece)


def _close_elements(text: str, root: str) -> str:
    channel = re.search(r"<((?:[\w-]+:)?channel)\b", text[:20_000])
    still_open = channel is not None and f"</{channel[1]}>" not in text
    return text + (f"</{channel[1]}>" if channel and still_open else "") + f"</{root}>"


def _repair_token(token: re.Match[str], entities: dict[str, str]) -> str:
    if token["cdata"] is not None:
        return _CHARREF.sub(_repair_reference, token[0]) if "&#" in token[0] else token[0]
    reference = token["ref"]
    if not reference:
        return "&amp;"
    if reference.startswith("#"):
        return _repair_reference(token)
    name = reference.rstrip(";")
    if name in _XML_ENTITIES:
        return token[0]
    if name in entities:
        return entities[name].replace("&", "&amp;") if "&#" not in entities[name] else entities[name]
    letters = html5.get(reference)
    return "".join(f"&#{ord(letter)};" for letter in letters) if letters else f"&amp;{reference}"


def _repair_reference(match: re.Match[str]) -> str:
    """A valid numeric reference; "" if there is no such character."""
    digits = match[0].removeprefix("&#").rstrip(";")
    hexadecimal = digits[:1] in "xX"
    try:
        code = int(digits[1:], 16) if hexadecimal else int(digits)
    except ValueError:
        return match[0].replace("&", "&amp;")
    letter = _C1.get(code) or (chr(code) if code < 0x110000 else "")
    return (
        "" if not letter or _ILLEGAL.match(letter) or (code in _C1 and not _C1[code]) else f"&#{ord(letter)};"
    )
