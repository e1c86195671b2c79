"""Who may talk to the sandbox? Only this machine, and of all web pages only its own.

Any page that a browser shows can send requests to 127.0.0.1, and a name that it owns can be made to point
there (DNS rebinding). So every request must name this address, and none may come from another site. The one
exception is a link from elsewhere to a page; the Bot API and the box's own routes are no pages.
"""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Middleware

OTHER_SITES = frozenset({"cross-site", "same-site"})  #: Sec-Fetch-Site (W3C, Fetch Metadata)
FOREIGN_MESSAGE = "Another site may not use the sandbox."


def is_loopback(host: str) -> bool:
    """Whether `host` is a name or an address of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def own_hosts(host: str, port: int) -> frozenset[str]:
    """The Host headers that mean this server."""
    names = {host if ":" not in host else f"[{host}]", "localhost", "127.0.0.1", "[::1]"}
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())


def host_middleware(hosts: Callable[[], frozenset[str]]) -> Middleware:
    """Refuse what comes under another name or from another site. `hosts` is asked each time."""

    @web.middleware
    async def check_request(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        reason = rejection_reason(request, hosts())
        if reason:
            return web.json_response({"error": reason}, status=403)
        return await handler(request)

    return check_request


def rejection_reason(request: web.BaseRequest, hosts: frozenset[str]) -> str:
    """Why the request may not be answered; "" where it may."""
    if request.headers.get("Host", "").lower() not in hosts:
        return "The sandbox answers only under its own address."
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() not in {f"http://{host}" for host in hosts}:
        return FOREIGN_MESSAGE
    navigates = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
    return FOREIGN_MESSAGE if _is_cross_site(request) and not navigates else ""


def is_foreign(request: web.BaseRequest) -> bool:
    """Whether a browser brings the request from another site, a followed link too: for what is no page."""
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.headers.get('Host', '')}"
    return _is_cross_site(request) or (origin is not None and origin.lower() != own.lower())


def _is_cross_site(request: web.BaseRequest) -> bool:
    return request.headers.get("Sec-Fetch-Site", "").lower() in OTHER_SITES
