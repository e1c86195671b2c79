"""Text as Telegram takes it: made plain, measured, cut and escaped, each once and each only here.

`plain` is for what comes from outside; `Html` is what has been escaped, so that the type checker finds a
text that was forgotten or escaped twice. What is escaped does nothing in Telegram, but for our own sentences.
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
MAX_HIGHLIGHTS = 8  #: bold places of a snippet; Telegram ignores what comes behind a message's hundredth mark
REQUEST_LIMIT = 30_000  #: bytes of HTML; Telegram refuses a text of more than 32,768

#: Marks that a reader does not see and that move, hide or end what they stand beside.
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f"  # controls
    "\u202a-\u202e\u2060\u2066-\u2069\u206a-\u206f"  # bidi; the word joiner, which is ours
    "\ufeff\ufff9-\ufffb\ufffe\uffff"  # byte order mark, interlinear notes, noncharacters
    "\u030a\u0333\u033f]"  # marks that Telegram takes out (TDLib, misc.cpp, clean_input_string)
)
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Tag letters spell flags after a black flag; anywhere else they are invisible writing.
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)|[\U000e0000-\U000e007f]")
#: White space, but for a lone space without a break: blanks in a row push words onto a line of their own.
_BLANK = "\\s\u2800\u3164\u115f\u1160\uffa0"
_SPACES = re.compile(f"[{_BLANK}][\u200b-\u200f]*(?:[{_BLANK}][\u200b-\u200f]*)+|[^\\S \u00a0\u202f]")


def to_plain_text(text: str) -> str:
    """`text` on one line, without what a reader can't see but would suffer from; visible marks stay."""
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
    """Plain text as Telegram's HTML: shown as it is written; nothing in it is live but in a `Sentence`."""
    return _escape_html(quote_text(text))


def _escape_html(text: str) -> Html:
    return Html(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def bold(html: Html) -> Html:
    return Html(f"<b>{html}</b>") if html else html


def highlight_text(text: str, marks: Iterable[tuple[int, int]]) -> Html:
    """`text`, not yet plain, with the first few of the places in `marks` (code points, in order) bold."""
    pieces: list[str] = []
    behind = 0
    for start, end in islice(marks, MAX_HIGHLIGHTS):
        pieces += [_clean_characters(text[behind:start]), _clean_characters(text[start:end])]
        behind = end
    pieces.append(_clean_characters(text[behind:]))
    parts = (
        _escape_html(piece) for piece in quote_pieces(pieces)
    )  # as one text: bold parts no @ from its name
    return Html("".join(bold(part) if place % 2 else part for place, part in enumerate(parts)).strip())


def italic(html: Html) -> Html:
    return Html(f"<i>{html}</i>") if html else html


def code(text: str) -> Html:
    """Plain text as a reader may tap to copy it, letter by letter; nothing is live in it."""
    return Html(f"<code>{_escape_html(text)}</code>") if text else Html("")


def join_html(separator: str, *parts: Html) -> Html:
    """Those of `parts` that say something, with a plain `separator` between them."""
    return Html(_escape_html(separator).join(part for part in parts if part))


def visible_text(html: Html) -> str:
    """What the reader sees of `html`: its text without tags."""
    text = re.sub("<[^>]*>", "", html)
    for name, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(name, letter)
    return text


def visible_length(html: Html) -> int:
    """How long Telegram finds `html`: the UTF-16 units of what is shown."""
    return utf16_length(visible_text(html))


def shorten(text: str, limit: int) -> str:
    """`text` in at most `limit` UTF-16 units; what was cut ends with an ellipsis."""
    return shorten_text(text, limit, LengthUnit.UTF16, sentence_suffix=f" {ELLIPSIS}")
