"""Strangers' connections: how many there may be, and how long a request may take to come.

aiohttp has a time-out for idle connections alone; it counts a request's head that has not come whole as
idleness (3.14, `RequestHandler._process_keepalive`), and knows no limit to their number.
"""

import asyncio
import resource
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

#: Connections at a time, where the system lets us have so many.
MAX_CONNECTIONS = 256
#: A limit of descriptors leaves us this part of it: sites, Telegram and the database need the rest.
DESCRIPTOR_SHARE = 4
#: Connections taken in at a time; asyncio takes them all before it serves the first.
BACKLOG = 32
#: Seconds in which it is said once that there are no descriptors left.
WARNING_INTERVAL = 60.0

log = structlog.get_logger()


def connection_limit() -> int:
    """How many connections we take, by the limit of descriptors that holds for this process."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        MAX_CONNECTIONS
        if limit == resource.RLIM_INFINITY
        else max(1, min(MAX_CONNECTIONS, limit // DESCRIPTOR_SHARE))
    )


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one server grants to all who come."""

    max_connections: int = field(default_factory=connection_limit)
    #: Seconds within which a request's head must have come, counted from the connection or the last answer.
    head_timeout: float = 30.0
    #: Seconds from the head on for everything else: the body, our work, and the answer's way out.
    request_timeout: float = 60.0


class OpenConnections:
    """All that are open. One too many closes the one whose last request began longest ago."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: dict[LimitedConnection, None] = {}  # the one to be closed first stands first

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
    """One of them."""

    __slots__ = ("_deadline", "_open_connections")

    def __init__(self, server: web.Server, connections: OpenConnections) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=connections.limits.head_timeout,
            access_log=None,  # type: ignore[arg-type]  # as AppRunner takes it
            lingering_time=2.0,
            auto_decompress=False,  # a body that comes packed is nobody's whom we know
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
        """A stranger's mistake is his own: aiohttp would log a traceback for it, and what he sent."""
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and not request.writer.output_size:
            refused = web.Response(status=status)
            refused.force_close()
            return refused
        return super().handle_error(request, status, exc, message)

    def begin_request(self) -> None:
        """A request's head has come."""
        self._open_connections.move_to_end(self)
        self._cancel_deadline()
        self._deadline = asyncio.get_running_loop().call_later(
            self._open_connections.limits.request_timeout, self.abort
        )

    def abort(self) -> None:
        """Close it now, whatever is still to be read or written."""
        self._open_connections.remove(self)
        if self.transport is not None:
            self.transport.abort()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


@web.middleware
async def with_deadline(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the request's own time begin."""
    if isinstance(request.protocol, LimitedConnection):
        request.protocol.begin_request()
    return await handler(request)


class LimitedSite(web.BaseSite):
    """A TCP site whose connections are counted."""

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
    """Says in a line that no descriptors are left, where asyncio writes a traceback for each connection."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "socket.accept()" not in context.get("message", ""):
            loop.default_exception_handler(context)
        elif loop.time() >= self._quiet_until:
            self._quiet_until = loop.time() + WARNING_INTERVAL
            log.warning("new connections must wait", why=str(context.get("exception")))
