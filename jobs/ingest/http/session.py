"""The one HTTP client of Newswire: its limits, and sockets that go only where they may.

Addresses are checked when the socket is made, so that no name can be one thing when it is checked and
another when it is connected to.
"""

import errno
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import partial

import aiohttp
from aiohttp.abc import AbstractResolver

from jobs.config import FetchPolicy
from jobs.ingest.http.ssrf import Network, address_refusal
from jobs.proxies import Proxy, should_bypass_proxy
from jobs.proxy_connector import ProxyError, TunnelConnector

_NOT_ALLOWED = "not among PRIVATE_NETWORKS"


class AddressRefused(OSError):
    """An address that is nobody's business; raised where the socket would have been made."""


def open_session(policy: FetchPolicy, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """A client without cookies, time-outs of its own or redirects that it follows by itself.

    It goes directly, or through the policy's proxy, which is given the checked address and not the name.
    """
    check = partial(_check_address, policy.private_networks)
    return aiohttp.ClientSession(
        connector=TunnelConnector(
            partial(_proxy_for, policy),
            check,
            resolver=resolver,
            limit=0,
            socket_factory=partial(_make_socket, check),
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": policy.user_agent, "Accept-Encoding": "gzip, deflate, br, zstd"},
        timeout=aiohttp.ClientTimeout(total=None),  # the whole of it has one deadline, in `fetch`
        auto_decompress=False,  # `inflate` does it, in slices
        trust_env=False,
        max_line_size=8190,
        max_field_size=16_384,
        max_headers=200,
    )


def _proxy_for(policy: FetchPolicy, host: str, port: int) -> Proxy | None:
    return None if should_bypass_proxy(host, port, policy.no_proxy) else policy.proxy


def _check_address(allowed: Sequence[Network], address: str) -> None:
    """Raises Refused where the numeric address must not be asked."""
    if refusal := address_refusal(address, allowed):
        raise AddressRefused(errno.EACCES, f"{refusal}, {_NOT_ALLOWED}")


def _make_socket(check: Callable[[str], None], info: aiohttp.AddrInfoType) -> socket.socket:
    """A socket, for an address that may be asked and for no other."""
    family, kind, protocol, _, address = info
    check(str(address[0]))
    return socket.socket(family, kind, protocol)


def describe_error(error: Exception, host: str) -> str:
    """What went wrong below HTTP, in words that an operator can use."""
    cause = getattr(error, "os_error", error)
    match error:
        case _ if _NOT_ALLOWED in str(cause):
            where = (
                cause.strerror
                if isinstance(cause, AddressRefused)
                else f"no address of it is public, and they are {_NOT_ALLOWED}"
            )
            return f"{host} leads to where we do not go: {where}"
        case aiohttp.InvalidURL():
            return f"{host} is no host that can be asked"
        case aiohttp.ClientConnectorCertificateError():
            return f"the certificate of {host} is not valid"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return f"{host} and we agree on no encryption"
        case ProxyError():
            return f"{host} cannot be reached through FEEDS_PROXY: {getattr(cause, 'strerror', cause)}"
        case aiohttp.ClientConnectorDNSError():
            return f"there is no address for {host}"
        case aiohttp.ClientConnectorError():
            return f"cannot connect to {host}: {_os_error_text(cause)}"
        case aiohttp.ServerDisconnectedError() | ConnectionError():
            return f"{host} closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return f"the answer of {host} ends in the middle"
        case _:
            return f"{host} answers what is not HTTP"


def _os_error_text(cause: object) -> str:
    number = cause.errno if isinstance(cause, OSError) else None
    return os.strerror(number) if number else "no answer"
