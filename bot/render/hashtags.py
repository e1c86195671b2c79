"""Hashtags for sections, by Telegram's own rules.

Source: TDLib, MessageEntity.cpp, is_hashtag_letter and match_hashtags: letters, decimal digits, "_",
U+200C, U+00B7 and the Sinhala block; at least one letter. Combining marks end a hashtag, so a name that
cannot be read without them (Burmese, Thai, Hindi) gets none: half a word would lead nowhere.
"""

import re
import unicodedata
from collections.abc import Iterable

from bot.render.text import to_plain_text

TAG_LIMIT = 48  #: characters; Telegram allows 256, but a post has less room
TAGS_LIMIT = 120  #: characters of all hashtags of a post

_BETWEEN_WORDS = re.compile(r"[\s\u00a0\u202f\-‐-―/&+.,:;|·•_]+")
_APOSTROPHES = re.compile("['’‘`\"“”()\\[\\]]")
#: Vowel points that Arabic and Hebrew are readable without, and accents without a precomposed letter.
_SPARE_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u200b-\u200f\u2060\ufe0f]"
)


def section_hashtag(name: str) -> str:
    """A section's hashtag, such as "#World_news"; "" if Telegram would not link all of it."""
    name = unicodedata.normalize("NFC", to_plain_text(name))
    name = _SPARE_MARKS.sub("", _APOSTROPHES.sub("", name))
    tag = _BETWEEN_WORDS.sub("_", name).strip("_")
    whole = len(tag) <= TAG_LIMIT and all(_is_allowed(letter) for letter in tag)
    return f"#{tag}" if whole and any(_is_letter(letter) for letter in tag) else ""


def post_hashtags(names: Iterable[str]) -> tuple[str, ...]:
    """The hashtags of `names`, deduplicated regardless of case, as many as a post has room for."""
    tags: dict[str, str] = {}
    for name in names:
        tag = section_hashtag(name)
        if tag and sum(map(len, tags.values())) + len(tags) + len(tag) <= TAGS_LIMIT:
            tags.setdefault(tag.casefold(), tag)
    return tuple(tags.values())


def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "L"


def _is_allowed(letter: str) -> bool:
    in_sinhala = "\u0d80" <= letter <= "\u0dff"
    return _is_letter(letter) or unicodedata.category(letter) == "Nd" or letter in "_\u00b7" or in_sinhala
