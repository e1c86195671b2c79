"""Detects links, hashtags, mentions, commands and numbers in a text, as Telegram does.

Follows TDLib's `find_entities` (MessageEntity.cpp). A hashtag ends at a combining mark, in Burmese too:
`#မြန်မာ` is the hashtag `#မ`. Phone numbers are detected by Telegram's servers and apps, whose rule is not
published: the rule here is that of Android's Linkify, for seven digits or more.
"""

from itertools import pairwise

import regex

from bot.sandbox.formatting.entities import Entity, utf16_length
from bot.sandbox.formatting.url_detection import find_tg_urls, find_urls_emails

_WORD = r"\p{L}\p{N}_"
_HASHTAG_CHARACTERS = r"\p{L}\p{Nd}_\u200c\u00b7\u0d80-\u0dff"
_NAME = "[A-Za-z0-9_]"
_MENTION = regex.compile(
    rf"(?<![{_WORD}])@(?:{_NAME}{{4,32}}+|(?i:gif|nft|pic|ufc|vid)(?!{_NAME}))(?![{_WORD}])",
)
_COMMAND = regex.compile(
    rf"(?<![{_WORD}/<>])/{_NAME}{{1,64}}+(?:@{_NAME}{{3,32}}+|(?!@))(?![{_WORD}/<>])",
)
_HASHTAG = regex.compile(
    rf"(?<![{_HASHTAG_CHARACTERS}])#(?=[{_HASHTAG_CHARACTERS}]*\p{{L}})[{_HASHTAG_CHARACTERS}]++(?:@{_NAME}{{3,32}}+)?+(?!#)"
)
_CASHTAG = regex.compile(
    rf"(?<![{_HASHTAG_CHARACTERS}$])\$(?:1INCH|[A-Z]{{1,8}}+)(?:@{_NAME}{{3,32}}+)?+(?![{_HASHTAG_CHARACTERS}$])"
)
_CARD = regex.compile(r"(?<![\p{L}+_.,\-0-9])[0-9][0-9 \-]{11,40}[0-9](?![\p{L}_\-0-9])")
_PHONE = regex.compile(
    rf"(?<![{_WORD}+])(?:\+[0-9]+[\- .]*)?(?:\([0-9]+\)[\- .]*)?[0-9][0-9\- .]+[0-9](?![{_WORD}])"
)
_FEWEST_DIGITS = 7  #: digits of a phone number
#: Detected by TDLib but never shown by the Bot API.
HIDDEN_TYPES = frozenset({"bank_card_number"})


def detect_entities(plain: str, *, commands: bool = True) -> list[Entity]:
    """The detected entities that the Bot API shows, in order and without nesting.

    `commands`: whether bot commands (/word) are detected too.
    """
    return [
        entity for entity in detect_all_entities(plain, commands=commands) if entity.type not in HIDDEN_TYPES
    ]


def detect_all_entities(plain: str, *, commands: bool = True) -> list[Entity]:
    """As `detect_entities`, with those that only Telegram's apps show."""
    spans: list[tuple[int, int, str]] = []
    if "@" in plain:
        spans += _find_matches(_MENTION, plain, "mention")
    if "/" in plain and commands:
        spans += _find_matches(_COMMAND, plain, "bot_command")
    if "#" in plain:
        spans += _find_matches(_HASHTAG, plain, "hashtag")
    if "$" in plain:
        spans += _find_matches(_CASHTAG, plain, "cashtag")
    if "." in plain:
        spans += find_urls_emails(plain)
    if "://" in plain:
        spans += [(*span, "url") for span in find_tg_urls(plain)]
    return _to_entities(plain, _select_spans(spans + _find_numbers(plain)))


def _find_numbers(plain: str) -> list[tuple[int, int, str]]:
    cards = [match.span() for match in _CARD.finditer(plain) if _is_card_number(match[0])]
    phones = [
        match.span()
        for match in _PHONE.finditer(plain)
        if sum(character.isdigit() for character in match[0]) >= _FEWEST_DIGITS
    ]
    return [(*span, "bank_card_number") for span in cards] + [(*span, "phone_number") for span in phones]


def _is_card_number(written: str) -> bool:
    """TDLib's is_valid_bank_card without the lengths of each brand: the check digit is right."""
    digits = [int(character) for character in written if character.isdigit()]
    if not 13 <= len(digits) <= 19 or len(written) > 2 * len(digits) - 1:
        return False
    doubled = (
        digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4)
        for place, digit in _enumerate_reversed(digits)
    )
    return sum(doubled) % 10 == 0


def _enumerate_reversed(digits: list[int]) -> enumerate[int]:
    return enumerate(reversed(digits))


def _find_matches(pattern: regex.Pattern[str], plain: str, kind: str) -> list[tuple[int, int, str]]:
    return [(*match.span(), kind) for match in pattern.finditer(plain)]


def _select_spans(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Of overlapping spans, keep the earlier one, then the longer one."""
    kept: list[tuple[int, int, str]] = []
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _to_entities(plain: str, spans: list[tuple[int, int, str]]) -> list[Entity]:
    if plain.isascii():
        return [Entity(kind, begin, end - begin) for begin, end, kind in spans]
    places = sorted({0, *(begin for begin, _, _ in spans), *(end for _, end, _ in spans)})
    offsets = {0: 0}
    for before, place in pairwise(places):
        offsets[place] = offsets[before] + utf16_length(plain[before:place])
    return [Entity(kind, offsets[begin], offsets[end] - offsets[begin]) for begin, end, kind in spans]
