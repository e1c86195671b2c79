"""Protects the sandbox from other web sites: DNS rebinding and cross-site requests.

Any web page can make the browser send requests to 127.0.0.1, and its own host name can be made to resolve to
it (DNS rebinding). So every request must have this server's Host, and none may come from another site. The
one exception is a link to one of the pages; the Bot API and the control API are not pages.
"""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Middleware

OTHER_SITES = frozenset({"cross-site", "same-site"})  #: Sec-Fetch-Site (W3C, Fetch Metadata)
FOREIGN_MESSAGE = "Another site may not use the sandbox."


def is_loopback(host: str) -> bool:
    """Whether `host` is `localhost` or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def own_hosts(host: str, port: int) -> frozenset[str]:
    """The values of the Host header that name this server."""
    names = {host if ":" not in host else f"[{host}]", "localhost", "127.0.0.1", "[::1]"}
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())


def host_middleware(hosts: Callable[[], frozenset[str]]) -> Middleware:
    """Reject requests with another Host or from another site. `hosts` is called for each request."""

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
    """Why the request is rejected; "" if it is accepted."""
    if request.headers.get("Host", "").lower() not in hosts:
        return "The sandbox answers only requests to its own address."
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() not in {f"http://{host}" for host in hosts}:
        return FOREIGN_MESSAGE
    navigates = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
    return FOREIGN_MESSAGE if _is_cross_site(request) and not navigates else ""


def is_foreign(request: web.BaseRequest) -> bool:
    """Whether a browser sent the request from another site, by a link too: for routes that are not pages."""
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.headers.get('Host', '')}"
    return _is_cross_site(request) or (origin is not None and origin.lower() != own.lower())


def _is_cross_site(request: web.BaseRequest) -> bool:
    return request.headers.get("Sec-Fetch-Site", "").lower() in OTHER_SITES
