"""A feed update stores each article once; a failed one changes nothing; content is stored correctly."""

import json

from jobs.ingest import pipeline
from jobs.ingest.http.results import FeedGone, FetchFailed
from jobs.ingest.websub.client import Push
from storage import articles, feeds, job_runs
from storage.records import FeedState, RunOutcome
from tests.jobs.ingest.newsroom import FEED, Newsroom, fetched, rss, story


async def test_articles_are_stored_once_and_oldest_first(newsroom: Newsroom) -> None:
    first, second = await newsroom.updates([story(2), story(1)], [story(3), story(2), story(1)])
    assert (first.new, second.new) == (2, 1)
    assert await newsroom.titles() == ["Headline 1", "Headline 2", "Headline 3"]
    assert newsroom.rung == 2


async def test_items_without_dates_keep_their_feeds_order(newsroom: Newsroom) -> None:
    await newsroom.updates([story(number, date=None) for number in (1, 2, 3)])
    assert await newsroom.titles() == ["Headline 3", "Headline 2", "Headline 1"]
    latest = await newsroom.db.read(articles.list_latest, 3)
    assert [article.title for article in latest] == ["Headline 1", "Headline 2", "Headline 3"]


async def test_a_date_in_the_future_means_now(newsroom: Newsroom) -> None:
    await newsroom.updates([story(1, date="Mon, 23 Nov 2099 10:00:00 GMT")])
    [article] = await newsroom.articles()
    assert article.published_at == article.seen_at == newsroom.clock.now()


async def test_a_first_update_posts_the_newest_and_keeps_the_others_back(newsroom: Newsroom) -> None:
    newsroom.backfill = 2
    await newsroom.updates([story(number) for number in (5, 4, 3, 2, 1)], [story(6), story(5)])
    assert [article.backfill for article in await newsroom.articles()] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


async def test_a_feed_that_starts_empty_has_no_backlog_when_its_first_story_comes(newsroom: Newsroom) -> None:
    newsroom.backfill = 0
    later = story(1, date="Mon, 23 Nov 2026 09:07:00 GMT")
    await newsroom.updates([], [later, story(2, date="Sun, 22 Nov 2026 10:00:00 GMT")])
    assert [article.backfill for article in await newsroom.articles()] == [True, False]


async def test_a_failed_update_changes_nothing_but_the_feeds_failures(newsroom: Newsroom) -> None:
    await newsroom.updates([story(1)])
    for broken in (
        b"",
        b"  \n",
        b"<!DOCTYPE html><html><title>Just a moment...</title>",
        rss(),
        b'{"error": 1}',
        FetchFailed(url=FEED, reason="the host cannot be found"),
    ):
        newsroom.answers[FEED] = broken
        counts = await newsroom.update()
        assert (counts.failed, counts.new) == (1, 0)
    feed = await newsroom.feed()
    assert (feed.failures, feed.last_error) == (6, "The host cannot be found.")
    [again] = await newsroom.updates([story(1), story(2)])
    assert (again.new, (await newsroom.feed()).failures) == (1, 0)


async def test_of_a_feed_cut_off_the_whole_items_are_taken_and_the_update_counts_as_failed(
    newsroom: Newsroom,
) -> None:
    await newsroom.updates([story(1)])
    whole = rss(story(3), story(2), story(1))
    newsroom.answers[FEED] = whole[: whole.index(b"Headline 2") + 4]
    counts = await newsroom.update()
    assert (counts.failed, counts.new) == (1, 1)
    assert "cut off" in (await newsroom.feed()).last_error
    newsroom.answers[FEED] = whole
    assert (await newsroom.update()).new == 1
    assert await newsroom.titles() == ["Headline 1", "Headline 3", "Headline 2"]


async def test_a_first_update_that_is_cut_off_waits_for_a_whole_one(newsroom: Newsroom) -> None:
    newsroom.backfill = 0
    whole = rss(*(story(number) for number in range(9, 0, -1)))
    newsroom.answers[FEED] = whole[: len(whole) // 2]
    assert (await newsroom.update()).new == 0
    newsroom.answers[FEED] = whole
    assert (await newsroom.update()).new == 9
    assert all(article.backfill for article in await newsroom.articles())


async def test_a_feed_that_is_gone_for_good_is_not_asked_again(newsroom: Newsroom) -> None:
    await newsroom.updates([story(1)])
    newsroom.answers[FEED] = FeedGone(url=FEED, reason="news.example says that it is gone for good (410)")
    await newsroom.update()
    feed = await newsroom.feed()
    assert feed.state is FeedState.GONE
    assert await newsroom.db.read(feeds.list_due, newsroom.clock.now()) == []


async def test_validators_are_kept_as_they_came_and_sent_back(newsroom: Newsroom) -> None:
    newsroom.answers[FEED] = fetched(
        FEED, rss(story(1)), etag='W/"a;b"', last_modified="Mon, 23 Nov 2026 08:00:00 GMT"
    )
    await newsroom.update()
    newsroom.answers[FEED] = fetched(FEED, rss(story(1)), etag='"new"', last_modified="")
    counts = await newsroom.update()
    assert counts.unchanged == 1
    assert newsroom.asked[-1] == (FEED, 'W/"a;b"', "Mon, 23 Nov 2026 08:00:00 GMT")
    assert (await newsroom.feed()).etag == '"new"'


async def test_a_feed_given_as_a_sites_address_is_discovered(newsroom: Newsroom) -> None:
    site = "https://news.example/"
    newsroom.answers[site] = (
        b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'
    )
    newsroom.publish(story(1))
    assert (await newsroom.update(site)).new == 1
    feed = await newsroom.feed(site)
    assert (feed.url, feed.fetch_url, feed.title) == (site, FEED, "News")


async def test_every_round_of_updates_leaves_a_run(newsroom: Newsroom) -> None:
    await newsroom.updates([story(1)])
    [run] = await newsroom.db.read(job_runs.latest_runs)
    assert (run.job, run.outcome, run.counts["new"]) == ("ingest", RunOutcome.DONE, 1)


async def test_a_json_feed_with_what_no_database_takes_is_stored(newsroom: Newsroom) -> None:
    odd = "a\ud800b\0c"
    item = {"id": odd, "url": f"https://news.example/{odd}", "title": odd, "content_text": odd, "tags": [odd]}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": odd, "feed_url": odd, "language": odd}
    hubs = [{"type": "WebSub", "url": odd}]
    newsroom.answers[FEED] = json.dumps(
        {**feed, "hubs": hubs, "items": [item, {"tags": 5, "authors": 7}, 3]}
    ).encode()
    assert (await newsroom.update()).new == 1
    assert await newsroom.titles() == ["abc"]


async def test_a_pushed_article_is_stored_at_once_and_a_push_of_known_ones_changes_nothing(
    newsroom: Newsroom,
) -> None:
    await newsroom.updates([story(2), story(1)])
    feed = await newsroom.feed()
    push = Push(feed.id, rss(story(3)), "application/rss+xml; charset=utf-8")
    for new in (1, 0):
        taken = await pipeline.receive_push(newsroom.ingest, push)
        assert taken is not None
        assert len(taken.stored.new) == new
    assert newsroom.rung == 2
    after = await newsroom.feed()
    assert (after.next_fetch_at, after.fetched_at) == (feed.next_fetch_at, feed.fetched_at)
    [counts] = await newsroom.updates([story(3), story(2), story(1)])
    assert counts.new == 0


async def test_a_push_without_a_body_triggers_an_update(newsroom: Newsroom) -> None:
    await newsroom.updates([story(1)])
    newsroom.publish(story(2), story(1))
    taken = await pipeline.receive_push(newsroom.ingest, Push((await newsroom.feed()).id, b"", ""))
    assert taken is not None
    assert len(taken.stored.new) == 1
    assert await pipeline.receive_push(newsroom.ingest, Push(999, b"", "")) is None
