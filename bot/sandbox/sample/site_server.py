"""The sample news site over HTTP, its schedule, and an editor's actions."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2s

from aiohttp import web

from bot.sandbox.sample import sample_newsroom as schedule
from bot.sandbox.sample import sample_site
from bot.sandbox.sample.drawing import draw_picture
from bot.sandbox.sample.sample_newsroom import NewsroomState, PublishedStory
from bot.sandbox.sample.sample_stories import STORIES_FOLDER, load_collections
from jobs.clock import Clock, Notifier

PREFIX = "/gazette"
STYLESHEET = STORIES_FOLDER / "gazette.css"
IDLE_DELAY = 3600.0  #: seconds to wait while the schedule is stopped
SECURITY_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"


class SampleSite:
    """A news site that publishes every `interval` seconds (at first `pace`), and on demand.

    `base_url` is the site's address; `open_sandbox` sets it once the port is known. `on_change` (at first
    `changed`) is called after each change, so that the bot can update its feeds at once, and `on_schedule`
    whenever `next_at` is set.
    """

    def __init__(
        self, clock: Clock, *, pace: float = 20.0, changed: Callable[[], None] = lambda: None
    ) -> None:
        self.clock = clock
        self.interval = pace
        self.on_change = changed
        self.on_schedule: Callable[[], None] = lambda: None
        self.next_at: datetime | None = None  #: of the next step; None while the schedule is stopped
        self.base_url = f"http://127.0.0.1{PREFIX}"
        self.state: NewsroomState = schedule.open_newsroom(load_collections(), clock.now())
        self._interval_changed = Notifier()

    def feed_urls(self) -> dict[str, str]:
        """The feeds' URLs by language."""
        return {
            language: f"{self.base_url}/{language}/feed.xml"
            for language in sample_site.list_languages(self.state)
        }

    def publish_next(self, language: str) -> bool:
        """Publish the next story of `language`."""
        return self._set_state(schedule.publish_story(self.state, self.clock.now(), language))

    def correct_newest(self) -> bool:
        """Correct the newest story that has no correction yet; False if there is none."""
        return self._set_state(schedule.correct_story(self.state, self.clock.now()))

    def withdraw_newest(self) -> bool:
        """Withdraw the newest story; False if none is left."""
        return self._set_state(schedule.withdraw_story(self.state, self.clock.now()))

    def set_interval(self, seconds: float) -> None:
        """Take a step every `seconds` from now on; 0 stops the schedule."""
        self.interval = seconds
        self._interval_changed.notify()

    async def run(self) -> None:
        """Run the schedule until cancelled."""
        while True:
            now = self.clock.now()
            self.next_at = now + timedelta(seconds=self.interval) if self.interval else None
            self.on_schedule()
            interval_changed = await self._interval_changed.wait(self.clock, self.interval or IDLE_DELAY)
            if self.interval and not interval_changed:
                self._set_state(schedule.run_next_step(self.state, self.clock.now()))

    def find_story(self, url: str) -> PublishedStory | None:
        """The live story at `url`, for its preview; None if there is none."""
        found = self.state.story_at(url.removeprefix(self.base_url + "/").split("?")[0].split("#")[0])
        return found if found and found.is_live else None

    def is_picture(self, url: str) -> bool:
        return url.startswith(f"{self.base_url}/pictures/")

    def routes(self) -> list[web.RouteDef]:
        """The routes of the site, below `/gazette`."""
        return [
            web.get(f"{PREFIX}/", self._redirect_home),
            web.get(f"{PREFIX}/style.css", self._serve_stylesheet),
            web.get(PREFIX + r"/{language:en|my}/", self._serve_front_page),
            web.get(PREFIX + r"/{language:en|my}/feed.xml", self._serve_feed),
            web.get(PREFIX + r"/{language:en|my}/{slug:[a-z0-9-]{1,80}}", self._serve_story),
            web.get(PREFIX + r"/pictures/{language:en|my}/{slug:[a-z0-9-]{1,80}}.png", self._serve_picture),
        ]

    def _set_state(self, state: NewsroomState) -> bool:
        changed = state.published != self.state.published
        self.state = state
        if changed:
            self.on_change()
        return changed

    async def _redirect_home(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{PREFIX}/en/")

    async def _serve_stylesheet(self, request: web.Request) -> web.StreamResponse:
        return _text_response(STYLESHEET.read_text("utf-8"), "text/css")

    async def _serve_front_page(self, request: web.Request) -> web.StreamResponse:
        return _text_response(
            sample_site.render_front_page(self.state, request.match_info["language"], self.base_url)
        )

    async def _serve_story(self, request: web.Request) -> web.StreamResponse:
        language = request.match_info["language"]
        item = self.state.story_at(f"{language}/{request.match_info['slug']}")
        if item is None:
            return _text_response(sample_site.render_notice(language, self.base_url, "missing"), status=404)
        if not item.is_live:
            return _text_response(sample_site.render_notice(language, self.base_url, "gone"), status=410)
        return _text_response(sample_site.render_story(self.state, item, self.base_url))

    async def _serve_picture(self, request: web.Request) -> web.StreamResponse:
        path = f"{request.match_info['language']}/{request.match_info['slug']}"
        item = self.state.story_at(path)
        if item is None or not item.is_live:
            raise web.HTTPNotFound
        drawn = await asyncio.to_thread(draw_picture, item.story.slug, item.story.section)
        return web.Response(body=drawn, content_type="image/png", headers={"Cache-Control": "max-age=86400"})

    async def _serve_feed(self, request: web.Request) -> web.StreamResponse:
        language = request.match_info["language"]
        body = sample_site.render_feed(self.state, language, self.base_url).encode()
        changed = max(item.changed_at for item in self.state.published if item.language == language)
        headers = {
            "ETag": f'"{blake2s(body, digest_size=10).hexdigest()}"',
            "Last-Modified": format_datetime(changed, usegmt=True),
            "Cache-Control": "no-cache",
        }
        if _is_not_modified(request, headers):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="application/rss+xml", charset="utf-8", headers=headers)


def _is_not_modified(request: web.Request, headers: dict[str, str]) -> bool:
    """Whether to answer 304: by If-None-Match if sent, or else by If-Modified-Since (RFC 9110, 13.2.2)."""
    known = request.headers.get("If-None-Match")
    if known is not None:
        return headers["ETag"] in (tag.strip().removeprefix("W/") for tag in known.split(","))
    try:
        since = parsedate_to_datetime(request.headers["If-Modified-Since"])
        return parsedate_to_datetime(headers["Last-Modified"]) <= since
    except (KeyError, ValueError, TypeError):
        return False


def _text_response(text: str, kind: str = "text/html", status: int = 200) -> web.Response:
    headers = {"Content-Security-Policy": SECURITY_POLICY, "X-Content-Type-Options": "nosniff"}
    return web.Response(text=text, content_type=kind, charset="utf-8", status=status, headers=headers)
