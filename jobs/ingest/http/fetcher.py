"""Fetch from sites, politely and within limits.

Redirects are followed here, and each hop is checked like the first. Whatever a server does, the outcome is a
value, with a reason if it failed, within one deadline.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Self, TypeVar
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from jobs.clock import Clock, with_timeout
from jobs.config import FetchPolicy
from jobs.ingest.http.decompress import DecompressionFailed, TooLarge
from jobs.ingest.http.headers import parse_content_type
from jobs.ingest.http.host_limits import HostLimiter
from jobs.ingest.http.response import (
    add_body,
    describe_failure,
    read_body,
    read_header,
    read_metadata,
    read_start,
    requested_pause,
)
from jobs.ingest.http.results import (
    FeedGone,
    FetchFailed,
    FetchOutcome,
    PeekResult,
    PostResult,
    Seconds,
)
from jobs.ingest.http.session import describe_error, open_session
from jobs.ingest.http.ssrf import url_refusal

ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
)
ACCEPT_IMAGE = "image/jpeg, image/png, image/webp, image/gif, */*;q=0.1"

MAX_REDIRECTS = 5
#: Bytes of a hub's response to show to operators.
MAX_POST_ANSWER = 2_000
_PERMANENT_REDIRECTS = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_METHOD_KEEPING_REDIRECTS = frozenset({307, 308})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Route:
    """The redirects followed so far."""

    url: str
    current_url: str
    permanent_url: str  #: after the leading permanent redirects
    all_permanent: bool = True  #: all redirects so far were permanent
    visited: tuple[str, ...] = ()  #: the earlier hops

    @property
    def host(self) -> str:
        return host_of(self.current_url)

    def make_failure(self, reason: str, status: int = 0, retry_after: Seconds | None = None) -> FetchFailed:
        return FetchFailed(
            url=self.url, reason=reason, status=status, host=self.host, retry_after=retry_after
        )

    def next_hop(self, location: str, status: int) -> "_Route":
        """The next hop. A redirect from https to http is followed, but never permanent."""
        there = _resolve_location(self.current_url, location.strip().replace(" ", "%20")).partition("#")[0]
        lower = self.current_url.startswith("https:") and not there.startswith("https:")
        leading = self.all_permanent and status in _PERMANENT_REDIRECTS and not lower
        permanent = there if leading else self.permanent_url
        return replace(
            self,
            current_url=there,
            permanent_url=permanent,
            all_permanent=leading,
            visited=(*self.visited, self.current_url),
        )


ResponseReader = Callable[[aiohttp.ClientResponse, _Route], Awaitable[T]]


class Fetcher:
    """The client for all requests to sites. Must be created inside a running event loop."""

    def __init__(self, policy: FetchPolicy, clock: Clock, resolver: AbstractResolver | None = None) -> None:
        self.policy = policy
        self.clock = clock
        self._host_limiter = HostLimiter(clock)
        self._session = open_session(policy, resolver)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._session.close()

    async def fetch(
        self, url: str, *, etag: str = "", last_modified: str = "", accept: str = ACCEPT_FEED
    ) -> FetchOutcome:
        """Fetch the body at `url`, unless it still matches the validators."""
        sent = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        conditions = {name: value for name, value in sent.items() if value}

        async def read_outcome(response: aiohttp.ClientResponse, route: _Route) -> FetchOutcome:
            rest = read_metadata(
                response, url, route.current_url, route.permanent_url, conditions, self.clock.now()
            )
            if response.status == HTTPStatus.NOT_MODIFIED and conditions:
                return rest
            if response.status == HTTPStatus.GONE:
                return FeedGone(url=url, reason=f"{route.host} says that it is gone for good (410)")
            if failure := self._response_failure(response, route):
                return failure
            return add_body(response, rest, await read_body(response, self.policy.max_bytes))

        return await self._send_request(
            "GET", url, {"Accept": accept, **conditions}, read_outcome, low_priority=accept != ACCEPT_FEED
        )

    async def peek(self, url: str, *, accept: str = ACCEPT_IMAGE) -> PeekResult | FetchFailed:
        """Fetch the first bytes at `url` and the length, read to the end only if that is not declared."""

        async def read_peek(response: aiohttp.ClientResponse, route: _Route) -> PeekResult | FetchFailed:
            if failure := self._response_failure(response, route):
                return failure
            start, length = await read_start(response, self.policy.max_bytes)
            kind, _ = parse_content_type(read_header(response, "Content-Type"))
            return PeekResult(
                url=url, final_url=route.current_url, start=start, length=length, content_type=kind
            )

        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        return await self._send_request("GET", url, headers, read_peek, low_priority=True)

    async def post(self, url: str, form: Mapping[str, str]) -> PostResult | FetchFailed:
        """Post a form, as WebSub does; only redirects that keep the method are followed."""

        async def read_answer(response: aiohttp.ClientResponse, route: _Route) -> PostResult | FetchFailed:
            start = await response.content.read(MAX_POST_ANSWER)
            return PostResult(url=route.current_url, status=response.status, body=start)

        return await self._send_request("POST", url, {}, read_answer, form)

    async def _send_request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        use: ResponseReader[T],
        form: object = None,
        *,
        low_priority: bool = False,
    ) -> T | FetchFailed:
        route = _Route(url, url, url)
        if refusal := url_refusal(url):
            return FetchFailed(url=url, reason=f"the address cannot be fetched: {refusal}")
        limit = self.policy.timeout
        async with self._host_limiter.request_slot(route.host, low_priority=low_priority):
            try:
                return await with_timeout(
                    self.clock, limit, self._follow_redirects(method, route, headers, use, form)
                )
            except TimeoutError:
                return route.make_failure(f"{route.host} took longer than {limit:g} s in all")

    async def _follow_redirects(
        self, method: str, route: _Route, headers: Mapping[str, str], use: ResponseReader[T], form: object
    ) -> T | FetchFailed:
        followed = _REDIRECTS if method == "GET" else _METHOD_KEEPING_REDIRECTS
        while True:
            address, refusal = _parse_url(route.current_url), self._hop_refusal(route)
            if address is None or refusal is not None:
                return refusal or route.make_failure("the address cannot be fetched: its host is not valid")
            try:
                async with self._session.request(
                    method, address, headers=headers, data=form, allow_redirects=False
                ) as response:
                    location = read_header(response, "Location")
                    if response.status not in followed or not location:
                        return await use(response, route)
                    route = route.next_hop(location, response.status)
            except (DecompressionFailed, TooLarge) as error:
                return route.make_failure(f"the response of {route.host} {error}")
            except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
                return route.make_failure(describe_error(error, route.host))

    def _hop_refusal(self, route: _Route) -> FetchFailed | None:
        """Why the next hop is not followed; None if it is."""
        if len(route.visited) > MAX_REDIRECTS:
            return route.make_failure(f"there are more than {MAX_REDIRECTS} redirects in a row")
        if route.current_url in route.visited:
            return route.make_failure("its redirects form a loop")
        if route.visited and (refusal := url_refusal(route.current_url)):
            return replace(
                route.make_failure(f"it redirects to an address that is not allowed: {refusal}"), host=""
            )
        if rest := self._host_limiter.pause_left(route.host):
            return route.make_failure(
                f"{route.host} asked not to be contacted for now", retry_after=Seconds(rest)
            )
        return None

    def _response_failure(self, response: aiohttp.ClientResponse, route: _Route) -> FetchFailed | None:
        wait = requested_pause(response, self.clock.now())
        if wait:
            self._host_limiter.pause_host(route.host, wait)
        words = describe_failure(response)
        return route.make_failure(f"{route.host} {words}", response.status, wait) if words else None


def host_of(url: str) -> str:
    """The `name` or `name:port` in `url`, in lower case; "" if there is none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _resolve_location(base: str, location: str) -> str:
    """The target of a redirect; `location` itself, which will be refused, if it is not valid."""
    try:
        return urljoin(base, location)
    except ValueError:
        return location


def _parse_url(url: str) -> URL | None:
    """The URL as written, quoted only if HTTP cannot carry it; None if it is not valid."""
    try:
        return URL(url, encoded=url.isascii())
    except ValueError:
        return None
