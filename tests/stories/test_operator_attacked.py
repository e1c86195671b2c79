"""Attacks: hostile feeds, links into the private network, floods of commands. The bot goes on."""

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from storage import feeds
from tests.feeds import attacks
from tests.jobs.ingest.site import a_site
from tests.stories.house import desk, world
from tests.stories.test_newsroom_goes_live import feed, item

#: Larger files are left to the parser's own tests: some of them take seconds.
SMALL = 20_000
NEVER_SHOWN = set("\0\x07\x1b\u202e\u2066\ufffd")


async def test_hostile_feeds_cause_no_refused_posts_and_the_good_feed_goes_on(
    tmp_path: Path,
) -> None:
    bodies = {
        f"/{name}": body for name in attacks.NAMES if (body := attacks.body(name)) and len(body) < SMALL
    }
    async with desk(tmp_path, "/good", *bodies, processes=True, backfill=3, max_feed_bytes=SMALL) as paper:
        for path, body in bodies.items():
            paper.site.says(body, path)
        paper.site.says(feed(item(1, "Old")), "/good")
        await paper.until(lambda: "Old" in paper.headlines())
        paper.site.says(feed(item(2, "News"), item(1, "Old")), "/good")
        await paper.until(lambda: "News" in paper.headlines(), 60)
        looked = {one.url: one for one in await paper.house.db.read(feeds.list_all)}
        while not all(one.fetched_at for one in looked.values()):
            await paper.looks(1, "/good")
            looked = {one.url: one for one in await paper.house.db.read(feeds.list_all)}
        assert all(one.last_error.endswith(".") for one in looked.values() if one.failures)
        journal = paper.box.state.event_log.events_since(0)
        assert [event for event in journal if event.kind == "refused"] == []
        for post in paper.posts():
            assert not NEVER_SHOWN & set(post.content.text.plain)
            links = [entity.url for entity in post.content.text.entities if entity.url]
            assert all(link.startswith(("https://", "http://")) for link in links)
    assert len(bodies) > 40


async def test_no_feed_can_trigger_a_request_to_the_private_network(tmp_path: Path) -> None:
    async with a_site("127.0.0.2") as inside, world() as around:
        secret = inside.url("/secret")
        story = (
            f"<item><title>Lure</title><link>https://paper.example/1</link><guid>{secret}</guid>"
            f'<enclosure url="{secret}.jpg" type="image/jpeg"/><comments>{secret}</comments></item>'
            f"<item><title>Inside</title><link>{secret}</link></item>"
        )
        lure = feed(story).replace(
            b"<title>The Paper</title>",
            f'<link>{secret}</link><atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" '
            f'href="{inside.url("/hub")}"/><title>The Paper</title>'.encode(),
        )
        around.site.says(lure, "/lure")
        around.site.redirects("/away", secret)
        around.site.says(
            f'<link rel="alternate" type="application/rss+xml" href="{secret}">'.encode(), "/page"
        )
        own: dict[str, Any] = {
            "private_networks": (ip_network("127.0.0.1/32"),),
            "public_url": "https://paper.example",
        }
        async with desk(tmp_path, "/lure", "/away", "/page", around=around, backfill=1, **own) as paper:
            await paper.until(lambda: bool(paper.posts()))
            await paper.looks(2, "/lure")
            errors = [one.last_error for one in await paper.house.db.read(feeds.list_all) if one.failures]
        assert len(errors) == 2
        assert any("PRIVATE_NETWORKS" in error for error in errors)
        assert inside.asked == []


@pytest.mark.parametrize("crowd", ["reader", "group"])
async def test_a_flood_of_commands_does_not_delay_posts(tmp_path: Path, crowd: str) -> None:
    async with desk(tmp_path) as paper:
        paper.site.says(feed(item(1, "Old")))
        await paper.looks(2)
        box = paper.box
        people = list(box.add_people(20))
        chat = people[0] if crowd == "reader" else box.add_supergroup("Crowd", people).id
        for number in range(1000):
            person = chat if crowd == "reader" else people[number % len(people)]
            box.say(
                person, chat, ("/latest 20", "/related မြန်မာ", "/search the", "/" + "x" * 4000)[number % 4]
            )
        began = datetime.now(UTC)
        paper.site.says(feed(item(2, "News"), item(1, "Old")))
        await paper.until(lambda: bool(paper.posts()))
        assert datetime.now(UTC) - began < timedelta(seconds=15)
        assert paper.headlines() == ["News"]
        await asyncio.wait_for(paper.until(lambda: len(box.state.updates) == 0), 30)
