"""Each story is one article for ever, whatever its feed does with guids, links, titles and order."""

from storage import articles, entries
from tests.jobs.ingest.newsroom import FEED, Newsroom, story

OTHER = "https://news.example/world/feed"


async def test_a_guid_bumped_by_a_fragment_is_the_same_story(newsroom: Newsroom) -> None:
    bumped = [story(1, guid=f"https://news.example/1#{number}") for number in (0, 3)]
    counts = await newsroom.updates([bumped[0]], [bumped[1]], [bumped[1], bumped[0]])
    assert [one.new for one in counts] == [1, 0, 0]


async def test_a_bumped_guid_beside_its_old_one_in_a_first_document_is_one_story(newsroom: Newsroom) -> None:
    both = [story(1, guid=f"https://news.example/1#{number}", title=f"Version {number}") for number in (3, 0)]
    await newsroom.updates(both)
    assert await newsroom.titles() == ["Version 3"]


async def test_a_link_rewritten_under_one_guid_is_the_same_story_and_the_link_is_corrected(
    newsroom: Newsroom,
) -> None:
    moved = story(1, link="https://news.example/1-as-it-happened")
    counts = await newsroom.updates([story(1)], [moved], [story(1)], [moved])
    assert [(one.new, one.revised) for one in counts] == [(1, 0), (0, 1), (0, 0), (0, 0)]
    [article] = await newsroom.articles()
    assert article.url == "https://news.example/1-as-it-happened"
    for link in ("https://news.example/1", "http://www.news.example/1-as-it-happened?utm_source=x"):
        assert await newsroom.db.read(articles.get_by_url, link) == article


async def test_links_and_guids_take_turns_in_being_known(newsroom: Newsroom) -> None:
    """First the guid stays and the link changes, then the new link stays and the guid changes, and so on."""
    chain = [story(1, guid=f"g{n // 2}", link=f"https://news.example/1-{(n + 1) // 2}") for n in range(8)]
    counts = await newsroom.updates(*([one] for one in chain))
    assert sum(one.new for one in counts) == 1


async def test_one_guid_on_every_item_makes_as_many_articles_as_items_and_stays_so(
    newsroom: Newsroom,
) -> None:
    same = [story(number, guid="SAME") for number in (3, 2, 1)]
    counts = await newsroom.updates(same, same, [story(4, guid="SAME"), *same], [story(5, guid="SAME")])
    assert [one.new for one in counts] == [3, 0, 1, 1]


async def test_a_guid_that_turns_out_to_be_everybodys_loses_nobody(newsroom: Newsroom) -> None:
    documents = [[story(1, guid="x")], [story(2, guid="x"), story(1, guid="x")], [story(3, guid="x")]]
    counts = await newsroom.updates(*documents)
    assert [one.new for one in counts] == [1, 1, 1]


async def test_the_front_page_as_everybodys_link_makes_as_many_articles_as_items(newsroom: Newsroom) -> None:
    front = [story(number, link="https://news.example/?utm_source=rss") for number in (2, 1)]
    counts = await newsroom.updates(front, [story(3, link="https://news.example"), *front])
    assert [one.new for one in counts] == [2, 1]


async def test_one_page_as_everybodys_link_makes_as_many_articles_as_items_also_later(
    newsroom: Newsroom,
) -> None:
    live = [story(number, link="https://news.example/live") for number in (5, 4, 3, 2, 1)]
    counts = await newsroom.updates(live[2:], live[1:4], live[:1])
    assert [one.new for one in counts] == [3, 1, 1]


async def test_a_duplicated_item_in_one_document_is_one_article(newsroom: Newsroom) -> None:
    [counts] = await newsroom.updates([story(2), story(1), story(2)])
    assert counts.new == 2


async def test_a_story_in_two_feeds_of_one_newsroom_is_one_article_with_two_entries(
    newsroom: Newsroom,
) -> None:
    newsroom.publish(story(1), story(2))
    newsroom.publish(
        story(1, guid="other", link="http://www.news.example/1/?at_medium=RSS", title="1!"), url=OTHER
    )
    counts = [await newsroom.update(url) for url in (FEED, OTHER, FEED, OTHER)]
    assert [(one.new, one.revised) for one in counts] == [(2, 0), (0, 0), (0, 0), (0, 0)]
    [first] = [one for one in await newsroom.articles() if one.url == "https://news.example/1"]
    assert len(await newsroom.db.read(entries.list_entries, first.id)) == 2


async def test_equal_guids_of_two_feeds_mean_two_stories(newsroom: Newsroom) -> None:
    newsroom.publish(story(1, guid="1"))
    newsroom.publish(story(2, guid="1"), url=OTHER)
    assert (await newsroom.update(FEED, OTHER)).new == 2


async def test_two_stories_with_one_title_are_two(newsroom: Newsroom) -> None:
    same = "Tablet interactive"
    counts = await newsroom.updates([story(1, title=same)], [story(2, title=same), story(1, title=same)])
    assert [one.new for one in counts] == [1, 1]


async def test_items_without_guid_go_by_their_links(newsroom: Newsroom) -> None:
    counts = await newsroom.updates(
        [story(1, guid=None)],
        [story(2, guid=None), story(1, guid=None, title="Corrected", date=None)],
    )
    assert [(one.new, one.revised) for one in counts] == [(1, 0), (1, 1)]


async def test_items_without_guid_and_link_go_by_their_words(newsroom: Newsroom) -> None:
    bare = [story(number, guid=None, link=None) for number in (2, 1)]
    counts = await newsroom.updates(bare, bare[::-1], [story(3, guid=None, link=None), *bare])
    assert [one.new for one in counts] == [2, 0, 1]


async def test_a_story_that_comes_back_after_a_year_is_known(newsroom: Newsroom) -> None:
    await newsroom.updates([story(2), story(1)], [story(3)])
    await newsroom.clock.advance(400 * 86400)
    [again] = await newsroom.updates([story(4), story(1, date="Tue, 28 Dec 2027 10:00:00 GMT")])
    assert again.new == 1


async def test_redating_reordering_spacing_tracking_and_unicode_are_no_edits(newsroom: Newsroom) -> None:
    burmese = story(7, title="ရှေ့တန်း က  သတင်း", summary="ခွင\u1037\u103a ပြုသည်။")
    plain = [story(3), story(2), burmese, story(1)]
    changed = [
        story(2, date="Mon, 23 Nov 2026 08:59:00 GMT"),
        story(3, title="  Headline\n 3 ", summary="What happened in story 3 &nbsp; is told here."),
        story(1, link="https://www.news.example/1/?utm_campaign=x&fbclid=1"),
        story(7, title="ရှေ့တန်\u200bး\u00a0က သတင်း", summary="ခွင\u103a\u1037 ပြုသည်။"),
    ]
    _, again = await newsroom.updates(plain, changed)
    assert (again.new, again.revised) == (0, 0)
    first = (await newsroom.articles())[1]
    assert first.published_at.minute == 2


async def test_a_changed_headline_standfirst_or_picture_is_an_edit_with_its_name(newsroom: Newsroom) -> None:
    picture = '<media:content url="https://news.example/{}.jpg" width="900" medium="image"/>'
    documents = [
        [story(1, more=picture.format("a"))],
        [story(1, more=picture.format("a"), title="Corrected")],
        [story(1, more=picture.format("a"), title="Corrected", summary="Now we know better.")],
        [story(1, more=picture.format("b"), title="Corrected", summary="Now we know better.")],
    ]
    counts = await newsroom.updates(*documents)
    assert [one.revised for one in counts] == [0, 1, 1, 1]
    [article] = await newsroom.articles()
    trail = await newsroom.db.read(articles.list_revisions, article.id)
    assert [one.changed for one in trail] == [(), ("title",), ("summary",), ("image",)]
    assert (article.title, article.summary, article.image_url) == (
        "Corrected",
        "Now we know better.",
        "https://news.example/b.jpg",
    )


async def test_a_picture_in_another_size_is_no_edit(newsroom: Newsroom) -> None:
    sizes = [
        f'<media:content url="https://c.example/{w}/x.jpg?width={w}" width="{w}" medium="image"/>'
        for w in (460, 900)
    ]
    _, again = await newsroom.updates([story(1, more=sizes[0])], [story(1, more=sizes[1])])
    assert again.revised == 0


async def test_two_caches_that_take_turns_are_soon_ignored(newsroom: Newsroom) -> None:
    counts = await newsroom.updates(*([story(1, title="ABBA"[n % 2 * 2 : n % 2 * 2 + 2])] for n in range(12)))
    assert sum(one.revised for one in counts) == 3


async def test_a_clock_in_the_text_is_ignored_after_24_edits(newsroom: Newsroom) -> None:
    counts = await newsroom.updates(*([story(1, summary=f"Updated {n} times by now.")] for n in range(30)))
    assert sum(one.revised for one in counts) == 24


async def test_a_second_feeds_own_wording_is_no_correction_of_the_first(newsroom: Newsroom) -> None:
    newsroom.publish(story(1))
    newsroom.publish(story(1, title="In our section: headline 1"), url=OTHER)
    await newsroom.update(FEED)
    await newsroom.update(OTHER)
    newsroom.publish(story(1, title="In our section: better headline 1"), url=OTHER)
    assert (await newsroom.update(OTHER)).revised == 0
    newsroom.publish(story(2))
    await newsroom.update(FEED)
    newsroom.publish(story(1, title="In our section: best headline 1"), url=OTHER)
    assert (await newsroom.update(OTHER)).revised == 1
