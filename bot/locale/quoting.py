"""Quoting of others' words, so that Telegram detects no link, mention, command or number in them.

Telegram's servers and apps turn @names, /commands, URLs, e-mail addresses, phone and card numbers into
entities anywhere in a text (TDLib, MessageEntity.cpp, `find_entities`; phone numbers: Android's Linkify). A
word joiner, U+2060, has no width, survives `clean_input_string` and belongs to no entity, so it splits what
must not be detected. Hashtags and cashtags are left alone.
"""

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

WORD_JOINER = "\u2060"

#: A joiner goes after each match. A top-level domain starts with a letter and has at least two (not p.m. or
#: U.S.); in an IPv4 address the first dots are enough. A slash after a Latin letter starts no command.
_LINKABLE = re.compile(
    r"[@/:.](?:"
    r"(?<=@)(?=[A-Za-z0-9_])"
    r"|(?<=/)(?<![A-Za-z0-9_/<>]/)(?=[A-Za-z0-9_])"
    r"|(?<=:)(?=//)"
    r"|(?<=[^\s.]\.)(?=[^\W\d_][A-Za-z0-9_\u00c0-\U0010ffff-])"
    r"|(?<=[0-9]\.)(?=[0-9]{1,3}\.[0-9])"
    r")"
)
#: Digits with the separators written inside one number.
_NUMBER = re.compile(r"\d[\d \u00a0\u202f().\-\u2010-\u2015/]{3,}\d")
_MIN_DIGITS = 7  #: digits of a phone number
_MIN_MARKED_DIGITS = 5  #: after a "+"
_DIGIT_GROUP = 4  #: digits left together; no phone number is this short


class SafeText(str):
    """Text that may be shown as it is: our own, whose commands stay tappable, or others' after quoting."""

    __slots__ = ()


def quote_text(text: str) -> SafeText:
    """`text` with word joiners, so that nothing in it becomes an entity; so is every prefix of the result.

    `SafeText` is returned unchanged.
    """
    return text if isinstance(text, SafeText) else SafeText(*quote_pieces([text]))


def quote_pieces(pieces: Sequence[str]) -> list[str]:
    """The pieces of one text, quoted as one: a match may span pieces."""
    text = "".join(pieces)
    joints = {found.end() for found in _LINKABLE.finditer(text)}
    joints.update(joint for found in _NUMBER.finditer(text) for joint in _digit_joints(found))
    if not joints:
        return list(pieces)
    ends = list(accumulate(map(len, pieces), initial=0))
    return [_insert_joiners(text, start, end, joints) for start, end in pairwise(ends)]


def _insert_joiners(text: str, start: int, end: int, joints: set[int]) -> str:
    first = WORD_JOINER if start in joints else ""
    cuts = [start, *sorted(joint for joint in joints if start < joint < end), end]
    return first + WORD_JOINER.join(text[one:other] for one, other in pairwise(cuts))


def unquote_text(text: str) -> str:
    """`text` without word joiners."""
    return text.replace(WORD_JOINER, "")


def _digit_joints(number: re.Match[str]) -> list[int]:
    digits = [place for place in range(*number.span()) if number.string[place].isdecimal()]
    marked = number.string[: number.start()].endswith("+")
    return (
        digits[_DIGIT_GROUP::_DIGIT_GROUP]
        if len(digits) >= (_MIN_MARKED_DIGITS if marked else _MIN_DIGITS)
        else []
    )
