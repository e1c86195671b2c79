"""Which links, hashtags, mentions and commands does Telegram find in a text by itself?

As TDLib's `find_entities`. Where it has a list of every top-level domain, here are the usual ones and every
country. A hashtag ends at a combining mark, also in Burmese: `#မြန်မာ` is the hashtag `#မ`.
"""

from itertools import pairwise

import regex

from bot.sandbox.entities import Entity, utf16_length

_W = r"\p{L}\p{N}_"
_H = r"\p{L}\p{Nd}_\u200c\u00b7\u0d80-\u0dff"
_NAME = "[A-Za-z0-9_]"
_FAR = r"\u00c0-\u1fff\u200c\u200d\u2010-\u2015\u2070-\U0010ffff"
_MENTION = regex.compile(rf"(?<![{_W}])@{_NAME}{{4,32}}(?![{_W}])")
_COMMAND = regex.compile(rf"(?<![{_W}/<>])/{_NAME}{{1,64}}+(?:@{_NAME}{{3,32}}+)?(?![{_W}/<>])")
_HASHTAG = regex.compile(rf"(?<![{_H}])#(?=[{_H}]*\p{{L}})[{_H}]++(?:@{_NAME}{{3,32}}+)?+(?!#)")
_CASHTAG = regex.compile(rf"(?<![{_H}$])\$(?:1INCH|[A-Z]{{1,8}}+)(?:@{_NAME}{{3,32}}+)?+(?![{_H}$])")
_EMAIL = regex.compile(
    r"(?<![A-Za-z0-9_.+-])(?:[A-Za-z0-9_-]{0,26}[.+]){0,10}[A-Za-z0-9_-]{1,35}"
    r"@(?:(?:[A-Za-z0-9][A-Za-z0-9_-]{0,28})?[A-Za-z0-9]\.){1,6}[A-Za-z]{2,8}(?![A-Za-z0-9_-])"
)
_HOST_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-")
_FAR_LETTER = regex.compile(rf"[{_FAR}--\p{{Z}}]", regex.VERSION1)
_DOT = regex.compile(r"\.(?=[^\s.])")
_SCHEME = regex.compile(r"(?<!s)(?:https?|(?<!t)ftp|tonsite)://\Z", regex.IGNORECASE)
_PORT = regex.compile(r":0*+\d{1,5}+(?!\d)")
_PATH = regex.compile(r"[/?#](?:[^\s<>\"«»\u2000-\u206f]|[\u200c\u200d\u2010-\u2015])*+")
_TLD = regex.compile(
    r"(?:[a-z]{2}|com|org|net|info|news|gov|edu|mil|int|biz|app|dev|asia|media|press|live|online|site|blog"
    r"|today|world|xyz|report|radio|name|club|shop|store|tech|space|top|wiki|agency|africa|eus|cat)\Z"
)
_IPV4 = regex.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?[1-9]\d|1\d\d|\d)(?:\.|\Z)){4}")
_LATER = ".:;,('?!`"  #: an address does not end in these
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def find(plain: str, *, commands: bool = True) -> list[Entity]:
    """The entities of a plain text, in order, none within another. `commands`: /words count too."""
    spans: list[tuple[int, int, str]] = []
    if "@" in plain:
        spans += _matches(_MENTION, plain, "mention") + _matches(_EMAIL, plain, "email")
    if "/" in plain and commands:
        spans += _matches(_COMMAND, plain, "bot_command")
    if "#" in plain:
        spans += _matches(_HASHTAG, plain, "hashtag")
    if "$" in plain:
        spans += _matches(_CASHTAG, plain, "cashtag")
    if "." in plain:
        spans += _urls(plain)
    return _counted(plain, _apart(spans)) if spans else []


def _matches(pattern: regex.Pattern[str], plain: str, kind: str) -> list[tuple[int, int, str]]:
    return [(*match.span(), kind) for match in pattern.finditer(plain)]


def _apart(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Of what overlaps, the earlier one stays, then the longer one."""
    kept: list[tuple[int, int, str]] = []
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _urls(plain: str) -> list[tuple[int, int, str]]:
    spans: list[tuple[int, int, str]] = []
    done = 0
    for dot in _DOT.finditer(plain):
        if dot.start() < done:
            continue
        begin, done = dot.start(), dot.end()
        while begin and _is_host_letter(plain[begin - 1]):
            begin -= 1
        while done < len(plain) and _is_host_letter(plain[done]):
            done += 1
        span = _url(plain, begin, done)
        if span:
            spans.append((*span, "url"))
    return spans


def _is_host_letter(character: str) -> bool:
    if character.isascii():
        return character in _HOST_LETTERS
    return _FAR_LETTER.match(character) is not None


def _url(plain: str, begin: int, end: int) -> tuple[int, int] | None:
    """Where the address around the host at `begin` to `end` stands; None where it is none."""
    host = plain[begin:end]
    scheme = _SCHEME.search(plain, max(0, begin - 10), begin)
    if scheme:
        begin = scheme.start()
    elif begin and regex.match(rf"[{_W}/#@]", plain[begin - 1]):
        return None
    port = _PORT.match(plain, end)
    if port and int(port[0][1:]) <= 65535:
        end = port.end()
    path = _PATH.match(plain, end)
    if path:
        end += len(_path(path[0]))
    else:
        host = host.rstrip(".")
        end = end if port else begin + len(plain[begin:end].rstrip("."))
    return (begin, end) if _is_host(host, has_scheme=scheme is not None) else None


def _path(path: str) -> str:
    """Without what belongs to the sentence: a full stop, a bracket that was opened outside."""
    opened: list[str] = []
    for place, character in enumerate(path):
        if character in _BRACKETS.values():
            opened.append(character)
        elif character in _BRACKETS:
            if _BRACKETS[character] not in opened:
                path = path[:place]
                break
            opened.remove(_BRACKETS[character])
    cut = path.rstrip(_LATER)
    return cut if len(cut) > 1 or path[:1] == "/" else ""


def _is_host(host: str, *, has_scheme: bool) -> bool:
    if _IPV4.fullmatch(host):
        return True
    parts = host.split(".")
    ending = parts[-1]
    if len(parts) < 2 or host.replace(".", "").isdigit() or len(ending) < 2:
        return False
    if any(not part or len(part.encode()) > 63 or part[-1] == "-" for part in parts):
        return False
    if ending.startswith("xn--"):
        return len(ending) > 5
    return not {"_", "-"} & set(ending) and (has_scheme or bool(_TLD.match(ending.lower())))


def _counted(plain: str, spans: list[tuple[int, int, str]]) -> list[Entity]:
    if plain.isascii():
        return [Entity(kind, begin, end - begin) for begin, end, kind in spans]
    places = sorted({0, *(begin for begin, _, _ in spans), *(end for _, end, _ in spans)})
    offsets = {0: 0}
    for before, place in pairwise(places):
        offsets[place] = offsets[before] + utf16_length(plain[before:place])
    return [Entity(kind, offsets[begin], offsets[end] - offsets[begin]) for begin, end, kind in spans]
