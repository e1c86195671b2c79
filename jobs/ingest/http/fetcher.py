"""Ask a site for something, politely and within limits: the one door to HTTP.

Redirects are followed here, each hop checked like the first. Whatever a server does ends as a value
with a sentence, within one deadline.
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

from jobs.clock import Clock, within
from jobs.config import Fetching
from jobs.ingest.http.decompress import BadPacking, TooLarge
from jobs.ingest.http.headers import content_type
from jobs.ingest.http.host_limits import Hosts
from jobs.ingest.http.response import header, known, read_body, read_start, rest_wanted, trouble, whole
from jobs.ingest.http.results import (
    FeedGone,
    FetchFailed,
    FetchOutcome,
    Peeked,
    Posted,
    Seconds,
)
from jobs.ingest.http.session import open_session, sentence
from jobs.ingest.http.ssrf import url_refusal

#: What we like best, for each kind of thing that we ask for.
FEED = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
PICTURE = "image/jpeg, image/png, image/webp, image/gif, */*;q=0.1"

MOST_REDIRECTS = 5
#: Bytes of a hub's answer that an operator may want to see.
ANSWER = 2_000
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_METHOD_KEPT = frozenset({307, 308})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Route:
    """How we came where we are."""

    url: str
    at: str
    permanent: str  #: behind the leading permanent redirects
    leading: bool = True  #: there has been no other kind of redirect yet
    been: tuple[str, ...] = ()  #: the hops before this one

    @property
    def host(self) -> str:
        return host_of(self.at)

    def failed(self, reason: str, status: int = 0, retry_after: Seconds | None = None) -> FetchFailed:
        return FetchFailed(
            url=self.url, reason=reason, status=status, host=self.host, retry_after=retry_after
        )

    def onwards(self, location: str, status: int) -> "_Route":
        """The next hop. A step from https down to http is taken, and never remembered."""
        there = _joined(self.at, location.strip().replace(" ", "%20")).partition("#")[0]
        lower = self.at.startswith("https:") and not there.startswith("https:")
        leading = self.leading and status in _PERMANENT and not lower
        permanent = there if leading else self.permanent
        return replace(self, at=there, permanent=permanent, leading=leading, been=(*self.been, self.at))


Use = Callable[[aiohttp.ClientResponse, _Route], Awaitable[T]]


class Fetcher:
    """One client for all that Newswire asks of sites; made inside the running event loop."""

    def __init__(self, policy: Fetching, clock: Clock, resolver: AbstractResolver | None = None) -> None:
        self.policy = policy
        self.clock = clock
        self._hosts = Hosts(clock)
        self._session = open_session(policy, resolver)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._session.close()

    async def fetch(
        self, url: str, *, etag: str = "", last_modified: str = "", accept: str = FEED
    ) -> FetchOutcome:
        """The whole body at `url`, unless it is what the validators stand for."""
        sent = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        conditions = {name: value for name, value in sent.items() if value}

        async def use(response: aiohttp.ClientResponse, route: _Route) -> FetchOutcome:
            rest = known(response, url, route.at, route.permanent, conditions, self.clock.now())
            if response.status == HTTPStatus.NOT_MODIFIED and conditions:
                return rest
            if response.status == HTTPStatus.GONE:
                return FeedGone(url=url, reason=f"{route.host} says that it is gone for good (410)")
            if failure := self._failure(response, route):
                return failure
            return whole(response, rest, await read_body(response, self.policy.max_bytes))

        return await self._ask("GET", url, {"Accept": accept, **conditions}, use, aside=accept != FEED)

    async def peek(self, url: str, *, accept: str = PICTURE) -> Peeked | FetchFailed:
        """The first bytes at `url`, and the length of the whole, read to the end only if not told."""

        async def use(response: aiohttp.ClientResponse, route: _Route) -> Peeked | FetchFailed:
            if failure := self._failure(response, route):
                return failure
            start, length = await read_start(response, self.policy.max_bytes)
            kind, _ = content_type(header(response, "Content-Type"))
            return Peeked(url=url, final_url=route.at, start=start, length=length, content_type=kind)

        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        return await self._ask("GET", url, headers, use, aside=True)

    async def post(self, url: str, form: Mapping[str, str]) -> Posted | FetchFailed:
        """Send a form, as WebSub does; only redirects that keep the method are followed."""

        async def use(response: aiohttp.ClientResponse, route: _Route) -> Posted | FetchFailed:
            start = await response.content.read(ANSWER)
            return Posted(url=route.at, status=response.status, body=start)

        return await self._ask("POST", url, {}, use, form)

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        use: Use[T],
        form: object = None,
        *,
        aside: bool = False,
    ) -> T | FetchFailed:
        route = _Route(url, url, url)
        if refusal := url_refusal(url):
            return FetchFailed(url=url, reason=f"the address cannot be fetched: {refusal}")
        limit = self.policy.timeout
        async with self._hosts.turn(route.host, aside=aside):
            try:
                return await within(self.clock, limit, self._travel(method, route, headers, use, form))
            except TimeoutError:
                return route.failed(f"{route.host} took longer than {limit:g} s in all")

    async def _travel(
        self, method: str, route: _Route, headers: Mapping[str, str], use: Use[T], form: object
    ) -> T | FetchFailed:
        followed = _REDIRECTS if method == "GET" else _METHOD_KEPT
        while True:
            address, refusal = _exact(route.at), self._refusal(route)
            if address is None or refusal is not None:
                return refusal or route.failed("the address cannot be fetched: its host is not valid")
            try:
                async with self._session.request(
                    method, address, headers=headers, data=form, allow_redirects=False
                ) as response:
                    location = header(response, "Location")
                    if response.status not in followed or not location:
                        return await use(response, route)
                    route = route.onwards(location, response.status)
            except (BadPacking, TooLarge) as error:
                return route.failed(f"the answer of {route.host} {error}")
            except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
                return route.failed(sentence(error, route.host))

    def _refusal(self, route: _Route) -> FetchFailed | None:
        """Why the next hop is not taken."""
        if len(route.been) > MOST_REDIRECTS:
            return route.failed(f"there are more than {MOST_REDIRECTS} redirects in a row")
        if route.at in route.been:
            return route.failed("its redirects go in a circle")
        if route.been and (refusal := url_refusal(route.at)):
            return replace(route.failed(f"it redirects to where we do not go: {refusal}"), host="")
        if rest := self._hosts.rest_left(route.host):
            return route.failed(f"{route.host} asked to be left alone for now", retry_after=Seconds(rest))
        return None

    def _failure(self, response: aiohttp.ClientResponse, route: _Route) -> FetchFailed | None:
        wait = rest_wanted(response, self.clock.now())
        if wait:
            self._hosts.let_rest(route.host, wait)
        words = trouble(response)
        return route.failed(f"{route.host} {words}", response.status, wait) if words else None


def host_of(url: str) -> str:
    """The `name:port` or `name` that `url` asks, in lower case; "" where it names none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _joined(base: str, location: str) -> str:
    """Where `location` leads, or itself, to be refused, where it leads nowhere."""
    try:
        return urljoin(base, location)
    except ValueError:
        return location


def _exact(url: str) -> URL | None:
    """The URL as it was written, quoted only where it holds what HTTP cannot carry; None for no URL."""
    try:
        return URL(url, encoded=url.isascii())
    except ValueError:
        return None
