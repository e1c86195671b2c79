"""Text for Telegram: made plain, measured, cut and escaped, and only here.

`to_plain_text` is for text from outside. `Html` is escaped text, so that the type checker finds text that was
not escaped, or escaped twice. Escaped text becomes no entity in Telegram, except in our own sentences.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import islice
from typing import NewType

from bot.locale import quote_pieces, quote_text
from storage.text.segmentation import utf16_length
from storage.text.shorten import ELLIPSIS, LengthUnit, shorten_text

#: Telegram's HTML, safe to send. Limits and rules: TDLib, MessageEntity.cpp, parse_html.
Html = NewType("Html", str)

MESSAGE_LIMIT = 4096  #: UTF-16 units after the entities are parsed
CAPTION_LIMIT = 1024
MAX_HIGHLIGHTS = 8  #: bold spans in a snippet; Telegram ignores a message's entities after the hundredth
REQUEST_LIMIT = 30_000  #: bytes of HTML; Telegram refuses a text of more than 32,768

#: Invisible characters that move, hide or end the text next to them.
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f"  # controls
    "\u202a-\u202e\u2060\u2066-\u2069\u206a-\u206f"  # bidi controls; the word joiner, which is ours
    "\ufeff\ufff9-\ufffb\ufffe\uffff"  # byte order mark, interlinear notes, noncharacters
    "\u030a\u0333\u033f]"  # marks that Telegram removes (TDLib, misc.cpp, clean_input_string)
)
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Tag characters spell flags after a black flag; anywhere else they are invisible text.
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)|[\U000e0000-\U000e007f]")
#: White space, except for a single no-break space: runs of blanks push words onto a line of their own.
_BLANK = "\\s\u2800\u3164\u115f\u1160\uffa0"
_SPACES = re.compile(f"[{_BLANK}][\u200b-\u200f]*(?:[{_BLANK}][\u200b-\u200f]*)+|[^\\S \u00a0\u202f]")


def to_plain_text(text: str) -> str:
    """`text` on one line, without harmful invisible characters; "" if nothing visible remains."""
    text = _clean_characters(text).strip()
    return text if _has_visible(text) else ""


def _clean_characters(text: str) -> str:
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text) if "  " in text else text
    text = unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", text))
    text = _UNSEEN.sub("", text)
    text = _TAGS.sub(lambda found: found[1] or "", text)
    return _SPACES.sub(" ", text)


def _has_visible(text: str) -> bool:
    return any(unicodedata.category(letter)[0] not in "CZ" for letter in text)


def escape(text: str) -> Html:
    """Plain text as Telegram's HTML, shown as written; quoted unless it is `SafeText`."""
    return _escape_html(quote_text(text))


def _escape_html(text: str) -> Html:
    return Html(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def bold(html: Html) -> Html:
    return Html(f"<b>{html}</b>") if html else html


def highlight_text(text: str, marks: Iterable[tuple[int, int]]) -> Html:
    """`text`, not yet plain, with the first few spans of `marks` (code points, in order) in bold."""
    pieces: list[str] = []
    behind = 0
    for start, end in islice(marks, MAX_HIGHLIGHTS):
        pieces += [_clean_characters(text[behind:start]), _clean_characters(text[start:end])]
        behind = end
    pieces.append(_clean_characters(text[behind:]))
    parts = map(_escape_html, quote_pieces(pieces))  # quoted as one text: bold may split @ from its name
    return Html("".join(bold(part) if place % 2 else part for place, part in enumerate(parts)).strip())


def italic(html: Html) -> Html:
    return Html(f"<i>{html}</i>") if html else html


def code(text: str) -> Html:
    """Plain text as code, which a tap copies exactly; nothing in it becomes an entity."""
    return Html(f"<code>{_escape_html(text)}</code>") if text else Html("")


def join_html(separator: str, *parts: Html) -> Html:
    """The non-empty `parts`, joined by `separator`, which is plain text."""
    return Html(_escape_html(separator).join(part for part in parts if part))


def visible_text(html: Html) -> str:
    """The text that a reader sees of `html`, without tags."""
    text = re.sub("<[^>]*>", "", html)
    for name, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(name, letter)
    return text


def visible_length(html: Html) -> int:
    """The length of `html` as Telegram counts it: the UTF-16 units of its visible text."""
    return utf16_length(visible_text(html))


def shorten(text: str, limit: int) -> str:
    """`text` in at most `limit` UTF-16 units; what was cut ends with an ellipsis."""
    return shorten_text(text, limit, LengthUnit.UTF16, sentence_suffix=f" {ELLIPSIS}")
