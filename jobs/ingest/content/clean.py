"""Convert HTML to plain text: entities decoded once, hidden characters removed, paragraphs kept."""

import html
import unicodedata

import nh3
import regex

#: Longer text is cut before cleaning; no headline, summary or article is longer.
MAX_TITLE, MAX_TEXT = 4_000, 400_000
#: More tags are an attack on the HTML parser, whose time is quadratic in their depth.
MAX_TAGS = 10_000
_BLOCK_TAGS = {
    "p",
    "div",
    "br",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "tr",
    "figure",
    "hr",
} | {
    "ul",
    "ol",
    "table",
    "section",
    "article",
    "pre",
    "dd",
    "dt",
    "aside",
}
#: Tags whose content is not shown to readers.
_SKIPPED_TAGS = {
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "object",
    "svg",
    "math",
    "form",
    "button",
} | {
    "select",
    "textarea",
    "figcaption",
    "head",
    "title",
    "audio",
    "video",
    "nav",
}
_BREAK = regex.compile(
    r"\s*</?(?:p|div|li|h[1-6]|blockquote|tr|figure|hr|[uo]l|table|section|article|pre|d[dt]|aside)>\s*"
)
_LINE = regex.compile(r"\s*<br>\s*")
_INLINE_SPACE = regex.compile(r"[^\S\n]+")
_ELEMENT = regex.compile(r"</?[A-Za-z][^<>]{0,2000}>|<!--|&(?:#\d|#[xX]|[A-Za-z]{2,31};)")
_REAL_TAG = regex.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>]{0,1000})?/?>")
_TAG = regex.compile(r"</?[A-Za-z][^<>]*>?")
#: Bidi controls, invisible joiners, fillers, interlinear marks, and tag characters except in flags.
_HIDDEN = regex.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\uffff\U000e0001]"
    "|(?<!\U0001f3f4[\U000e0020-\U000e007e]*)[\U000e0020-\U000e007f]"
)
_BREAKS_HINT = regex.compile(
    r"(?<![\p{Myanmar}\p{Khmer}\p{Thai}\p{Lao}])\u200b|\u200b(?![\p{Myanmar}\p{Khmer}\p{Thai}\p{Lao}])"
)
_DIRECTION = regex.compile("[\u200e\u200f]")
#: Text without any of these is already sanitized.
_NEEDS_CLEANING = regex.compile(
    r"[\p{Cf}\p{Cc}\p{Mn}\p{Me}\u115f\u1160\u3164\uffa0\ufffd-\uffff--\n\t]", regex.V1
)
_RIGHT_TO_LEFT = regex.compile(r"[\p{Hebrew}\p{Arabic}\p{Thaana}\p{Syriac}\p{Nko}]")
_PILED_MARKS = regex.compile(r"([\p{Mn}\p{Me}]{8})[\p{Mn}\p{Me}]+")
_STRAY_JOINERS = regex.compile(r"(?<=^|\s)[\u200c\u200d]+|[\u200c\u200d]+(?=\s|$)")
_LINE_ENDS = regex.compile(r"\r\n?|[\u0085\u2028\u2029]")


def sanitize_text(text: str) -> str:
    """The text in NFC, without invisible and deceptive characters."""
    if text.isascii() and (text.isprintable() or not _HIDDEN.search(text)):
        return text.replace("\r\n", "\n").replace("\r", "\n")
    text = unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text))
    if not _NEEDS_CLEANING.search(text):
        return text
    text = _BREAKS_HINT.sub("", _HIDDEN.sub("", text))
    if not _RIGHT_TO_LEFT.search(text):
        text = _DIRECTION.sub("", text)
    return str(_STRAY_JOINERS.sub("", _PILED_MARKS.sub(r"\1", text)))


def clean_line(text: str) -> str:
    """Sanitized text on one line."""
    return " ".join(sanitize_text(text).split())


def clean_paragraphs(text: str) -> str:
    """Sanitized text with trimmed lines and at most one empty line between paragraphs."""
    lines = [_INLINE_SPACE.sub(" ", one).strip() for one in sanitize_text(text).split("\n")]
    kept = [one for index, one in enumerate(lines) if one or (index and lines[index - 1])]
    return "\n".join(kept).strip()


def html_to_text(source: str) -> str:
    """The text of an HTML fragment in paragraphs; entities are decoded once."""
    source = source[:MAX_TEXT]
    if not _ELEMENT.search(source):
        return clean_paragraphs(source)
    if source.count("<") > MAX_TAGS:
        return clean_paragraphs(html.unescape(_TAG.sub(" ", _strip_html_comments(source))))
    # white space between tags is not text; tags separate paragraphs
    flat = regex.sub(r"\s+", " ", source) if "<pre" not in source else source
    kept = nh3.clean(flat, tags=_BLOCK_TAGS, clean_content_tags=_SKIPPED_TAGS, attributes={}, link_rel=None)
    kept = _LINE.sub("\n", _BREAK.sub("\n\n", kept))
    return clean_paragraphs(html.unescape(kept))


def _strip_html_comments(source: str) -> str:
    first, *others = source.split("<!--")
    return first + "".join(other.partition("-->")[2] for other in others)


def clean_title(source: str, is_html: bool) -> str:
    """A headline on one line: HTML is converted, plain text (`5 < 6 & 7 > 2`) is not."""
    source = source[:MAX_TITLE]
    return clean_line(html_to_text(source) if is_html else source)


def has_tags(source: str) -> bool:
    """Whether text that is declared as plain contains HTML tags."""
    return bool(_REAL_TAG.search(source[:MAX_TITLE]))


def fold_text(text: str) -> str:
    """Normalize text for comparison as readers see it: NFC, single spaces, no invisible characters."""
    return " ".join(sanitize_text(text).replace("\u200b", "").split())
