"""A feed update is stored completely or not at all, wherever it stops and whatever runs concurrently."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event

from jobs.ingest import pipeline
from storage import feeds
from storage.database import open_database
from tests.conftest import MovedClock
from tests.jobs.ingest.newsroom import FEED, Newsroom, rss, story

FIRST = [story(3), story(2), story(1)]
THEN = [story(4), story(3, title="Corrected"), story(2, link="https://news.example/2-moved"), story(1)]


class Stopped(Exception):
    """Raised at the statement at which the update stops."""


async def stopped_at(newsroom: Newsroom, number: int) -> bool:
    """Update up to the statement with this number; whether it was reached."""
    statements = count(1)

    def stop(*_about: object) -> None:
        if next(statements) == number:
            raise Stopped

    event.listen(newsroom.db.engine, "before_cursor_execute", stop)
    try:
        await newsroom.update()
    except (Stopped, ExceptionGroup):
        return True
    finally:
        event.remove(newsroom.db.engine, "before_cursor_execute", stop)
    return False


async def test_an_update_stopped_at_any_statement_leaves_nothing_doubled_and_nothing_lost(
    newsroom: Newsroom,
) -> None:
    await newsroom.updates(FIRST)
    newsroom.publish(*THEN)
    stops = 0
    while await stopped_at(newsroom, stops + 1):
        stops += 1
        titles = await newsroom.titles()
        assert titles in (["Headline 1", "Headline 2", "Headline 3"], [*EXPECTED])
    assert stops > 20
    await newsroom.update()
    assert await newsroom.titles() == EXPECTED
    corrected = (await newsroom.articles())[2]
    assert corrected.revision == 2


EXPECTED = ["Headline 1", "Headline 2", "Corrected", "Headline 4"]


@pytest.mark.slow
@pytest.mark.parametrize("last", [12])
async def test_a_process_killed_in_the_middle_of_an_update_leaves_it_to_the_next_one(
    newsroom: Newsroom, tmp_path: Path, last: int
) -> None:
    document = tmp_path / "feed.xml"
    document.write_bytes(rss(*FIRST))
    address = newsroom.db.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    command = [sys.executable, "-m", "tests.jobs.ingest.dying", address, str(document)]
    killed = await asyncio.to_thread(subprocess.run, [*command, str(last)], capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr.decode()
    assert len(await newsroom.articles()) in (0, 3)
    whole = await asyncio.to_thread(subprocess.run, [*command, "0"], capture_output=True, check=False)
    assert whole.returncode == 0, whole.stderr.decode()
    assert await newsroom.titles() == ["Headline 1", "Headline 2", "Headline 3"]


async def test_two_newswires_that_update_at_once_store_each_article_once(
    newsroom: Newsroom, clock: MovedClock
) -> None:
    other = "https://news.example/world/feed"
    newsroom.publish(*FIRST)
    newsroom.publish(*FIRST[1:], story(9), url=other)
    await newsroom.db.run(feeds.register_urls, [FEED, other], clock.now())
    some = await newsroom.db.read(feeds.list_all)
    second = open_database(newsroom.db.engine.url.render_as_string(hide_password=False))
    try:
        twin = replace(newsroom.ingest, db=second)
        await asyncio.gather(
            pipeline.update_feeds(newsroom.ingest, some),
            pipeline.update_feeds(twin, some[::-1]),
            pipeline.update_feeds(twin, some),
        )
    finally:
        second.close()
    assert sorted(await newsroom.titles()) == ["Headline 1", "Headline 2", "Headline 3", "Headline 9"]


async def test_a_mistake_of_ours_at_one_feed_does_not_stop_the_others(newsroom: Newsroom) -> None:
    class Broken(Newsroom):
        async def parse(self, body: bytes, charset: str, url: str):  # type: ignore[no-untyped-def]
            if url == FEED:
                raise ZeroDivisionError
            return await super().parse(body, charset, url)

    other = "https://news.example/world/feed"
    broken = Broken(newsroom.db, newsroom.clock)
    broken.publish(story(1))
    broken.publish(story(2), url=other)
    with pytest.raises(ExceptionGroup):
        await broken.update(FEED, other)
    assert await broken.titles() == ["Headline 2"]
    feed = await broken.feed()
    assert feed.failures == 1
    assert feed.next_fetch_at > broken.clock.now()
