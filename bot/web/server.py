"""The web server on HTTP_ADDRESS, for the routes of other modules."""

import os
from collections.abc import Iterable, Sequence

from aiohttp import web
from aiohttp.web import AbstractRouteDef

from bot.web.connections import ConnectionLimits, LimitedSite, with_deadline

#: Bytes of a request body that is read at once, such as an update: many times Telegram's largest. Routes that
#: accept more read it in chunks.
LARGEST_BODY = 1_000_000

Address = tuple[str, int]


class CannotListen(Exception):
    """The address cannot be listened on. The message is the system's reason."""


async def start_server(
    address: Address,
    routes: Iterable[Sequence[AbstractRouteDef] | web.RouteTableDef],
    limits: ConnectionLimits | None = None,
) -> web.AppRunner:
    """Serve on (host, port) until the runner is cleaned up. Raises CannotListen."""
    application = web.Application(client_max_size=LARGEST_BODY, middlewares=[with_deadline])
    for group in routes:
        application.add_routes(group)
    runner = web.AppRunner(application, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await LimitedSite(runner, address, limits or ConnectionLimits()).start()
    except OSError as error:
        await runner.cleanup()
        # asyncio's own message repeats the address; errors of getaddrinfo have a negative number
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise CannotListen(str(reason)) from None
    return runner


async def listen_problem(address: Address) -> str:
    """Return why the address cannot be listened on at present, or "" if it can."""
    try:
        runner = await start_server(address, ())
    except CannotListen as error:
        return str(error)
    await runner.cleanup()
    return ""
