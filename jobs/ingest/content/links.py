"""Which links of a feed may be shown to readers, and in which form."""

import ipaddress
import re
import socket
from urllib.parse import urljoin

from storage.text.urls import remove_tracking, split_url

#: Names of local machines and networks (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`).
_OWN_NETWORK = re.compile(r"(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|home\.arpa)$")
_HIDDEN_HOST = re.compile(r"[@\\\s]")
#: Characters; a Telegram message has at most 32,768 bytes in all.
MAX_LINK_LENGTH = 32_768
#: Characters left around a link by copying; joiners, which some scripts need, are kept.
_STRIPPED_CHARACTERS = "\t\n\v\f\r \x00\u200b\u200e\u200f\u2060\ufeff\u00a0\u3000"
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_INVISIBLE_IN_HOST = re.compile(r"[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)


def reader_link(link: str, base: str = "") -> str:
    """The link to show, absolute and without tracking parameters; "" if `refused_because` has a reason.

    Otherwise it is kept as the site wrote it, in its Unicode form; spaces become %20.
    """
    absolute = _resolve_link(link, base)
    if refused_because(absolute, base):
        return ""
    scheme, _, rest = absolute.partition("://")
    place = _host_part(absolute)
    rest = _INVISIBLE_IN_HOST.sub("", place) + rest[len(place) :]
    return remove_tracking(f"{scheme.lower()}://{rest}").replace(" ", "%20")


def refused_because(link: str, base: str = "") -> str:
    """Why a link is not shown to readers, as part of a sentence; "" if it is.

    Only http and https; no user names (`news.example@evil.example`); no private addresses, unless
    the feed itself (`base`) is on the same host.
    """
    absolute = _resolve_link(link, base)
    parts = split_url(absolute)
    if parts is None:
        return "it is not a web address"
    if len(absolute) > MAX_LINK_LENGTH:
        return f"it has more than {MAX_LINK_LENGTH:,} characters"
    if _HIDDEN_HOST.search(_host_part(absolute)):
        return "it hides its host behind a user name"
    own = split_url(base) if base else None
    if is_private_host(parts.hostname or "") and (own is None or own.hostname != parts.hostname):
        return "it leads into a private network"
    return ""


def is_too_long(link: str) -> bool:
    """Whether a link is refused for its length."""
    return len(link) > MAX_LINK_LENGTH


def _resolve_link(link: str, base: str) -> str:
    written = _CONTROL_CHARACTERS.sub("", link.strip(_STRIPPED_CHARACTERS))
    try:
        return written if _ABSOLUTE.match(written) or not base else urljoin(base, written)
    except ValueError:
        return ""


def _host_part(link: str) -> str:
    """Host and port as written, with any user name."""
    return re.split(r"[/?#]", link.partition("://")[2], maxsplit=1)[0]


def is_private_host(host: str) -> bool:
    """Whether a host is in a private network, by its name or address only; does no DNS lookup."""
    host = host.rstrip(".").lower()
    if "." not in host and ":" not in host and not host.startswith("0x") and not host.isdigit():
        return True
    if _OWN_NETWORK.search(host):
        return True
    address = _parse_host_address(host)
    return address is not None and not (address.is_global and not address.is_multicast)


def _parse_host_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address in a host, also in legacy notations: `127.1`, `0x7f000001`, `2130706433`."""
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        try:
            return ipaddress.ip_address(socket.inet_aton(host)) if re.match(r"[\d.x]", host) else None
        except (OSError, ValueError):
            return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
