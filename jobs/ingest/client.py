"""The one HTTP client of Newswire: its limits, and sockets that go only where they may.

Addresses are checked when the socket is made, so that no name can be one thing when it is checked and
another when it is connected to.
"""

import errno
import os
import socket
import ssl
from collections.abc import Callable, Sequence

import aiohttp
from aiohttp.abc import AbstractResolver

from jobs.ingest.network import Network, address_refusal
from jobs.policy import Fetching

_NOT_ALLOWED = "not among PRIVATE_NETWORKS"


class Refused(OSError):
    """An address that is nobody's business; raised where the socket would have been made."""


def open_session(policy: Fetching, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """A client without cookies, proxies, time-outs of its own or redirects that it follows by itself."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=resolver, limit=0, socket_factory=_guarded(policy.private_networks)
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


def _guarded(allowed: Sequence[Network]) -> Callable[[aiohttp.AddrInfoType], socket.socket]:
    """What makes sockets, for addresses that may be asked and for no others."""

    def make(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if refusal := address_refusal(str(address[0]), allowed):
            raise Refused(errno.EACCES, f"{refusal}, {_NOT_ALLOWED}")
        return socket.socket(family, kind, protocol)

    return make


def sentence(error: Exception, host: str) -> str:
    """What went wrong below HTTP, in words that an operator can use."""
    cause = getattr(error, "os_error", error)
    match error:
        case _ if _NOT_ALLOWED in str(cause):
            where = (
                cause.strerror
                if isinstance(cause, Refused)
                else f"no address of it is public, and they are {_NOT_ALLOWED}"
            )
            return f"{host} leads to where we do not go: {where}"
        case aiohttp.InvalidURL():
            return f"{host} is no host that can be asked"
        case aiohttp.ClientConnectorCertificateError():
            return f"the certificate of {host} is not valid"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return f"{host} and we agree on no encryption"
        case aiohttp.ClientConnectorDNSError():
            return f"there is no address for {host}"
        case aiohttp.ClientConnectorError():
            return f"cannot connect to {host}: {_system_words(cause)}"
        case aiohttp.ServerDisconnectedError() | ConnectionError():
            return f"{host} closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return f"the answer of {host} ends in the middle"
        case _:
            return f"{host} answers what is not HTTP"


def _system_words(cause: object) -> str:
    number = cause.errno if isinstance(cause, OSError) else None
    return os.strerror(number) if number else "no answer"
