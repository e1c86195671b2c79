"""Limits the web server's connections: their number, and the time that a request may take.

aiohttp has a timeout only for idle connections; it counts an incomplete request head as idle (3.14,
`RequestHandler._process_keepalive`), and does not limit the number of connections.
"""

import asyncio
import resource
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

#: The maximum number of open connections, if the limit of file descriptors allows it.
MAX_CONNECTIONS = 256
#: The web server uses one in this many file descriptors: feeds, Telegram and the database need the others.
DESCRIPTOR_SHARE = 4
#: Connections accepted at a time: asyncio accepts a full backlog before it serves the first.
BACKLOG = 32
#: Seconds between two warnings that no file descriptors are left.
WARNING_INTERVAL = 60.0

log = structlog.get_logger()


def connection_limit() -> int:
    """Return the maximum number of connections, from the process's limit of file descriptors."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        MAX_CONNECTIONS
        if limit == resource.RLIM_INFINITY
        else max(1, min(MAX_CONNECTIONS, limit // DESCRIPTOR_SHARE))
    )


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The limits of one web server."""

    max_connections: int = field(default_factory=connection_limit)
    #: Seconds for a request's head, counted from the connection or the last response.
    head_timeout: float = 30.0
    #: Seconds after the head for everything else: the body, the handler, and writing the response.
    request_timeout: float = 60.0


class OpenConnections:
    """The open connections. If there is one too many, the one with the oldest last request is closed."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: dict[LimitedConnection, None] = {}  # ordered by their last request, the oldest first

    def add(self, connection: "LimitedConnection") -> None:
        self._open[connection] = None
        if len(self._open) > self.limits.max_connections:
            next(iter(self._open)).abort()

    def move_to_end(self, connection: "LimitedConnection") -> None:
        if connection in self._open:
            self._open[connection] = self._open.pop(connection)

    def remove(self, connection: "LimitedConnection") -> None:
        self._open.pop(connection, None)


class LimitedConnection(web.RequestHandler):
    """A connection with deadlines, counted by OpenConnections."""

    __slots__ = ("_deadline", "_open_connections")

    def __init__(self, server: web.Server, connections: OpenConnections) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=connections.limits.head_timeout,
            access_log=None,  # type: ignore[arg-type]  # AppRunner accepts None
            lingering_time=2.0,
            auto_decompress=False,  # neither Telegram nor hubs compress bodies
        )
        self._open_connections = connections
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._open_connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._open_connections.remove(self)
        self._cancel_deadline()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Refuse a malformed request without a log record: aiohttp would log a traceback and the request."""
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and not request.writer.output_size:
            refused = web.Response(status=status)
            refused.force_close()
            return refused
        return super().handle_error(request, status, exc, message)

    def begin_request(self) -> None:
        """Start the deadline of a request whose head is complete."""
        self._open_connections.move_to_end(self)
        self._cancel_deadline()
        self._deadline = asyncio.get_running_loop().call_later(
            self._open_connections.limits.request_timeout, self.abort
        )

    def abort(self) -> None:
        """Close the connection at once, even if there is something left to read or write."""
        self._open_connections.remove(self)
        if self.transport is not None:
            self.transport.abort()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


@web.middleware
async def with_deadline(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Start the request's deadline before its handler."""
    if isinstance(request.protocol, LimitedConnection):
        request.protocol.begin_request()
    return await handler(request)


class LimitedSite(web.BaseSite):
    """A TCP site with limited connections."""

    __slots__ = ("_address", "_limits")

    def __init__(self, runner: web.AppRunner, address: tuple[str, int], limits: ConnectionLimits) -> None:
        super().__init__(runner)
        self._address = address
        self._limits = limits

    @property
    def name(self) -> str:
        host, port = self._address
        return f"http://{host}:{port}"

    async def start(self) -> None:
        await super().start()
        server, connections = self._runner.server, OpenConnections(self._limits)
        assert server is not None
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_LoopExceptionHandler())
        self._server = await loop.create_server(
            lambda: LimitedConnection(server, connections), *self._address, backlog=BACKLOG
        )


class _LoopExceptionHandler:
    """Logs once a minute that no file descriptors are left; asyncio logs a traceback for each connection."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "socket.accept()" not in context.get("message", ""):
            loop.default_exception_handler(context)
        elif loop.time() >= self._quiet_until:
            self._quiet_until = loop.time() + WARNING_INTERVAL
            log.warning("accepting connections failed, retrying", reason=str(context.get("exception")))
