"""Connections through a proxy: SOCKS by python-socks, and HTTP CONNECT.

What fails before the tunnel is open raises `ProxyError`: nothing of the request was written.
"""

import asyncio
import base64
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import aiohttp
import python_socks
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from python_socks.async_.asyncio.v2 import Proxy as SocksProxy

from jobs.proxies import Proxy

#: Seconds to open a tunnel, unless the request's own timeout is shorter.
CONNECT_TIMEOUT = 30.0

#: (host, port) of a server -> the proxy for it, or None for none
ChooseProxy = Callable[[str, int], Proxy | None]


class ProxyError(aiohttp.ClientConnectorError):
    """The proxy cannot be reached, or opens no tunnel; `os_error.strerror` says why."""


class TunnelConnector(aiohttp.TCPConnector):
    """aiohttp's connector, with connections through a proxy if `choose` returns one.

    The proxy is given what the resolver returned: with `PassthroughResolver`, the name itself. `check` raises
    OSError for an address that must not be connected to, with or without a proxy.
    """

    def __init__(self, choose: ChooseProxy, check: Callable[[str], None], **options: Any) -> None:
        super().__init__(**options)
        self._choose_proxy, self._check_address = choose, check

    async def connect(
        self, req: aiohttp.ClientRequest, traces: Any, timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Connect as aiohttp does; if aiohttp's own proxy support fails, raise `ProxyError`."""
        try:
            return await super().connect(req, traces, timeout)
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL):
            raise
        except aiohttp.ClientHttpProxyError as error:
            reason = _describe_status(error.status)
        except (aiohttp.ClientError, ConnectionError):
            reason = "it closed the connection"
        raise ProxyError(req.connection_key, OSError(None, reason))

    async def _wrap_create_connection(  # aiohttp-socks overrides this, too
        self, *args: Any, addr_infos: list[aiohttp.AddrInfoType], req: aiohttp.ClientRequest, **more: Any
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        proxy = self._choose_proxy(req.url.host or "", req.port or 0)
        if proxy is None:
            return await super()._wrap_create_connection(*args, addr_infos=addr_infos, req=req, **more)
        host, port = addr_infos[0][4][:2]  # if it fails, aiohttp calls again with the next
        key = req.connection_key
        try:
            self._check_address(str(host))
            async with asyncio.timeout(CONNECT_TIMEOUT):
                writer = await _open_tunnel(proxy, str(host), int(port))
                return await _start_protocol(writer, more.get("ssl"), more.get("server_hostname"))
        except ssl.SSLCertVerificationError as error:
            raise aiohttp.ClientConnectorCertificateError(key, error) from None
        except ssl.SSLError as error:
            raise aiohttp.ClientConnectorSSLError(key, error) from None
        except _TunnelRefused as error:
            raise ProxyError(key, OSError(None, str(error))) from None
        except TimeoutError:
            raise ProxyError(key, OSError(None, "no answer in time")) from None
        except OSError as error:
            raise aiohttp.ClientConnectorError(key, error) from None


class PassthroughResolver(AbstractResolver):
    """Resolves nothing: the proxy is given the name. In some countries DNS queries are watched."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=host, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Do nothing: nothing is open."""


class _TunnelRefused(Exception):
    """No tunnel was opened; the message is the reason, without a user name or password."""


class _TunnelProtocol(ResponseHandler):
    """aiohttp's protocol on a tunnel. It keeps the StreamWriter, which closes when collected."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        super().__init__(asyncio.get_running_loop())
        self.writer = writer


async def _start_protocol(
    writer: asyncio.StreamWriter, context: ssl.SSLContext | None, hostname: str | None
) -> tuple[asyncio.Transport, ResponseHandler]:
    """HTTP over the tunnel, with TLS to the server if there is a `context`."""
    transport: Any = writer.transport
    protocol = _TunnelProtocol(writer)
    try:
        if context:
            loop = asyncio.get_running_loop()
            transport = await loop.start_tls(transport, protocol, context, server_hostname=hostname)
        else:
            transport.set_protocol(protocol)
    except BaseException:
        writer.transport.abort()
        raise
    protocol.connection_made(transport)
    return transport, protocol


async def _open_tunnel(proxy: Proxy, host: str, port: int) -> asyncio.StreamWriter:
    """A connection to `host` through the proxy. Raises `_TunnelRefused`."""
    try:
        return await (_connect_socks if proxy.is_socks else _connect_http)(proxy, host, port)
    except _TunnelRefused:
        raise
    except python_socks.ProxyError as error:
        raise _TunnelRefused(f"it refused the connection ({_strip_unprintable(str(error))})") from None
    except ssl.SSLError:
        raise _TunnelRefused("TLS with it failed") from None
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
        raise _TunnelRefused(_describe_error(error)) from None


async def _connect_socks(proxy: Proxy, host: str, port: int) -> asyncio.StreamWriter:
    username, password = proxy.username or None, proxy.password or None
    kind = python_socks.ProxyType.SOCKS5
    through = SocksProxy(kind, proxy.host, proxy.port, username, password, rdns=True)
    return (await through.connect(host, port)).writer


async def _connect_http(proxy: Proxy, host: str, port: int) -> asyncio.StreamWriter:
    """CONNECT (RFC 9110, 9.3.6); not by python-socks, which takes the first packet for the whole response."""
    context = ssl.create_default_context() if proxy.scheme == "https" else None
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port, ssl=context)
    try:
        writer.write(_build_connect_request(proxy, host, port))
        await writer.drain()
        _check_response(await reader.readuntil(b"\r\n\r\n"))
    except BaseException:
        writer.transport.abort()
        raise
    return writer


def _build_connect_request(proxy: Proxy, host: str, port: int) -> bytes:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.username or proxy.password:
        secret = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {secret}")
    return "\r\n".join((*lines, "", "")).encode()


def _check_response(head: bytes) -> None:
    """Raise `_TunnelRefused` unless the proxy's response to CONNECT is a 2xx."""
    version, _, rest = head.partition(b" ")
    status = rest[:3].decode("latin-1")
    if not version.startswith(b"HTTP/") or not status.isdigit():
        raise _TunnelRefused("its response is not HTTP")
    if not status.startswith("2"):
        raise _TunnelRefused(_describe_status(int(status)))


def _describe_status(status: int) -> str:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return "it wants a name and a password, or does not take ours (407)"
    with suppress(ValueError):
        return f"it refused the connection ({status} {HTTPStatus(status).phrase})"
    return f"it refused the connection ({status})"


def _describe_error(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "it closed the connection"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if not isinstance(error, OSError):
        return "its response is malformed"
    words = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or "no answer"
    return f"cannot connect to it ({_strip_unprintable(words)})"


def _strip_unprintable(words: str) -> str:
    return "".join(letter for letter in words if letter.isprintable())[:100]
