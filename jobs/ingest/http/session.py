"""The aiohttp session: its limits, and sockets that connect to allowed addresses only.

Addresses are checked when the socket is created, so that a name cannot resolve to one address for the check
and to another for the connection.
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
    """An address that is not allowed; raised instead of creating a socket."""


def open_session(policy: FetchPolicy, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """Open a session without cookies, timeouts or automatic redirects.

    It connects directly, or through the policy's proxy, which gets the checked address and not the name.
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
        timeout=aiohttp.ClientTimeout(total=None),  # `Fetcher` has one deadline for everything
        auto_decompress=False,  # `Decompressor` does, in chunks
        trust_env=False,
        max_line_size=8190,
        max_field_size=16_384,
        max_headers=200,
    )


def _proxy_for(policy: FetchPolicy, host: str, port: int) -> Proxy | None:
    return None if should_bypass_proxy(host, port, policy.no_proxy) else policy.proxy


def _check_address(allowed: Sequence[Network], address: str) -> None:
    """Raise AddressRefused if the numeric address is not allowed."""
    if refusal := address_refusal(address, allowed):
        raise AddressRefused(errno.EACCES, f"{refusal}, {_NOT_ALLOWED}")


def _make_socket(check: Callable[[str], None], info: aiohttp.AddrInfoType) -> socket.socket:
    """Create a socket if the address is allowed."""
    family, kind, protocol, _, address = info
    check(str(address[0]))
    return socket.socket(family, kind, protocol)


def describe_error(error: Exception, host: str) -> str:
    """Describe an error below HTTP for operators, as part of a sentence."""
    cause = getattr(error, "os_error", error)
    match error:
        case _ if _NOT_ALLOWED in str(cause):
            where = (
                cause.strerror
                if isinstance(cause, AddressRefused)
                else f"no address of it is public, and they are {_NOT_ALLOWED}"
            )
            return f"{host} resolves to an address that is not allowed: {where}"
        case aiohttp.InvalidURL():
            return f"{host} is not a valid host"
        case aiohttp.ClientConnectorCertificateError():
            return f"the certificate of {host} is not valid"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return f"no TLS version or cipher in common with {host}"
        case ProxyError():
            return f"{host} cannot be reached through FEEDS_PROXY: {getattr(cause, 'strerror', cause)}"
        case aiohttp.ClientConnectorDNSError():
            return f"there is no address for {host}"
        case aiohttp.ClientConnectorError():
            return f"cannot connect to {host}: {_os_error_text(cause)}"
        case aiohttp.ServerDisconnectedError() | ConnectionError():
            return f"{host} closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return f"the response of {host} is incomplete"
        case _:
            return f"the response of {host} is not HTTP"


def _os_error_text(cause: object) -> str:
    number = cause.errno if isinstance(cause, OSError) else None
    return os.strerror(number) if number else "no answer"
