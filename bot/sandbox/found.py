"""Which links, hashtags, mentions and commands does Telegram find in a text by itself?

The shapes follow TDLib's `find_entities`, with the common top-level domains where it has a list of them all.
"""

import re
from itertools import pairwise

from bot.sandbox.entities import Entity, utf16_length

_SCHEMES = r"(?:https?|ftp|tonsite)://"
_DOMAIN = r"(?:[\w-]{1,63}\.)+"
_TLD = (
    r"(?:com|org|net|info|news|gov|edu|mil|int|biz|app|dev|me|io|tv|eu|uk|us|mm|de|fr|ru|cn|jp|in|th|my|sg|hk"
    r"|au|ca|nl|se|no|ch|it|es|pl|br|asia|media|press|live|online|site|blog|today|world|xyz|co|ly|gg|be|to|am)"
)
_PATH = r"(?:[/?#][^\s<>\"«»“”‘’]*)?"
_URL = re.compile(
    rf"(?<![\w@./-])(?:{_SCHEMES}[\w.:@%-]*\w(?:\.\w+)*{_PATH}|{_DOMAIN}{_TLD}(?![\w@-])(?::\d{{1,5}})?{_PATH})",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w@.+-])[A-Za-z0-9_.+-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,8}(?![\w@])")
_MENTION = re.compile(r"(?<![\w@/])@[A-Za-z0-9_]{2,32}(?![\w@])")
_HASHTAG = re.compile(r"(?<![\w#@])#(?=\w*[^\W\d])(?:\w|[\u0300-\u036f\u102b-\u109d\u200c\u00b7])+(?!#)")
_CASHTAG = re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![\w$])")
_COMMAND = re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>@])")
_ENDINGS = ".,:;!?'\")]}…။၊"
_LIKELY = re.compile(r"[/@#$.]")

_KINDS = (
    ("email", _EMAIL),
    ("url", _URL),
    ("mention", _MENTION),
    ("hashtag", _HASHTAG),
    ("cashtag", _CASHTAG),
)


def find(plain: str, *, commands: bool = True) -> list[Entity]:
    """The entities of a plain text, in order, none within another. `commands`: /words count too."""
    if not _LIKELY.search(plain):
        return []
    kinds = (*_KINDS, ("bot_command", _COMMAND)) if commands else _KINDS
    spans: list[tuple[int, int, str]] = []
    for kind, pattern in kinds:
        for found in pattern.finditer(plain):
            begin, end = found.span()
            if kind == "url":
                end = begin + len(_without_ending(found[0]))
            if not any(begin < other[1] and other[0] < end for other in spans):
                spans.append((begin, end, kind))
    return _counted(plain, sorted(spans))


def _without_ending(url: str) -> str:
    """A full stop or a bracket behind an address is the sentence's, unless the bracket was opened inside."""
    while url and url[-1] in _ENDINGS:
        if url[-1] == ")" and url.count("(") >= url.count(")"):
            break
        url = url[:-1]
    return url


def _counted(plain: str, spans: list[tuple[int, int, str]]) -> list[Entity]:
    if plain.isascii():
        return [Entity(kind, begin, end - begin) for begin, end, kind in spans]
    places = sorted({0, *(begin for begin, _, _ in spans), *(end for _, end, _ in spans)})
    offsets = {0: 0}
    for before, place in pairwise(places):
        offsets[place] = offsets[before] + utf16_length(plain[before:place])
    return [Entity(kind, offsets[begin], offsets[end] - offsets[begin]) for begin, end, kind in spans]
