"""The one web server: routes that others bring, on HTTP_ADDRESS."""

import os
from collections.abc import Iterable, Sequence

from aiohttp import web
from aiohttp.web import AbstractRouteDef

from bot.web.connections import ConnectionLimits, LimitedSite, with_deadline

#: Bytes of a request's body that is read whole, as an update is: many times what Telegram's largest has. What
#: is long is read by its route, piece by piece.
LARGEST_BODY = 1_000_000

Address = tuple[str, int]


class CannotListen(Exception):
    """The address is not to be had; the message is the system's reason."""


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
        # asyncio's own words name the address again; getaddrinfo's have a number below zero
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise CannotListen(str(why)) from None
    return runner


async def listen_problem(address: Address) -> str:
    """Why nothing can be served there now; "" where it can."""
    try:
        runner = await start_server(address, ())
    except CannotListen as error:
        return str(error)
    await runner.cleanup()
    return ""
