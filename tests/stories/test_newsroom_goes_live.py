"""From the site's feed to the channel: each new article is posted once and correctly, in every script."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from jobs.config import FeedHints
from storage import feeds
from tests.stories.house import desk, world

MATERIAL = Path(__file__).parents[2] / "material" / "feeds" / "corpus" / "feeds"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def item(number: int, title: str, summary: str = "", section: str = "World") -> str:
    date = format_datetime(NOON + timedelta(minutes=number))
    return (
        f"<item><title>{title}</title><link>https://paper.example/{number}</link><guid>{number}</guid>"
        f"<description>{summary}</description><category>{section}</category><pubDate>{date}</pubDate></item>"
    )


def feed(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>The Paper</title>{"".join(items)}</channel></rss>'.encode()


OLD = (item(1, "The river rises"), item(2, "The bridge is closed"))


async def test_the_first_update_posts_nothing_and_each_new_article_is_posted_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as paper:
        paper.site.says(feed(*OLD))
        await paper.looks(2)
        assert paper.posts() == []
        paper.site.says(feed(item(3, "The bridge opens again", "Ferries stop &amp; trains run."), *OLD))
        await paper.until(lambda: len(paper.posts()) == 1)
        await paper.looks(2)
        [post] = paper.posts()
        lines = post.content.text.plain.splitlines()
        assert lines[0] == "The bridge opens again"
        assert "Ferries stop & trains run." in lines
        assert "#World" in lines[-1]
        assert paper.box.state.event_log  # Telegram refused nothing:
        assert not [event for event in paper.box.state.event_log.events_since(0) if event.kind == "refused"]


async def test_backfill_posts_the_newest_articles_oldest_first(tmp_path: Path) -> None:
    async with desk(tmp_path, backfill=2) as paper:
        paper.site.says(feed(item(3, "Third"), *OLD))
        await paper.until(lambda: len(paper.posts()) == 2)
        assert paper.headlines() == ["The bridge is closed", "Third"]


async def test_burmese_and_markup_arrive_as_they_were_written(tmp_path: Path) -> None:
    title = "ရန်ကုန်တွင် ရေကြီးမှုကြောင့် လမ်းများပိတ်"
    async with desk(tmp_path) as paper:
        paper.site.says(feed(*OLD))
        await paper.looks(2)
        paper.site.says(feed(item(4, title, section="မြန်မာ"), item(5, "5 &lt; 6 &amp;amp; 7 &gt; 2"), *OLD))
        await paper.until(lambda: len(paper.posts()) == 2)
        assert sorted(paper.headlines()) == sorted([title, "5 < 6 & 7 > 2"])


async def test_a_corrected_headline_corrects_the_post(tmp_path: Path) -> None:
    async with desk(tmp_path) as paper:
        paper.site.says(feed(*OLD))
        await paper.looks(2)
        paper.site.says(feed(item(3, "Ministr resigns"), *OLD))
        await paper.until(lambda: len(paper.posts()) == 1)
        paper.site.says(feed(item(3, "Minister resigns"), *OLD))
        await paper.until(lambda: paper.headlines() == ["Minister resigns"])
        assert len(paper.posts()) == 1


async def test_a_restart_posts_nothing_again_and_loses_nothing(tmp_path: Path) -> None:
    async with world() as around:
        around.site.says(feed(*OLD))
        async with desk(tmp_path, around=around) as paper:
            await paper.looks(2)
            around.site.says(feed(item(3, "Before"), *OLD))
            await paper.until(lambda: len(paper.posts()) == 1)
        around.site.says(feed(item(4, "Meanwhile"), item(3, "Before"), *OLD))
        async with desk(tmp_path, around=around) as paper:
            await paper.until(lambda: len(paper.posts()) == 2)
            await paper.looks(2)
            assert paper.headlines() == ["Before", "Meanwhile"]


async def test_a_broken_feed_is_reported_and_the_other_goes_on(tmp_path: Path) -> None:
    async with desk(tmp_path, "/good", "/bad") as paper:
        paper.site.says(b"<html><body>We are down.</body></html>", "/bad")
        paper.site.says(feed(*OLD), "/good")
        await paper.looks(2, "/good")
        paper.site.says(feed(item(3, "News all the same"), *OLD), "/good")
        await paper.until(lambda: len(paper.posts()) == 1)

        states = {one.url: one.last_error for one in await paper.house.db.read(feeds.list_all)}
        assert states[paper.site.url("/good")] == ""
        assert states[paper.site.url("/bad")].endswith(".")


@pytest.mark.skipif(not MATERIAL.is_dir(), reason="material/ is not unpacked: make material FROM=folder")
async def test_two_real_feeds_reach_the_channel_each_article_once(tmp_path: Path) -> None:
    first = (MATERIAL / "burmese-reconstructed" / "wordpress_rss.xml").read_bytes()
    second = (MATERIAL / "greatfire-feeds" / "dw.rss").read_bytes()
    async with desk(tmp_path, "/my", "/zh", backfill=1000, feed_hints=FeedHints.IGNORE) as paper:
        paper.site.says(first, "/my")
        paper.site.says(second, "/zh")
        wanted = sum(len(re.findall(rb"<item[ >]", body)) for body in (first, second))
        await paper.until(lambda: len(paper.posts()) >= wanted, 60)
        await paper.looks(2, "/zh")
        links = [entity.url for post in paper.posts() for entity in post.content.text.entities if entity.url]
        assert len(paper.posts()) == wanted == len(set(links))
