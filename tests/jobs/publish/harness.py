"""Publishing against Telegram in a box: a newsroom that works while the test moves the clock."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine

from bot.render import Html, escape, render_link
from bot.render.content import Content
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.limits import Limits
from bot.sandbox.transport.in_process import InProcessRequest
from bot.telegram.sender import TelegramSender
from jobs.clock import Notifier
from jobs.config import Edition, PublishPolicy, Rate
from jobs.publish.context import PostContext, PublishContext, create_rate_limiter
from jobs.publish.pipeline import run
from storage import articles, reports
from storage.database import Connection, Database
from storage.index import Index
from storage.privacy.erasure import Erasure
from storage.records import Article, Delivery
from tests.conftest import MovedClock, quiet
from tests.jobs.publish.newsroom import FEED, article, correct, every_delivery

P = ParamSpec("P")
T = TypeVar("T")


class TracesHere(Erasure):
    """Traces that are erased in the calling thread, as often as somebody asks."""

    async def erase(self) -> bool:
        self.is_needed = not self.erase_sync()
        return not self.is_needed


class DatabaseHere(Database):
    """The same database without its threads, so that the test's clock rules over everything."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.erasure = TracesHere(engine)

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        await asyncio.sleep(0)
        return self.run_sync(work, *args, **kwargs)

    run_batched = run

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        await asyncio.sleep(0)
        return self.read_sync(work, *args, **kwargs)

    read_serially = read


def wording(telling: PostContext) -> str:
    """A post in a few words; the real one is `bot.render`'s."""
    if not telling.articles:
        return Content(text=escape(telling.post.text)).to_json()
    lines = [render_link(escape(each.title), each.url) for each in telling.articles]
    if telling.withdrawn:
        lines = [Html("withdrawn")]
    if telling.corrected_at:
        lines.append(Html(f"Updated {telling.corrected_at:%H:%M}"))
    [first, *_] = telling.articles
    photo = first.image_url if telling.picture and telling.post.article_id else ""
    return Content(text=Html("\n".join(lines)), photo=photo, silent=telling.post.silent).to_json()


@dataclass
class Desk:
    """A newsroom: its database, its Telegram, and its policy."""

    db: DatabaseHere
    clock: MovedClock
    box: FakeTelegram
    policy: PublishPolicy
    bell: Notifier = field(default_factory=Notifier)
    index: Index = field(default_factory=Index)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self) -> PublishContext:
        return PublishContext(
            db=self.db,
            sender=TelegramSender(InProcessRequest(self.box), self.box.token),
            clock=self.clock,
            policy=self.policy,
            planning_due=self.bell,
            render=wording,
            rate_limiter=create_rate_limiter(self.policy),
            index=self.index,
        )

    def news(self, title: str, **about: Any) -> Article:
        """A new article, and the bell."""
        about.setdefault("now", self.clock.now())
        found = self.db.run_sync(article, title, **about)
        self.bell.notify()
        return found

    def correct(self, known: Article, title: str) -> Article:
        found = self.db.run_sync(correct, known, title, self.clock.now())
        self.bell.notify()
        return found

    def withdraw(self, known: Article) -> None:
        self.db.run_sync(articles.withdraw, known.id, self.clock.now())
        self.bell.notify()

    def said(self, chat_id: int) -> list[str]:
        """What the bot shows in a chat now."""
        shown = (self.box.view_message(message) for message in self.box.visible_messages(chat_id))
        return [view["text"] for view in shown if view["by_bot"]]

    def deliveries(self) -> list[Delivery]:
        return self.db.read_sync(every_delivery)

    def life(self, known: Article) -> reports.ArticleHistory:
        return self.db.read_sync(reports.article_history, known.id)

    async def pass_time(self, seconds: float, step: float = 0.25) -> None:
        """Let time pass in small steps, everything running in between."""
        while seconds > 0:
            await quiet()
            await self.clock.advance(min(step, seconds))
            seconds -= step
        await quiet()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Publishing runs in here, and stops in good order at the end."""
        self.stop = asyncio.Event()
        task = asyncio.create_task(run(self.publish(), self.stop))
        try:
            await self.pass_time(0.5)
            yield
        finally:
            self.stop.set()
            while not task.done():
                await self.pass_time(0.5)
            await task

    async def killed_while_working(self, seconds: float) -> None:
        """Publishing begins, and ends in the middle of whatever it does, as a crash would end it."""
        task = asyncio.create_task(run(self.publish(), asyncio.Event()))
        await self.pass_time(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def desk(db: Database, clock: MovedClock, *channels: int | str, **policy: Any) -> Desk:
    """A newsroom with these channels; the box has Telegram's own limits."""
    editions = policy.pop("editions", None) or (Edition(name="", channels=channels, feed_urls=(FEED,)),)
    limits = policy.pop("limits", None) or Limits(grace=0.0, burst=1)
    box = FakeTelegram(clock, random.Random(7), limits=limits)
    made = PublishPolicy(editions=editions, **policy)
    clock.settle = quiet
    return Desk(db=DatabaseHere(db.engine), clock=clock, box=box, policy=made)


def faster(policy: PublishPolicy) -> PublishPolicy:
    """The same without waiting for a channel's minute."""
    return replace(policy, rate_group=Rate(20, 1.0), rate_chat=Rate(20, 1.0))
