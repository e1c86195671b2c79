"""Pages add what feeds leave out, never delay a post for long, and alone decide that an article is gone."""

import asyncio

from jobs.ingest import pipeline
from jobs.ingest.http.results import FetchFailed, NoPage, PageGone, ReadPage
from storage import articles
from storage.records import ArticleState
from tests.conftest import MovedClock
from tests.jobs.ingest.newsroom import FEED, Newsroom, rss, story

LINK = "https://news.example/{}"


def page(number: int) -> ReadPage:
    return ReadPage(
        url=f"https://news.example/canonical-{number}",
        title=f"Headline {number}",
        text=f"The whole text of story {number}.",
        sections=("World",),
        image_url=f"https://news.example/{number}-wide.jpg",
        image_width=1200,
    )


async def test_a_page_adds_text_picture_and_section_before_the_post(newsroom: Newsroom) -> None:
    newsroom.pages = {LINK.format(number): page(number) for number in (1, 2)}
    narrow = '<media:thumbnail url="https://news.example/2-small.jpg" width="90"/><category>Sport</category>'
    await newsroom.updates([story(0)], [story(2, more=narrow), story(1), story(0)])
    first, second = (await newsroom.articles())[1:]
    assert (first.text, first.sections) == ("The whole text of story 1.", ("World",))
    assert (second.image_url, second.image_width) == ("https://news.example/2-wide.jpg", 1200)
    assert (second.sections, second.summary) == (("Sport",), "What happened in story 2 is told here.")
    assert await newsroom.db.read(articles.get_by_url, "https://news.example/canonical-2") == second


async def test_a_post_that_has_all_it_shows_does_not_wait_for_its_text(newsroom: Newsroom) -> None:
    newsroom.pages = {LINK.format(1): page(1)}
    whole = (
        '<media:content url="https://news.example/1.jpg" width="900" medium="image"/><category>Sea</category>'
    )
    await newsroom.updates([story(0)], [story(1, more=whole), story(0)])
    assert newsroom.pages_read == []
    newsroom.pages[LINK.format(0)] = NoPage("nothing to read")
    assert await pipeline.read_late_pages(newsroom.ingest) == 2
    last = (await newsroom.articles())[-1]
    assert (last.text, last.image_url) == (page(1).text, "https://news.example/1.jpg")


async def test_a_picture_that_telegram_would_refuse_is_left_out_and_is_no_correction_later(
    newsroom: Newsroom,
) -> None:
    newsroom.bad_pictures = {"https://news.example/1.jpg": "it has only 1 x 1 pixels"}
    pictured = [
        story(number, more=f'<enclosure url="https://news.example/{number}.jpg" type="image/jpeg"/>')
        for number in (2, 1)
    ]
    await newsroom.updates([story(0)], [*pictured, story(0)], [*pictured, story(0)])
    first, second = (await newsroom.articles())[1:]
    assert (first.image_url, second.image_url) == ("", "https://news.example/2.jpg")
    assert (first.revision, first.page_read_at) == (1, None)


async def test_the_image_of_a_page_is_checked_too(newsroom: Newsroom) -> None:
    newsroom.pages = {LINK.format(1): page(1)}
    newsroom.bad_pictures = {"https://news.example/1-wide.jpg": "it is not a JPEG, PNG, WebP or GIF"}
    await newsroom.updates([story(0)], [story(1), story(0)])
    last = (await newsroom.articles())[-1]
    assert (last.image_url, last.text) == ("", page(1).text)
    assert last.page_read_at == newsroom.clock.now()


async def test_the_pages_of_a_first_updates_backlog_are_read_later(newsroom: Newsroom) -> None:
    newsroom.pages = {LINK.format(number): page(number) for number in (1, 2)}
    await newsroom.updates([story(2), story(1)])
    assert newsroom.pages_read == []
    assert await pipeline.read_late_pages(newsroom.ingest) == 2
    assert [one.text for one in await newsroom.articles()] == [page(1).text, page(2).text]
    assert await pipeline.read_late_pages(newsroom.ingest) == 0


async def test_a_post_waits_two_seconds_for_a_page_and_no_longer(
    newsroom: Newsroom, clock: MovedClock
) -> None:
    newsroom.pages = {LINK.format(2): page(2)}
    await newsroom.updates([story(0)])
    newsroom.publish(story(2), story(1), story(0))
    looking = asyncio.create_task(newsroom.update())
    while not newsroom.pages_read[1:]:
        await asyncio.to_thread(len, "")
        await clock.advance(0)
    await clock.advance(1.9)
    assert not looking.done()
    await clock.advance(0.2)
    assert (await looking).new == 2
    texts = [one.text for one in await newsroom.articles()]
    assert sorted(texts) == ["", "", page(2).text]


async def test_an_article_gone_from_its_feed_and_from_its_page_is_withdrawn(newsroom: Newsroom) -> None:
    newsroom.pages = {LINK.format(number): NoPage("nothing to read") for number in range(9)}
    stories = [story(number) for number in (5, 4, 3, 2, 1)]
    await newsroom.updates(stories)
    newsroom.pages[LINK.format(4)] = PageGone("news.example answers 404")
    newsroom.publish(*(one for one in stories if one.title != "Headline 4"))
    await newsroom.update()
    withdrawn = [one.title for one in await newsroom.articles() if one.state is ArticleState.WITHDRAWN]
    assert withdrawn == ["Headline 4"]


async def test_an_article_whose_page_is_still_there_stays(newsroom: Newsroom) -> None:
    newsroom.pages = {LINK.format(number): NoPage("nothing to read") for number in range(9)}
    stories = [story(number) for number in (5, 4, 3, 2, 1)]
    await newsroom.updates(stories, [stories[0], *stories[2:]])
    assert LINK.format(4) in newsroom.pages_read
    assert all(one.state is ArticleState.LIVE for one in await newsroom.articles())


async def test_a_feed_that_is_empty_short_broken_or_reordered_asks_for_no_page(newsroom: Newsroom) -> None:
    newsroom.pages = {LINK.format(number): PageGone("gone") for number in range(20)}
    stories = [story(number) for number in range(12, 0, -1)]
    await newsroom.updates(stories)
    newsroom.pages_read.clear()
    whole = rss(*stories)
    for document in (
        rss(),
        b"",
        whole[: len(whole) // 2],
        rss(*stories[:6]),
        rss(*stories[5:]),
        rss(*stories[::2]),
        rss(*reversed(stories[:3]), *stories[4:]),
    ):
        newsroom.answers[FEED] = document
        await newsroom.update()
        newsroom.answers[FEED] = whole
        await newsroom.update()
    newsroom.answers[FEED] = FetchFailed(url=FEED, reason="no answer")
    await newsroom.update()
    assert newsroom.pages_read == []
    assert all(one.state is ArticleState.LIVE for one in await newsroom.articles())
