"""A signature proves who wrote a push, not when: an old one only triggers a feed update."""

from datetime import timedelta

import pytest

from jobs.ingest import pipeline
from jobs.ingest.http.results import FetchFailed, NoPage, PageGone
from jobs.ingest.update_feed import FeedUpdate
from jobs.ingest.websub.client import Push
from storage.database import Database
from storage.records import ArticleState
from tests.conftest import MovedClock
from tests.jobs.ingest.newsroom import FEED, Newsroom, Story, rss, story

OLD = (story(2), story(1))


@pytest.fixture
def newsroom(db: Database, clock: MovedClock) -> Newsroom:
    return Newsroom(db, clock)


async def push(newsroom: Newsroom, *stories: Story) -> FeedUpdate:
    feed = await newsroom.feed()
    taken = await pipeline.receive_push(newsroom.ingest, Push(feed.id, rss(*stories), "application/rss+xml"))
    assert taken is not None
    return taken


async def newest(newsroom: Newsroom) -> str:
    return (await newsroom.titles())[-1]


@pytest.mark.parametrize("site", ["as it was", "as it is", "out of order"])
async def test_12a_a_pushed_version_that_was_said_before_changes_nothing(
    newsroom: Newsroom, site: str
) -> None:
    """Whatever the feed has meanwhile: the old item, the pushed one, or nothing."""
    await newsroom.updates(OLD)
    versions = [story(3, title="Ministr resigns"), story(3, title="Minister resigns")]

    async def pushed(version: Story) -> None:
        if site == "as it is":
            newsroom.publish(versions[1] if version is versions[1] else version, *OLD)
        if site == "out of order":
            newsroom.answers[FEED] = FetchFailed(url=FEED, reason="no answer")
        await push(newsroom, version, *OLD)

    await pushed(versions[0])
    assert await newest(newsroom) == "Ministr resigns"
    await pushed(versions[1])
    assert await newest(newsroom) == "Minister resigns"
    if site == "as it is":
        newsroom.publish(versions[1], *OLD)
    for _ in range(3):
        await push(newsroom, versions[0], *OLD)
        assert await newest(newsroom) == "Minister resigns"
        await newsroom.clock.advance(61)


async def test_12a_what_an_update_has_superseded_is_not_brought_back(newsroom: Newsroom) -> None:
    first, second, third = (story(3, title=f"Version {number}") for number in (1, 2, 3))
    await newsroom.updates([first, *OLD], [third, *OLD])
    for old in (first, second, first, second):  # the second was never heard of: the hub was late
        await push(newsroom, old, *OLD)
        assert await newest(newsroom) == "Version 3"
        await newsroom.clock.advance(61)
    await newsroom.updates([story(number) for number in range(9, 5, -1)])
    for old in (first, second):  # and its item is no longer there to speak for itself
        await push(newsroom, old, *OLD)
        assert "Version 3" in await newsroom.titles()


async def test_12a_an_old_link_is_not_brought_back(newsroom: Newsroom) -> None:
    moved = story(3, link="https://news.example/3-moved")
    await newsroom.updates([story(3), *OLD], [moved, *OLD])
    await push(newsroom, story(3), *OLD)
    await push(newsroom, story(3, link="https://news.example/3-before-it-was-seen"), *OLD)
    assert (await newsroom.articles())[-1].url == "https://news.example/3-moved"


async def test_12a_what_was_withdrawn_is_not_brought_back(newsroom: Newsroom) -> None:
    newsroom.pages = {f"https://news.example/{number}": NoPage("nothing to read") for number in range(9)}
    whole = [story(number) for number in (5, 4, 3, 2, 1)]
    await newsroom.updates(whole)
    newsroom.pages["https://news.example/4"] = PageGone("news.example answers 404")
    await newsroom.updates([whole[0], *whole[2:]])
    taken = await push(newsroom, *whole)
    assert taken.stored.new == ()
    states = {one.title: one.state for one in await newsroom.articles()}
    assert states["Headline 4"] is ArticleState.WITHDRAWN
    assert len(states) == 5


async def test_12a_an_old_push_triggers_an_update_once_a_minute(newsroom: Newsroom) -> None:
    await newsroom.updates([story(3), *OLD], [story(3, title="Better"), *OLD])
    newsroom.publish(story(3, title="Best"), *OLD)
    asked = len(newsroom.asked)
    for _ in range(20):
        await push(newsroom, story(3), *OLD)
        await newsroom.clock.advance(1)
    assert len(newsroom.asked) == asked + 1
    assert await newest(newsroom) == "Best"
    newsroom.publish(story(3, title="Best of all"), *OLD)
    now = newsroom.clock.now()
    assert (await newsroom.feed()).next_fetch_at <= now + timedelta(seconds=40)
    await newsroom.clock.advance(40)
    await push(newsroom, story(3), *OLD)
    assert len(newsroom.asked) == asked + 2
    assert await newest(newsroom) == "Best of all"


async def test_12a_a_push_without_a_body_triggers_an_update_once_a_minute(newsroom: Newsroom) -> None:
    await newsroom.updates(OLD)
    asked, feed = len(newsroom.asked), await newsroom.feed()
    for _ in range(5):
        await pipeline.receive_push(newsroom.ingest, Push(feed.id, b"", ""))
    assert len(newsroom.asked) == asked + 1


async def test_12a_a_push_with_news_in_it_is_kept_at_once_however_old_the_rest_is(newsroom: Newsroom) -> None:
    await newsroom.updates([story(3), *OLD], [story(3, title="Better"), *OLD])
    newsroom.answers[FEED] = FetchFailed(url=FEED, reason="no answer")
    taken = await push(newsroom, story(4), story(3), *OLD)
    assert len(taken.stored.new) == 1
    assert await newsroom.titles() == ["Headline 1", "Headline 2", "Better", "Headline 4"]


async def test_12a_a_later_date_makes_a_correction_sure_and_an_earlier_one_old(newsroom: Newsroom) -> None:
    def dated(minute: int, title: str) -> Story:
        return story(3, title=title, date=f"Mon, 23 Nov 2026 08:{minute:02} GMT")

    await newsroom.updates([dated(10, "First"), *OLD])
    asked = len(newsroom.asked)
    await push(newsroom, dated(20, "Second"), *OLD)
    assert (await newest(newsroom), len(newsroom.asked)) == ("Second", asked)
    newsroom.answers[FEED] = FetchFailed(url=FEED, reason="no answer")
    await push(newsroom, dated(15, "Between"), *OLD)
    assert await newest(newsroom) == "Second"


async def test_12a_a_push_is_no_update_of_what_is_not_in_it(newsroom: Newsroom) -> None:
    """An article that disappears between two updates is missing, whatever was pushed between them."""
    newsroom.pages = {f"https://news.example/{number}": NoPage("nothing to read") for number in range(9)}
    whole = [story(number) for number in (5, 4, 3, 2, 1)]
    await newsroom.updates(whole)
    await push(newsroom, story(6))
    newsroom.pages["https://news.example/4"] = PageGone("news.example answers 404")
    await newsroom.updates([story(6), whole[0], *whole[2:]])
    states = {one.title: one.state for one in await newsroom.articles()}
    assert states["Headline 4"] is ArticleState.WITHDRAWN
