"""Parses proxy addresses, and tells which hosts NO_PROXY excepts; pure.

The conventions are curl's and requests' (curl's manual, "--noproxy"; requests.utils.should_bypass_proxies).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import unquote, urlsplit

#: by scheme
DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
EXPECTED_FORMAT = "an address such as http://host:3128, https://host:443 or socks5h://name:password@host:1080"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy. Neither `str` nor `repr` shows its user name and password."""

    scheme: str  #: a key of `DEFAULT_PORTS`
    host: str
    port: int
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    named: str = "the proxy"  #: the setting that it is from

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_socks(self) -> bool:
        return self.scheme.startswith("socks")


def parse_proxy(text: str, named: str = "the proxy") -> Proxy:
    """The proxy of `socks5h://name:password@host:1080`; without a scheme an HTTP proxy, as in curl.

    Raises ValueError, whose text is the expected format.
    """
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError(EXPECTED_FORMAT) from None
    more = parts.path.strip("/") or parts.query or parts.fragment
    if (
        parts.scheme not in DEFAULT_PORTS
        or not host
        or port == 0
        or more
        or re.search(r"[\s\x00-\x1f]", text)
    ):
        raise ValueError(EXPECTED_FORMAT)
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if len(username.encode()) > 255 or len(password.encode()) > 255 or ":" in username:
        raise ValueError(EXPECTED_FORMAT)
    if parts.scheme.startswith("socks") and not (username + password).isascii():
        raise ValueError(f"{EXPECTED_FORMAT}, with a name and a password in ASCII,")
    return Proxy(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], username, password, named)


def should_bypass_proxy(host: str, port: int, exempt: Sequence[str]) -> bool:
    """Whether an entry of NO_PROXY matches this host; nothing is resolved.

    A name matches itself and its subdomains, with or without a leading dot or `*.`; an address or network
    matches addresses; `*` matches everything; `host:port` matches only that port.
    """
    host = _normalize_host(host)
    return any(_entry_matches(each, host, port) for each in exempt)


def _entry_matches(each: str, host: str, port: int) -> bool:
    if each == "*":
        return True
    name, wanted_port = _split_port(each)
    if wanted_port not in ("", str(port)):
        return False
    if (address := _parse_address(host)) is not None:
        return _network_contains(name, address)
    name = _normalize_host(name).removeprefix("*").removeprefix(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _split_port(each: str) -> tuple[str, str]:
    """Host and port; an IPv6 address with a port is in brackets."""
    if bracketed := re.fullmatch(r"\[([^\]]*)\](?::(\d+))?", each):
        return bracketed[1], bracketed[2] or ""
    name, colon, port = each.rpartition(":")
    return (name, port) if colon and ":" not in name and port.isdigit() else (each, "")


def _network_contains(network: str, address: IPv4Address | IPv6Address) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False


def _parse_address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _normalize_host(host: str) -> str:
    """A host in the form that is compared: lower case, IDNA-encoded, without a final dot."""
    host = host.strip("[]").rstrip(".").lower()
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return host
