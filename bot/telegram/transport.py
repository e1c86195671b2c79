"""Requests to the Bot API over aiohttp: below python-telegram-bot's own seam, at a seventh of its cost.

All of it goes through the proxy that was handed in, if there is one, and past it never; the environment's
own proxies are read by `bot.config`. The proxy is given Telegram's name, so that nobody is asked for it here.

It tells a request that was never written from one of which nobody knows what became: a send may be repeated
after the first, never blindly after the second. Errors carry no address, since the address has the token.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.telegram.results import parse_result
from jobs.proxies import Proxy
from jobs.proxy_connector import PassthroughResolver, TunnelConnector

CONNECT_TIMEOUT = 10.0
#: The Bot API server itself waits out floods of up to 60 s before it answers (TDLib, NetQueryDelayer.cpp).
READ_TIMEOUT = 65.0
#: An idle connection is closed by us before the server does: a request written into a closed one is unclear.
KEEPALIVE_TIMEOUT = 10.0
MAX_CONNECTIONS = 512


class NotWritten(NetworkError):
    """No connection could be made: the request was surely not sent."""


class AiohttpRequest(BaseRequest):
    """python-telegram-bot's HTTP, and the sender's; one pool of connections."""

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
        by_http = proxy if proxy and not proxy.is_socks else None  # aiohttp speaks to these by itself
        self._http_proxy = str(by_http) if by_http else None
        self._proxy_headers = _proxy_authorization(by_http)
        self._default_timeout = aiohttp.ClientTimeout(
            total=None, connect=connect_timeout, sock_read=read_timeout
        )

    @property
    def read_timeout(self) -> float:
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the pool; needs a running event loop. Opening it twice changes nothing."""
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

    async def post(  # type: ignore[misc]  # meant to be final, and quotes answers in errors and logs
        self,
        url: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> Any:
        """What the method returned.

        Raises:
            TelegramError: the answer is a refusal, is not Telegram's, or there is none. Nothing is quoted.
        """
        timeouts = (read_timeout, write_timeout, connect_timeout, pool_timeout)
        return parse_result(*await self.do_request(url, "POST", request_data, *timeouts))

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """HTTP status and body.

        Raises:
            NotWritten: nothing was sent.
            TimedOut: the answer did not come in time; whether the request was applied is not known.
            NetworkError: the connection broke; the same.
        """
        body, headers = _encode_body(request_data)
        return await self._perform_request(
            method, url, body, headers, self._client_timeout(read_timeout, connect_timeout)
        )

    async def post_json(self, url: str, body: bytes) -> tuple[int, bytes]:
        """`do_request` for a body that is ready: nothing is made for each of ten thousand chats."""
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
                if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:  # says the proxy, for itself
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
        """What the server at `url` says the time is, to the second; None where it does not say."""
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
        """Headers and the HTTP proxy, which is told who we are in CONNECT, or in what it passes on."""
        if self._http_proxy is None:
            return {"headers": headers}
        if url.startswith("https:"):
            return {"headers": headers, "proxy": self._http_proxy, "proxy_headers": self._proxy_headers}
        return {"headers": {**headers, **self._proxy_headers}, "proxy": self._http_proxy}

    def _connection_error(self, words: str) -> str:
        """No connection, why, and through which proxy."""
        through = f" through {self._proxy.named}" if self._proxy else ""
        return f"no connection{through}: {words}"

    def _client_timeout(self, read: ODVInput[float], connect: ODVInput[float]) -> aiohttp.ClientTimeout:
        if isinstance(read, DefaultValue) and isinstance(connect, DefaultValue):
            return self._default_timeout
        return aiohttp.ClientTimeout(
            total=None,
            connect=self._connect_timeout if isinstance(connect, DefaultValue) else connect,
            sock_read=self._read_timeout if isinstance(read, DefaultValue) else read,
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
    """JSON; a form where files go along."""
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
        return os.strerror(cause.errno)  # asyncio's own words name the address, getaddrinfo has no number
    return getattr(cause, "strerror", None) or type(error).__name__
