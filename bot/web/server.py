"""The one web server: routes that others bring, on HTTP_ADDRESS."""

from collections.abc import Iterable, Sequence

from aiohttp import web
from aiohttp.web import AbstractRouteDef

#: Bytes of a request's body: updates and pushed feeds.
LARGEST_BODY = 10_000_000


async def serve(
    address: tuple[str, int], routes: Iterable[Sequence[AbstractRouteDef] | web.RouteTableDef]
) -> web.AppRunner:
    """Serve on (host, port) until the runner is cleaned up. Raises OSError where the port is taken."""
    application = web.Application(client_max_size=LARGEST_BODY)
    for group in routes:
        application.add_routes(group)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, *address).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner
