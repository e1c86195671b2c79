"""Validates links as Telegram does: TDLib's `LinkManager::check_link` and `parse_url`."""

import re
from ipaddress import AddressValueError, IPv6Address

_SPLIT = re.compile(r"(?:(?P<scheme>[^:/?#@\[\]]*)://)?(?P<place>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_PORT = re.compile(r"(?P<host>.+?|\[.*\]):(?P<port>[^:\]@]*)\Z", re.DOTALL)
_HOST = re.compile(r"(?:[A-Za-z0-9._!$,~*'();&+=-]|%[0-9a-fA-F]{2}|[^\x00-\x7f])+\Z")
_USER = re.compile(r"(?:[A-Za-z0-9._!$,~*'();&+=:-]|%[0-9a-fA-F]{2}|[^\x00-\x7f])*\Z")
_OWN_SCHEME = re.compile(r"(tg|ton|tonsite):(?://)?", re.IGNORECASE)
_SPACES = re.compile(r"[\x00-\x20]")


class InvalidLink(ValueError):
    """A link that Telegram does not accept; the message is Telegram's own."""


def check_link(link: str) -> str:
    """The URL as Telegram stores it (scheme and host lowercased, path at least `/`). Raises InvalidLink."""
    own = _OWN_SCHEME.match(link)
    if own:
        return _check_own_link(own[1].lower(), link[own.end() :])
    scheme, user, host, port, path = _split_link(link)
    if "." not in host and not host.startswith("["):
        raise InvalidLink("Wrong HTTP URL")
    return f"{scheme}://{user + '@' if user else ''}{host}{f':{port}' if port else ''}{path}"


def normalize_link(link: str) -> str:
    """The URL as Telegram stores it, or "" if it silently drops the link.

    `mailto:` links are dropped too: Telegram's HTML does not support them.
    """
    if link[:7].lower() == "mailto:":
        return ""
    try:
        return check_link(link)
    except InvalidLink:
        return ""


def mentioned_user_id(link: str) -> int:
    """The id of the user that `tg://user?id=1` mentions; 0 for other links."""
    found = re.match(r"tg:(?://)?user\?(?:.*&)?id=(\d{1,18})(?:&|\Z)", link, re.IGNORECASE)
    return int(found[1]) if found else 0


def _split_link(link: str) -> tuple[str, str, str, int, str]:
    found = _SPLIT.match(link)
    assert found is not None  # always matches: every part of the pattern may be empty
    scheme = (found["scheme"] or "http").lower()
    if found["scheme"] is not None and scheme not in ("http", "https"):
        raise InvalidLink("Unsupported URL protocol")
    place, port = found["place"], 0
    with_port = _PORT.match(place)
    if with_port:
        place, port = with_port["host"], _parse_port(with_port["port"])
    user, _, host = place.rpartition("@")
    _check_host(host, user)
    return scheme, user, host.lower(), port, _clean_path(found["rest"])


def _parse_port(given: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", given.lstrip("0") or "x") or int(given) > 65535:
        raise InvalidLink("Wrong port number specified in the URL")
    return int(given)


def _check_host(host: str, user: str) -> None:
    if not host:
        raise InvalidLink("URL host is empty")
    if host == ".":
        raise InvalidLink("Host is invalid")
    if host[0] == "[" and host[-1] == "]":
        try:
            IPv6Address(host[1:-1])
        except AddressValueError:
            raise InvalidLink("Wrong IPv6 address specified in the URL") from None
    elif not _HOST.match(host):
        raise InvalidLink("Disallowed character in URL host")
    if not _USER.match(user):
        raise InvalidLink("Disallowed character in URL userinfo")


def _clean_path(rest: str) -> str:
    rest = rest.rstrip(" \t\r\n\v\0") or "/"
    if rest[0] != "/":
        rest = "/" + rest
    return _SPACES.sub(lambda space: f"%{ord(space[0]):02X}", rest)


def _check_own_link(scheme: str, rest: str) -> str:
    """Check tg://, ton:// and tonsite:// links, whose hosts allow few characters."""
    found_scheme, user, host, port, path = _split_link(rest)
    if found_scheme == "https" or rest[:7].lower() == "http://" or user or port or host.startswith("["):
        raise InvalidLink("Wrong tg URL" if scheme == "tg" else "Wrong ton URL")
    if not re.fullmatch(r"[a-z0-9_.-]+" if scheme == "tonsite" else r"[a-z0-9_-]+", host):
        raise InvalidLink("Unallowed characters in URL host")
    return f"{scheme}://{host}{path[1:] if path[1:2] == '?' else path}"
