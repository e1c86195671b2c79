"""A news site with a feed, which publishes and corrects stories on demand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from aiohttp import web

#: Items in the feed.
SHOWN = 60


@dataclass(slots=True)
class Story:
    """An invented story."""

    number: int
    title: str
    at: datetime
    corrected: int = 0


@dataclass
class Site:
    """The stories, and their feed."""

    address: str = ""
    stories: list[Story] = field(default_factory=list)

    def publish(self) -> Story:
        number = len(self.stories)
        story = Story(number, f"The ferry to island {number} sails again", datetime.now(UTC))
        self.stories.append(story)
        return story

    def correct(self, story: Story) -> None:
        story.corrected += 1
        story.title = f"The ferry to island {story.number} sails again at {story.corrected} o'clock"

    def link(self, story: Story) -> str:
        return f"{self.address}/story/{story.number}"

    @property
    def feed(self) -> str:
        return f"{self.address}/feed.xml"

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/feed.xml", self._feed), web.get("/story/{number}", self._page)]

    async def _feed(self, _request: web.Request) -> web.Response:
        items = "".join(self._item(story) for story in reversed(self.stories[-SHOWN:]))
        feed = f'<rss version="2.0"><channel><title>Ferry news</title>{items}</channel></rss>'
        return web.Response(text=feed, content_type="application/rss+xml")

    def _item(self, story: Story) -> str:
        link = self.link(story)
        return (
            f"<item><title>{escape(story.title)}</title><link>{link}</link><guid>{link}</guid>"
            f"<category>Ferries</category><description>Passengers may board from noon.</description>"
            f"<pubDate>{format_datetime(story.at)}</pubDate></item>"
        )

    async def _page(self, request: web.Request) -> web.Response:
        page = f"<html><head><title>Story {request.match_info['number']}</title></head><body></body></html>"
        return web.Response(text=page, content_type="text/html")
