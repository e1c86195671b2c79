"""Protection against SSRF: valid URLs, and networks that must not be contacted.

The networks are those of IANA's special-purpose registries (IPv4, IPv6) and those that embed an IPv4 address
in an IPv6 one, listed here because `ipaddress.is_private` differs between versions of Python.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

#: Longer than any real URL; servers refuse such URLs anyway.
MAX_URL_LENGTH = 4096

#: Spaces, control characters, backslashes, surrogates and bidi controls.
_UNFIT = re.compile("[\x00-\x20\x7f-\xa0\\\\\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Networks by kind.
_SPECIAL: dict[str, tuple[str, ...]] = {
    "unspecified": ("0.0.0.0/8", "::/128"),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    "carrier-internal": ("100.64.0.0/10",),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
    "reserved": (
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4",
        "64:ff9b:1::/48",
        "100::/63",
        "2001::/23",
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
    ),
}
_V4 = [(kind, IPv4Network(net)) for kind, nets in _SPECIAL.items() for net in nets if ":" not in net]
_V6 = [(kind, IPv6Network(net)) for kind, nets in _SPECIAL.items() for net in nets if ":" in net]
#: The only public part of IPv6 (RFC 4291, 2.4).
_GLOBAL_V6 = IPv6Network("2000::/3")
#: Networks that embed an IPv4 address, and its distance from the right end in bits.
_WRAPPED = (
    (IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped
    (IPv6Network("::ffff:0:0:0/96"), 0),  # IPv4-translated, RFC 2765
    (IPv6Network("::/96"), 0),  # IPv4-compatible, long out of use
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
)


def address_refusal(host: str, allowed: Sequence[Network] = ()) -> str:
    """Why the numeric address `host` must not be contacted, as a short phrase; "" if it may be."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return f"{host} is not an address"
    inner = _unwrap_address(address)
    if any(_is_in_network(address, network) or _is_in_network(inner, network) for network in allowed):
        return ""
    kind = _special_kind(inner)
    return f"{address} is a {kind} address" if kind else ""


def _unwrap_address(address: Address) -> Address:
    """The IPv4 address embedded in an IPv6 one, or the address itself."""
    if isinstance(address, IPv4Address) or address in (IPv6Address("::"), IPv6Address("::1")):
        return address
    for network, shift in _WRAPPED:
        if address in network:
            return IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
    return address


def _is_in_network(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def _special_kind(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return next((kind for kind, network in _V4 if address in network), "")
    if kind := next((kind for kind, network in _V6 if address in network), ""):
        return kind
    return "" if address in _GLOBAL_V6 else "reserved"


@lru_cache(maxsize=4096)  # the same feeds in every update
def url_refusal(url: str) -> str:
    """Why `url` cannot be fetched, as the end of a sentence; "" if it can. Does no DNS lookup."""
    if len(url) > MAX_URL_LENGTH:
        return f"it is longer than {MAX_URL_LENGTH} characters"
    if _UNFIT.search(url):
        return "it contains a space, a backslash or another invalid character"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "its host or port is not valid"
    if parts.scheme not in ("http", "https"):
        return "it does not begin with http:// or https://"
    if parts.username is not None or parts.password is not None:
        return "it contains a user name (user@host)"
    if not host or len(host) > 253 or ".." in host:
        return "its host is not valid"
    return "port 0 does not exist" if port == 0 else ""
