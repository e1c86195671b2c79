"""The sample site over HTTP, as the fetcher sees it."""

from xml.etree import ElementTree

import pytest

from bot.sandbox.page.app import Sandbox
from bot.sandbox.sample.sample_site import NOTICES
from bot.sandbox.sample.site_server import SampleSite
from tests.bot.sandbox.page.conftest import Visitor
from tests.conftest import MovedClock

FEED = "gazette/en/feed.xml"

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_feed_answers_304_to_either_validator_until_something_is_published(
    visitor: Visitor, newsroom: SampleSite, clock: MovedClock
) -> None:
    status, _, headers = await visitor.get(FEED)
    assert status == 200
    for name, validator in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        assert (await visitor.get(FEED, **{name: headers[validator]}))[0] == 304
    clock.move(20)
    newsroom.publish_next("en")
    for name, validator in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        assert (await visitor.get(FEED, **{name: headers[validator]}))[0] == 200


async def test_a_malformed_date_in_a_request_is_no_reason_to_fail(visitor: Visitor) -> None:
    for date in ("yesterday", "", "Mon, 99 Nov 2026 99:00:00 GMT"):
        assert (await visitor.get(FEED, **{"If-Modified-Since": date}))[0] == 200


async def test_each_item_of_the_feed_has_a_page_with_its_words_a_picture_and_the_notice(
    visitor: Visitor, sandbox: Sandbox
) -> None:
    for language, url in sandbox.feed_urls.items():
        _, text, _ = await visitor.get(url.removeprefix(sandbox.address))
        items = ElementTree.fromstring(text).findall("channel/item")
        assert len(items) >= 5
        for item in items[:3]:
            link = item.findtext("link") or ""
            status, page, headers = await visitor.get(link.removeprefix(sandbox.address))
            assert status == 200
            assert NOTICES[language] in page
            assert f'property="og:image" content="{sandbox.address}gazette/pictures/{language}/' in page
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert (item.findtext("description") or "")[:20] in page


async def test_a_picture_is_a_png_and_goes_with_its_story(visitor: Visitor, newsroom: SampleSite) -> None:
    path = f"gazette/pictures/{newsroom.state.newest_stories('en')[0].path}.png"
    async with visitor.session.get(visitor.address + path) as answer:
        assert answer.content_type == "image/png"
        assert (await answer.read())[:4] == b"\x89PNG"
    newsroom.withdraw_newest()
    newsroom.withdraw_newest()
    assert (await visitor.get(path))[0] == 404


async def test_a_correction_shows_in_the_feed_under_the_same_link(
    visitor: Visitor, newsroom: SampleSite
) -> None:
    newsroom.publish_next("en")
    item = newsroom.state.newest_stories("en")[0]
    _, before, _ = await visitor.get(FEED)
    assert newsroom.correct_newest()
    _, after, _ = await visitor.get(FEED)
    _, page, _ = await visitor.get(f"gazette/{item.path}")
    assert item.story.corrected_standfirst not in before
    assert item.story.corrected_standfirst in after
    assert before.count(f"{item.path}</link>") == after.count(f"{item.path}</link>") == 1
    assert item.story.note in page


async def test_a_withdrawn_story_leaves_the_feed_and_its_page_says_gone(
    visitor: Visitor, newsroom: SampleSite
) -> None:
    newsroom.publish_next("en")
    item = newsroom.state.newest_stories("en")[0]
    assert newsroom.withdraw_newest()
    assert item.path not in (await visitor.get(FEED))[1]
    status, page, _ = await visitor.get(f"gazette/{item.path}")
    assert status == 410
    assert item.headline not in page


async def test_a_page_that_never_was_is_404(visitor: Visitor) -> None:
    for path in ("gazette/en/no-such-story", "gazette/de/", "gazette/pictures/en/none.png"):
        assert (await visitor.get(path))[0] == 404


async def test_it_publishes_by_itself_at_the_pace_that_was_set(
    sandbox: Sandbox, newsroom: SampleSite, clock: MovedClock
) -> None:
    told: list[int] = []
    newsroom.on_change = lambda: told.append(len(newsroom.state.published))
    count = len(newsroom.state.published)
    await clock.advance(19)
    assert told == []
    await clock.advance(2)
    assert told == [count + 1]
    newsroom.set_interval(5)
    await clock.advance(11)
    assert told == [count + 1, count + 2, count + 3]
    newsroom.set_interval(0)
    await clock.advance(500)
    assert len(told) == 3
    assert newsroom.next_at is None
