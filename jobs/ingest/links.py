"""Which of a feed's links readers may be sent to, in which form."""

import ipaddress
import re
import socket
from urllib.parse import urljoin

from storage.links import split, without_tracking

#: Names that mean a machine or a network of one's own (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`).
_OWN_NETWORK = re.compile(r"(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|home\.arpa)$")
#: Longer than any that works everywhere; such links are mistakes or attacks.
_MAX_LENGTH = 2000
_SPACES = re.compile(r"\s+")


def reader_link(link: str, base: str = "") -> str:
    """The link as readers open it, absolute and without tracking; "" where they must not or cannot.

    Only http and https; no user names (`news.example@evil.example`); no address inside a private
    network, unless the feed itself (`base`) comes from that very host.
    """
    try:
        absolute = urljoin(base, link.strip()) if base else link.strip()
    except ValueError:
        return ""
    parts = split(absolute)
    if parts is None or len(absolute) > _MAX_LENGTH or "@" in parts.netloc or "\\" in parts.netloc:
        return ""
    own = split(base) if base else None
    if is_private_host(parts.hostname or "") and (own is None or own.hostname != parts.hostname):
        return ""
    return _SPACES.sub("%20", without_tracking(parts.geturl()))


def is_private_host(host: str) -> bool:
    """Whether a host, by its spelling alone, lies inside a private network; no name is looked up."""
    host = host.rstrip(".").lower()
    if "." not in host and ":" not in host and not host.startswith("0x") and not host.isdigit():
        return True
    if _OWN_NETWORK.search(host):
        return True
    address = _address(host)
    return address is not None and not (address.is_global and not address.is_multicast)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host spells, also in the old ways: `127.1`, `0x7f000001`, `2130706433`."""
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        try:
            return ipaddress.ip_address(socket.inet_aton(host)) if re.match(r"[\d.x]", host) else None
        except (OSError, ValueError):
            return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
