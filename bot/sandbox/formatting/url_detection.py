"""Detects URLs and e-mail addresses in a text, as Telegram does.

Follows TDLib's MessageEntity.cpp step by step (match_urls, fix_url, match_tg_urls, is_email_address).
Top-level domains are those of the Public Suffix List and the two that TDLib adds.
"""

import re
from functools import lru_cache
from unicodedata import category

from tld import is_tld

Span = tuple[int, int]

_OWN_TLDS = frozenset({"onion", "ton"})
_HOST_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-")
_NOT_IN_USER = frozenset("\n/[]{}()'`<>\"@«»")
_NOT_IN_PATH = frozenset('\n<>"«»')
_TRAILING_PUNCTUATION = ".:;,('?!`"  #: a URL does not end in these
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_PORT = re.compile(r":0*([0-9]{1,5})(?![0-9])")
_OWN_SCHEME = re.compile(r"(tg|ton|tonsite)://[A-Za-z0-9_-]{1,253}", re.IGNORECASE)
_SCHEMES = ("http://", "https://", "ftp://", "tonsite://")
_EMAIL = re.compile(
    r"(?:[A-Za-z0-9_-]{0,26}[.+]){0,10}[A-Za-z0-9_-]{1,35}"
    r"@(?:(?:[A-Za-z0-9][A-Za-z0-9_-]{0,28})?[A-Za-z0-9]\.){1,6}[A-Za-z]{2,8}"
)
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.|\Z)){4}")


def find_tg_urls(text: str) -> list[Span]:
    """Spans of Telegram's own URLs, such as `tg://user?id=1`, which need no dot."""
    return [(found.start(), _extend_path(text, found.end())) for found in _OWN_SCHEME.finditer(text)]


def find_urls_emails(text: str) -> list[tuple[int, int, str]]:
    """Spans of URLs and e-mail addresses, each with its type, "url" or "email"."""
    spans: list[tuple[int, int, str]] = []
    for begin, end in _match_urls(text):
        inner = begin + 7 if text.startswith("mailto:", begin) else begin
        if _EMAIL.fullmatch(text, inner, end):
            spans.append((inner, end, "email"))
        elif length := _url_length(text[begin:end]):
            spans.append((begin, begin + length, "url"))
    return spans


def _match_urls(text: str) -> list[Span]:
    """Candidate spans around each dot, not yet validated."""
    spans: list[Span] = []
    start = 0
    while 0 <= (dot := text.find(".", start)) < len(text) - 1:
        if text[dot + 1] == " ":
            start = dot + 2
            continue
        span, start = _match_around(text, start, dot)
        spans += [span] if span else []
    return spans


def _match_around(text: str, start: int, dot: int) -> tuple[Span | None, int]:
    """The candidate around `dot`, and the position to search on from."""
    begin, host_end, has_user = _find_host(text, start, dot)
    end = _extend_path(text, _extend_port(text, host_end))
    while end > dot + 1 and text[end - 1] == ".":
        end -= 1
    first = _scheme_start(text, start, _user_start(text, start, begin, has_user))
    if first is not None:
        after = end
        while after < len(text) and text[after] == ".":
            after += 1
        return ((first, end) if end > dot + 1 else None), max(after, dot + 1)
    while text[end - 1] != ".":
        end -= 1
    return None, max(end, dot + 1)


def _find_host(text: str, start: int, dot: int) -> tuple[int, int, bool]:
    """Start and end of the host around `dot`, including a `name@` if that follows the dot."""
    begin = end = dot
    while begin > start and _is_host_character(text[begin - 1]):
        begin -= 1
    has_user = False
    while end < len(text) and (text[end] == "@" or _is_host_character(text[end])):
        has_user = has_user or text[end] == "@"
        end += 1
    while has_user and begin > start and _is_user_character(text[begin - 1]):
        begin -= 1
    return begin, end, has_user


def _extend_port(text: str, end: int) -> int:
    port = _PORT.match(text, end)
    return port.end() if port and 0 < int(port[1]) <= 65535 else end


def _extend_path(text: str, end: int) -> int:
    if end == len(text) or text[end] not in "/?#":
        return end
    last = end + 1
    while last < len(text) and text[last] not in _NOT_IN_PATH and _is_url_character(text[last]):
        last += 1
    while last > end + 1 and text[last - 1] in _TRAILING_PUNCTUATION:
        last -= 1
    return last if text[end] == "/" or last > end + 1 else end


def _user_start(text: str, start: int, begin: int, has_user: bool) -> int | None:
    """Start of a `name@` before the host; None if it makes the candidate invalid."""
    if begin == start or text[begin - 1] != "@":
        return begin
    first = begin - 1
    while first > start and _is_user_character(text[first - 1]):
        first -= 1
    return None if has_user or first == begin - 1 else first


def _scheme_start(text: str, start: int, begin: int | None) -> int | None:
    """Start of the scheme; None if the text before the host makes the candidate invalid."""
    if begin is None or begin == start:
        return begin
    before = text[start:begin]
    if not (len(before.encode()) >= 6 and before.endswith("://")):
        return None if is_word_character(before[-1]) or before[-1] in "/#@" else begin
    first = len(before) - 3
    while first > 0 and _is_scheme_character(before[first - 1]):
        first -= 1
    scheme = before[first:-3].lower()
    for known, others in (("http", ("shttp",)), ("https", ()), ("ftp", ("tftp", "sftp")), ("tonsite", ())):
        if scheme.endswith(known) and scheme not in others:
            return begin - len(known) - 3
    return None


def _url_length(url: str) -> int:
    """Length of the URL at the start of a candidate; 0 if it is none."""
    scheme = next((each for each in _SCHEMES if url[:10].lower().startswith(each)), "")
    place, path = _split_path(url[len(scheme) :])
    host = place.partition("@")[2] if "@" in place else place
    host = host[: host.rfind(":")] if ":" in host else host
    if host.lower() == "teiegram.org" or not _is_host(host, has_scheme=bool(scheme)):
        return 0
    return len(url) - len(path) + len(_trim_path(path))


def _split_path(rest: str) -> tuple[str, str]:
    cut = min((at for mark in "/?#" if (at := rest.find(mark)) >= 0), default=len(rest))
    return rest[:cut], rest[cut:]


def _trim_path(path: str) -> str:
    """Strip what belongs to the sentence: a full stop, a bracket that was opened before the URL."""
    balance = dict.fromkeys(_BRACKETS.values(), 0)
    for place, character in enumerate(path):
        if character in balance:
            balance[character] += 1
        elif character in _BRACKETS:
            balance[_BRACKETS[character]] -= 1
            if balance[_BRACKETS[character]] < 0:
                path = path[:place]
                break
    return path.rstrip(_TRAILING_PUNCTUATION)


def _is_host(host: str, *, has_scheme: bool) -> bool:
    parts = host.split(".")
    if any(not 0 < len(part.encode()) < 64 or part[-1] == "-" for part in parts) or len(parts) < 2:
        return False
    if _IPV4.fullmatch(host):
        return True
    ending = parts[-1]
    if re.fullmatch(r"[0-9.]+", host) or len(ending) < 2 or "_" in parts[-2]:
        return False
    if ending.startswith("xn--"):
        return re.fullmatch(r"[A-Za-z0-9]{2,}", ending[4:]) is not None
    return not {"_", "-"} & set(ending) and (has_scheme or _is_known_tld(ending))


@lru_cache(4096)
def _is_known_tld(ending: str) -> bool:
    """Whether a host without a scheme may end in this. `Com` may start a sentence and does not count."""
    lower = ending.lower()
    if lower != ending and lower[1:] == ending[1:]:
        return False
    return lower in _OWN_TLDS or bool(is_tld(lower))


@lru_cache(4096)
def _major_category(character: str) -> str:
    return category(character)[0]


def is_word_character(character: str) -> bool:
    """TDLib's is_word_character."""
    return character == "_" or _major_category(character) in "LN"


def _is_url_character(character: str) -> bool:
    if "\u2000" <= character <= "\u206f":
        return character in "\u200c\u200d" or "\u2010" <= character <= "\u2015"
    return _major_category(character) != "Z"


def _is_host_character(character: str) -> bool:
    return character in _HOST_CHARACTERS if character < "\u00c0" else _is_url_character(character)


def _is_user_character(character: str) -> bool:
    return character not in _NOT_IN_USER and _is_url_character(character)


def _is_scheme_character(character: str) -> bool:
    if character < "\u0080":
        return character.isalnum() or character in "+-"
    return _major_category(character) != "Z"
