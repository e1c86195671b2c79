"""The sample news site: the Sandbox Gazette on the air, and the editor's three buttons."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2s

from aiohttp import web

from bot.sandbox.sample import sample_newsroom as schedule
from bot.sandbox.sample import sample_site
from bot.sandbox.sample.drawing import picture
from bot.sandbox.sample.sample_newsroom import Desk, Published
from bot.sandbox.sample.sample_stories import FOLDER, read_shelves
from jobs.clock import Bell, Clock

PREFIX = "/gazette"
STYLE = FOLDER / "gazette.css"
STANDSTILL = 3600.0  #: seconds between two looks at whether the schedule goes on
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"


class Newsroom:
    """A site that publishes by itself every `pace` seconds, and at once when told to.

    `site` is its address as readers and the feed's fetcher see it; `open_sandbox` sets it once the port is
    known. `changed` is called after each change, so that the bot may look at the feeds at once; `scheduled`
    whenever the next beat has its time.
    """

    def __init__(
        self, clock: Clock, *, pace: float = 20.0, changed: Callable[[], None] = lambda: None
    ) -> None:
        self.clock = clock
        self.pace = pace
        self.changed = changed
        self.scheduled: Callable[[], None] = lambda: None
        self.next_at: datetime | None = None  #: of the next beat; None where the schedule stands still
        self.site = f"http://127.0.0.1{PREFIX}"
        self.desk: Desk = schedule.opening(read_shelves(), clock.now())
        self._paced = Bell()

    def feed_urls(self) -> dict[str, str]:
        """The feeds, by language."""
        return {language: f"{self.site}/{language}/feed.xml" for language in sample_site.languages(self.desk)}

    def publish(self, language: str) -> bool:
        """The next story of `language`, now."""
        return self._become(schedule.publish(self.desk, self.clock.now(), language))

    def correct(self) -> bool:
        """Correct the newest story that was not corrected yet; False where there is none."""
        return self._become(schedule.correct(self.desk, self.clock.now()))

    def withdraw(self) -> bool:
        """Take the newest story off the site; False where none is left."""
        return self._become(schedule.withdraw(self.desk, self.clock.now()))

    def set_pace(self, seconds: float) -> None:
        """From now on, a beat every `seconds`; 0 stops the schedule."""
        self.pace = seconds
        self._paced.ring()

    async def run(self) -> None:
        """Go on with the schedule until cancelled."""
        while True:
            now = self.clock.now()
            self.next_at = now + timedelta(seconds=self.pace) if self.pace else None
            self.scheduled()
            told = await self._paced.wait(self.clock, self.pace or STANDSTILL)
            if self.pace and not told:
                self._become(schedule.beat(self.desk, self.clock.now()))

    def item(self, url: str) -> Published | None:
        """The live story at `url`, for its preview."""
        found = self.desk.at(url.removeprefix(self.site + "/").split("?")[0].split("#")[0])
        return found if found and found.live else None

    def draws(self, url: str) -> bool:
        """Whether `url` is one of the site's pictures."""
        return url.startswith(f"{self.site}/pictures/")

    def routes(self) -> list[web.RouteDef]:
        """The site, below `/gazette`."""
        return [
            web.get(f"{PREFIX}/", self._home),
            web.get(f"{PREFIX}/style.css", self._style),
            web.get(PREFIX + r"/{language:en|my}/", self._front),
            web.get(PREFIX + r"/{language:en|my}/feed.xml", self._feed),
            web.get(PREFIX + r"/{language:en|my}/{slug:[a-z0-9-]{1,80}}", self._article),
            web.get(PREFIX + r"/pictures/{language:en|my}/{slug:[a-z0-9-]{1,80}}.png", self._picture),
        ]

    def _become(self, desk: Desk) -> bool:
        changed = desk.published != self.desk.published
        self.desk = desk
        if changed:
            self.changed()
        return changed

    async def _home(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{PREFIX}/en/")

    async def _style(self, request: web.Request) -> web.StreamResponse:
        return _page(STYLE.read_text("utf-8"), "text/css")

    async def _front(self, request: web.Request) -> web.StreamResponse:
        return _page(sample_site.front(self.desk, request.match_info["language"], self.site))

    async def _article(self, request: web.Request) -> web.StreamResponse:
        language = request.match_info["language"]
        item = self.desk.at(f"{language}/{request.match_info['slug']}")
        if item is None:
            return _page(sample_site.notice_page(language, self.site, "missing"), status=404)
        if not item.live:
            return _page(sample_site.notice_page(language, self.site, "gone"), status=410)
        return _page(sample_site.article(self.desk, item, self.site))

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        path = f"{request.match_info['language']}/{request.match_info['slug']}"
        item = self.desk.at(path)
        if item is None or not item.live:
            raise web.HTTPNotFound
        drawn = await asyncio.to_thread(picture, item.story.slug, item.story.section)
        return web.Response(body=drawn, content_type="image/png", headers={"Cache-Control": "max-age=86400"})

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        language = request.match_info["language"]
        body = sample_site.feed(self.desk, language, self.site).encode()
        changed = max(item.changed_at for item in self.desk.published if item.language == language)
        headers = {
            "ETag": f'"{blake2s(body, digest_size=10).hexdigest()}"',
            "Last-Modified": format_datetime(changed, usegmt=True),
            "Cache-Control": "no-cache",
        }
        if _unchanged(request, headers):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="application/rss+xml", charset="utf-8", headers=headers)


def _unchanged(request: web.Request, headers: dict[str, str]) -> bool:
    """RFC 9110, 13.2.2: If-None-Match decides where it is sent, else If-Modified-Since."""
    known = request.headers.get("If-None-Match")
    if known is not None:
        return headers["ETag"] in (tag.strip().removeprefix("W/") for tag in known.split(","))
    try:
        since = parsedate_to_datetime(request.headers["If-Modified-Since"])
        return parsedate_to_datetime(headers["Last-Modified"]) <= since
    except (KeyError, ValueError, TypeError):
        return False


def _page(text: str, kind: str = "text/html", status: int = 200) -> web.Response:
    headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
    return web.Response(text=text, content_type=kind, charset="utf-8", status=status, headers=headers)
