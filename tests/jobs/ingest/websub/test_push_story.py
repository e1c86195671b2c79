"""WebSub end to end: a feed names its hub, Newswire subscribes, and what the hub pushes is stored."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from jobs.ingest import pipeline
from jobs.ingest.parse.parser import Parser
from jobs.ingest.refresh_schedule import PUSHED_WAIT
from jobs.ingest.update_feed import IngestContext
from jobs.ingest.websub.client import Push, sync_leases
from jobs.ingest.worker_pool import WorkerPool
from storage import articles, websub_subscriptions
from storage.database import Database
from tests.conftest import MovedClock
from tests.jobs.ingest.house import House, a_house
from tests.jobs.ingest.site import Site


def rss(*headlines: str) -> bytes:
    items = "".join(
        f"<item><title>{one}</title><link>https://paper.example/{number}</link></item>"
        for number, one in enumerate(headlines)
    )
    return f'<rss version="2.0"><channel><title>The Paper</title>{items}</channel></rss>'.encode()


class Desk:
    """A subscriber that stores feed updates and pushes; `kept` names each of them."""

    def __init__(self, house: House, parser: Parser, clock: MovedClock) -> None:
        self.house = house
        self.kept: asyncio.Queue[str] = asyncio.Queue()
        self.ingest = IngestContext(
            db=house.db,
            fetcher=house.fetcher,
            parser=parser,
            clock=clock,
            policy=house.websub.policy,
            on_stored=lambda: self.kept.put_nowait("kept"),
            next_time=lambda now: now + timedelta(minutes=2),
            random=lambda: 1.0,
        )
        house.hand_over = self.take

    async def take(self, push: Push) -> None:
        await pipeline.receive_push(self.ingest, push)

    async def update(self) -> None:
        await pipeline.update_one_feed(self.ingest, await self.house.now())

    async def headlines(self) -> set[str]:
        return {one.title for one in await self.house.db.read(articles.list_latest, 10)}


@pytest.fixture
async def desk(db: Database, clock: MovedClock) -> AsyncIterator[Desk]:
    children = WorkerPool(clock, most=1)
    async with a_house(db, clock) as house:
        yield Desk(house, Parser(children), clock)
    await children.close()


async def test_what_a_hub_pushes_is_kept_and_what_it_forges_is_not(desk: Desk, site: Site) -> None:
    house, now = desk.house, desk.ingest.clock.now()
    link = f'<{house.hub.url}>; rel="hub", <https://paper.example/feed>; rel="self"'
    site.says(rss("Old news"), Link=link, ETag='"1"')
    await house.change(fetch_url=site.url(), hub="", topic="")

    await desk.update()
    assert await desk.kept.get()
    assert (await house.now()).hub == house.hub.url
    assert (await house.now()).topic == "https://paper.example/feed"
    await sync_leases(house.websub)
    site.says(b"", status=304)
    await desk.update()
    assert (await house.now()).next_fetch_at >= now + PUSHED_WAIT

    await house.hub.publish(rss("Old news", "Forged news"), secret="guessed")
    await house.hub.publish(rss("Old news", "Breaking news"))
    assert await desk.kept.get()
    assert await desk.headlines() == {"Old news", "Breaking news"}


async def test_a_push_that_cannot_be_believed_triggers_an_update(desk: Desk, site: Site) -> None:
    """A push without a signature, from a hub without https, only triggers a feed update."""
    house = desk.house
    await sync_leases(house.websub)
    await house.db.run(websub_subscriptions.update_columns, (await house.lease()).callback, secret="")
    site.says(rss("True news"))
    await house.change(fetch_url=site.url())
    await house.hub.publish(rss("Forged news"))
    assert await desk.kept.get()
    assert await desk.headlines() == {"True news"}
