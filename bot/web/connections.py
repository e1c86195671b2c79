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
MOST = 256
#: A limit of descriptors leaves us this part of it: sites, Telegram and the database need the rest.
SHARE = 4
#: Connections taken in at a time; asyncio takes them all before it serves the first.
BACKLOG = 32
#: Seconds in which it is said once that there are no descriptors left.
SILENCE = 60.0

log = structlog.get_logger()


def most_connections() -> int:
    """How many connections we take, by the limit of descriptors that holds for this process."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if limit == resource.RLIM_INFINITY else max(1, min(MOST, limit // SHARE))


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server grants to all who come."""

    most: int = field(default_factory=most_connections)
    #: Seconds within which a request's head must have come, counted from the connection or the last answer.
    head: float = 30.0
    #: Seconds from the head on for everything else: the body, our work, and the answer's way out.
    done: float = 60.0


class Connections:
    """All that are open. One too many closes the one whose last request began longest ago."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open: dict[Connection, None] = {}  # the one to be closed first stands first

    def add(self, connection: "Connection") -> None:
        self._open[connection] = None
        if len(self._open) > self.limits.most:
            next(iter(self._open)).abort()

    def move_to_the_end(self, connection: "Connection") -> None:
        if connection in self._open:
            self._open[connection] = self._open.pop(connection)

    def remove(self, connection: "Connection") -> None:
        self._open.pop(connection, None)


class Connection(web.RequestHandler):
    """One of them."""

    __slots__ = ("_all", "_deadline")

    def __init__(self, server: web.Server, connections: Connections) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=connections.limits.head,
            access_log=None,  # type: ignore[arg-type]  # as AppRunner takes it
            lingering_time=2.0,
            auto_decompress=False,  # a body that comes packed is nobody's whom we know
        )
        self._all = connections
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._all.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._all.remove(self)
        self._forget_deadline()
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
        self._all.move_to_the_end(self)
        self._forget_deadline()
        self._deadline = asyncio.get_running_loop().call_later(self._all.limits.done, self.abort)

    def abort(self) -> None:
        """Close it now, whatever is still to be read or written."""
        self._all.remove(self)
        if self.transport is not None:
            self.transport.abort()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


@web.middleware
async def with_deadline(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the request's own time begin."""
    if isinstance(request.protocol, Connection):
        request.protocol.begin_request()
    return await handler(request)


class Site(web.BaseSite):
    """A TCP site whose connections are counted."""

    __slots__ = ("_address", "_limits")

    def __init__(self, runner: web.AppRunner, address: tuple[str, int], limits: Limits) -> None:
        super().__init__(runner)
        self._address = address
        self._limits = limits

    @property
    def name(self) -> str:
        host, port = self._address
        return f"http://{host}:{port}"

    async def start(self) -> None:
        await super().start()
        server, connections = self._runner.server, Connections(self._limits)
        assert server is not None
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_Exhaustion())
        self._server = await loop.create_server(
            lambda: Connection(server, connections), *self._address, backlog=BACKLOG
        )


class _Exhaustion:
    """Says in a line that no descriptors are left, where asyncio writes a traceback for each connection."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "socket.accept()" not in context.get("message", ""):
            loop.default_exception_handler(context)
        elif loop.time() >= self._silent_until:
            self._silent_until = loop.time() + SILENCE
            log.warning("new connections must wait", why=str(context.get("exception")))
