"""Requests to the Bot API over aiohttp, behind python-telegram-bot's `BaseRequest`, at a seventh of its cost.

If a proxy is given, every request goes through it; `bot.config` reads the environment's proxies. The proxy
resolves Telegram's name, so no DNS query is made here.

A request that was never written (`NotWritten`) may be repeated; one whose result is unknown must not be
repeated blindly. Errors never contain the URL, since the token is part of it.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeAlias

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.telegram.results import parse_result
from jobs.proxies import Proxy
from jobs.proxy_connector import PassthroughResolver, TunnelConnector

CONNECT_TIMEOUT = 10.0
#: The Bot API server waits out floods of up to 60 s before it answers (TDLib, NetQueryDelayer.cpp).
READ_TIMEOUT = 65.0
#: We close idle connections before the server does: a request written to a closed one is unclear.
KEEPALIVE_TIMEOUT = 10.0
MAX_CONNECTIONS = 512

#: Seconds, None for no limit, or `BaseRequest.DEFAULT_NONE`, whose type python-telegram-bot keeps private.
Timeout: TypeAlias = Any


class NotWritten(NetworkError):
    """No connection could be made, so the request was certainly not sent."""


class AiohttpRequest(BaseRequest):
    """The HTTP transport of python-telegram-bot and of `TelegramSender`; one pool of connections."""

    def __init__(
        self,
        *,
        connections: int = MAX_CONNECTIONS,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        proxy: Proxy | None = None,
    ) -> None:
        self._connections = connections
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._session: aiohttp.ClientSession | None = None
        self._proxy = proxy
        by_http = proxy if proxy and not proxy.is_socks else None  # aiohttp supports these itself
        self._http_proxy = str(by_http) if by_http else None
        self._proxy_headers = _proxy_authorization(by_http)
        self._default_timeout = aiohttp.ClientTimeout(
            total=None, connect=connect_timeout, sock_read=read_timeout
        )

    @property
    def read_timeout(self) -> float:
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the pool, unless it is open; needs a running event loop."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=self._make_connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._default_timeout,
            )

    def _make_connector(self) -> aiohttp.TCPConnector:
        socks = self._proxy if self._proxy and self._proxy.is_socks else None
        resolver = PassthroughResolver() if socks else None
        return TunnelConnector(
            lambda _host, _port: socks,
            lambda _address: None,
            resolver=resolver,
            limit=self._connections,
            keepalive_timeout=KEEPALIVE_TIMEOUT,
        )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(  # type: ignore[misc]  # the base method is final, but quotes answers in errors and logs
        self,
        url: str,
        request_data: RequestData | None = None,
        read_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        write_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        connect_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        pool_timeout: Timeout = BaseRequest.DEFAULT_NONE,
    ) -> Any:
        """The method's result.

        Raises:
            TelegramError: the answer is a refusal or not Telegram's, or there is none. It is never quoted.
        """
        timeouts = (read_timeout, write_timeout, connect_timeout, pool_timeout)
        return parse_result(*await self.do_request(url, "POST", request_data, *timeouts))

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        write_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        connect_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        pool_timeout: Timeout = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """The HTTP status and body.

        Raises:
            NotWritten: nothing was sent.
            TimedOut: there was no answer in time; whether the request was applied is unknown.
            NetworkError: the connection broke; whether the request was applied is unknown.
        """
        body, headers = _encode_body(request_data)
        return await self._perform_request(
            method, url, body, headers, self._client_timeout(read_timeout, connect_timeout)
        )

    async def post_json(self, url: str, body: bytes) -> tuple[int, bytes]:
        """`do_request` for an encoded body: a fan-out to thousands of chats builds nothing per chat."""
        return await self._perform_request("POST", url, body, _JSON, self._default_timeout)

    async def _perform_request(
        self,
        method: str,
        url: str,
        body: bytes | aiohttp.FormData | None,
        headers: Mapping[str, str] | None,
        timeout: aiohttp.ClientTimeout,
    ) -> tuple[int, bytes]:
        if self._session is None:
            await self.initialize()
        assert self._session
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                **self._proxy_options(url, headers or {}),
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:  # from the proxy
                    raise NotWritten(
                        self._connection_error("it wants a name and a password, or does not take ours (407)")
                    )
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotWritten(self._connection_error(_error_reason(error))) from None
        except aiohttp.InvalidURL as error:
            raise NotWritten(f"no connection: {type(error).__name__}") from None
        except TimeoutError:
            raise TimedOut("no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"the connection broke: {type(error).__name__}") from None

    async def server_time(self, url: str) -> datetime | None:
        """The time of the server at `url`, to the second; None if it does not say."""
        await self.initialize()
        assert self._session
        try:
            async with self._session.head(
                url, allow_redirects=False, **self._proxy_options(url, {})
            ) as answer:
                return parsedate_to_datetime(answer.headers["Date"])
        except (aiohttp.ClientError, TimeoutError, OSError, KeyError, ValueError):
            return None

    def _proxy_options(self, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """Headers and the HTTP proxy, which authenticates us by CONNECT, or by the request it forwards."""
        if self._http_proxy is None:
            return {"headers": headers}
        if url.startswith("https:"):
            return {"headers": headers, "proxy": self._http_proxy, "proxy_headers": self._proxy_headers}
        return {"headers": {**headers, **self._proxy_headers}, "proxy": self._http_proxy}

    def _connection_error(self, words: str) -> str:
        """An error text: no connection, through which proxy, and why."""
        through = f" through {self._proxy.named}" if self._proxy else ""
        return f"no connection{through}: {words}"

    def _client_timeout(self, read: Timeout, connect: Timeout) -> aiohttp.ClientTimeout:
        if read is BaseRequest.DEFAULT_NONE and connect is BaseRequest.DEFAULT_NONE:
            return self._default_timeout
        return aiohttp.ClientTimeout(
            total=None,
            connect=self._connect_timeout if connect is BaseRequest.DEFAULT_NONE else connect,
            sock_read=self._read_timeout if read is BaseRequest.DEFAULT_NONE else read,
        )


def _proxy_authorization(proxy: Proxy | None) -> dict[str, str]:
    if proxy is None or not (proxy.username or proxy.password):
        return {}
    return {"Proxy-Authorization": aiohttp.encode_basic_auth(proxy.username, proxy.password)}


_JSON = {"Content-Type": "application/json"}
_encode = json.JSONEncoder(ensure_ascii=False).encode


def _encode_body(
    request_data: RequestData | None,
) -> tuple[bytes | aiohttp.FormData | None, dict[str, str] | None]:
    """The body and its headers: JSON, or a form if there are files."""
    if request_data is None:
        return None, None
    if not request_data.contains_files:
        return _encode(request_data.parameters).encode(), _JSON
    form = aiohttp.FormData()
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in request_data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form, None


def _error_reason(error: Exception) -> str:
    cause = getattr(error, "os_error", None)
    if isinstance(cause, OSError) and cause.errno and cause.errno > 0:
        return os.strerror(cause.errno)  # asyncio's text has the address; getaddrinfo's errors have no errno
    return getattr(cause, "strerror", None) or type(error).__name__
