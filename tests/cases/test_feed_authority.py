"""Feed authority: which feed an article's content and link come from, and which may withdraw it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cases.two_feeds import PATIENCE, Sites, document, item, texts, two_sites, updates
from tests.stories.house import Desk


@pytest.fixture
async def sites(tmp_path: Path) -> AsyncIterator[Sites]:
    async with two_sites(tmp_path) as both:
        yield both


async def hijacked(sites: Sites, paper: Desk) -> None:
    """A listed article 4, which is posted, and dropped it; B still lists it, with other content."""
    sites.a_says(*sites.a_items(3, 2, 1))
    sites.b_says(*sites.b_items(3, 2, 1))
    await updates(paper, sites.a)
    await updates(paper, sites.b)
    four = item(sites.of_a(4), "A's 4", guid="b-4", hours=0.5)
    sites.a_says(item(sites.of_a(4), "A's 4", hours=0.5), *sites.a_items(3, 2, 1))
    await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
    sites.b_says(four, *sites.b_items(3, 2, 1))
    await updates(paper, sites.b)
    sites.a_says(*sites.a_items(7, 6, 5, hours=0.1))
    await paper.until(lambda: len(paper.posts()) == 4, PATIENCE)
    evil = item(sites.b.url("/evil-page"), "HIJACKED", guid="b-4", words="Send money.", hours=0.5)
    sites.b_says(evil, *sites.b_items(3, 2, 1))
    await updates(paper, sites.b, 3)


def four(paper: Desk) -> str:
    return texts(paper)[0]


async def test_2a_a_feed_cannot_change_anothers_article_that_scrolled_off(sites: Sites) -> None:
    async with sites.house() as paper:
        await hijacked(sites, paper)
        assert len(paper.posts()) == 4
        assert "A's 4" in four(paper)
        assert sites.of_a(4) in four(paper)
        assert not [text for text in texts(paper) if "HIJACKED" in text or "evil" in text or "money" in text]


async def test_2b_what_its_own_feed_corrects_later_has_that_feeds_words_and_link(sites: Sites) -> None:
    async with sites.house() as paper:
        await hijacked(sites, paper)
        right = item(sites.of_a(4), "A's 4, corrected", words="Now we know better.", hours=0.5)
        sites.a_says(*sites.a_items(7, 6, 5, hours=0.1), right)
        await paper.until(lambda: "corrected" in four(paper), PATIENCE)
        assert "Now we know better." in four(paper)
        assert sites.of_a(4) in four(paper)
        assert sites.b.url() not in four(paper)


async def test_2c_a_feed_cannot_take_back_anothers_article(sites: Sites) -> None:
    async with sites.house() as paper:
        await hijacked(sites, paper)
        for path in ("/evil-page", "/art/4"):  # even if the article's own page is out of order just now
            assert path not in sites.a.pages | sites.b.pages
        sites.b_says(*sites.b_items(3, 2, 1))
        await updates(paper, sites.b, 3)
        assert len(paper.posts()) == 4
        assert "A's 4" in four(paper)


async def test_2e_a_feed_that_lists_anothers_article_before_it_came_out_settles_nothing(
    sites: Sites,
) -> None:
    async with sites.house() as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        sites.b_says(*sites.b_items(3, 2, 1))
        await updates(paper, sites.a)
        await updates(paper, sites.b)
        sites.b_says(item(sites.of_a(20), "nothing to see", guid="b-20", hours=72), *sites.b_items(3, 2, 1))
        await updates(paper, sites.b, 3)
        assert paper.posts() == []
        title = "EXCLUSIVE Marigold papers found"
        sites.a_says(item(sites.of_a(20), title), *sites.a_items(3, 2, 1))
        await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
        await updates(paper, sites.a)
        await updates(paper, sites.b)
        assert paper.headlines() == [title]
        assert "Updated" not in texts(paper)[0]
        assert sites.of_a(20) in texts(paper)[0]


async def test_2e_what_was_posted_in_anothers_words_has_its_own_feeds_words_once_that_brings_it(
    sites: Sites,
) -> None:
    async with sites.house() as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        sites.b_says(*sites.b_items(3, 2, 1))
        await updates(paper, sites.a)
        await updates(paper, sites.b)
        early = item(sites.of_a(20) + "#b", "nothing to see", guid="b-20", words="Go away.")
        sites.b_says(early, *sites.b_items(3, 2, 1))
        await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
        sites.a_says(item(sites.of_a(20), "EXCLUSIVE", words="Found."), *sites.a_items(3, 2, 1))
        await paper.until(lambda: paper.headlines() == ["EXCLUSIVE"], PATIENCE)
        evil = item(sites.b.url("/evil"), "HIJACKED", guid="b-20", words="Send money.")
        sites.b_says(evil, *sites.b_items(3, 2, 1))
        await updates(paper, sites.b, 3)
        [text] = texts(paper)
        assert sites.of_a(20) in text.splitlines()
        assert "Found." in text


async def test_2e_what_a_feed_listed_and_dropped_before_it_came_out_is_posted_when_it_comes_out(
    sites: Sites,
) -> None:
    async with sites.house() as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        sites.b_says(*sites.b_items(3, 2, 1))
        await updates(paper, sites.a)
        await updates(paper, sites.b)
        sites.b_says(
            item(sites.of_a(20), "nothing", guid="b-20", hours=30), *sites.b_items(3, 2, 1, hours=31)
        )
        await updates(paper, sites.b)
        sites.b_says(*sites.b_items(3, 2, 1, hours=31))  # and its page is not there yet: 404
        await updates(paper, sites.b, 3)
        sites.a_says(item(sites.of_a(20), "EXCLUSIVE"), *sites.a_items(3, 2, 1))
        await paper.until(lambda: paper.headlines() == ["EXCLUSIVE"], PATIENCE)


async def test_2_one_item_that_wanders_from_link_to_link_makes_none_of_them_known(sites: Sites) -> None:
    """Under one guid B claims links that A has not published yet; each becomes a separate article."""
    async with sites.house() as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        sites.b_says(*sites.b_items(3, 2, 1))
        await updates(paper, sites.a)
        await updates(paper, sites.b)
        for number in (20, 21, 22):
            wandering = item(sites.of_a(number), "nothing to see", guid="b-20", hours=72)
            sites.b_says(wandering, *sites.b_items(3, 2, 1))
            await updates(paper, sites.b)
        sites.a_says(*sites.a_items(22, 21, 20, hours=0.1), *sites.a_items(3, 2, 1))
        await paper.until(lambda: len(paper.posts()) == 3, PATIENCE)
        assert sorted(paper.headlines()) == ["A's 20", "A's 21", "A's 22"]


async def test_2_one_link_on_many_items_takes_it_from_nobody(sites: Sites) -> None:
    """B has A's link on three items; for A, without guids, it still identifies its article."""

    def bare(number: int) -> str:
        link = sites.of_a(number)
        return item(link, f"A's {number}", hours=number * -0.01).replace(f"<guid>{link}</guid>", "")

    async with sites.house() as paper:
        sites.a_says(bare(3), bare(2), bare(1))
        sites.b_says(*sites.b_items(3, 2, 1))
        await updates(paper, sites.a)
        await updates(paper, sites.b)
        sites.a_says(bare(4), bare(3), bare(2), bare(1))
        await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
        same = [item(sites.of_a(4), f"Other {n}", guid=f"b-{n}", hours=72) for n in range(3)]
        sites.b_says(*same, *sites.b_items(3, 2, 1))
        await updates(paper, sites.b)
        corrected = bare(4).replace("</title>", ", corrected</title>")
        sites.a_says(corrected, bare(3), bare(2), bare(1))
        await paper.until(lambda: "corrected" in four(paper), PATIENCE)
        await updates(paper, sites.a)
        assert len(paper.posts()) == 1


async def test_2_a_section_feed_of_the_same_site_goes_on_correcting(sites: Sites) -> None:
    section = sites.a.url("/world")
    async with sites.house(feed_urls=(sites.a.url(), section)) as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        sites.a.says(document(sites.a_items(3)), "/world")
        await updates(paper, sites.a, 2, "/world")
        new = item(sites.of_a(4), "A's 4")
        sites.a_says(new, *sites.a_items(3, 2, 1))
        await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
        sites.a.says(document([new, *sites.a_items(3)]), "/world")
        await updates(paper, sites.a, 2, "/world")
        sites.a_says(*sites.a_items(7, 6, 5, hours=0.1))
        await paper.until(lambda: len(paper.posts()) == 4, PATIENCE)
        moved = item(sites.b.url("/moved"), "A's 4, corrected", guid=sites.of_a(4))
        sites.a.says(document([moved, *sites.a_items(3)]), "/world")
        await paper.until(lambda: "corrected" in four(paper), PATIENCE)
        assert sites.of_a(4) in four(paper)  # it moves a link on its own host only


async def test_2_the_operator_names_hosts_that_a_feed_may_speak_for(sites: Sites) -> None:
    authority = {sites.b.address: frozenset({sites.a.address})}
    async with sites.house(feed_authority=authority) as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        sites.b_says(*sites.b_items(3, 2, 1))
        await updates(paper, sites.a)
        await updates(paper, sites.b)
        four_of_b = item(sites.of_a(4), "A's 4", guid="b-4", hours=0.5)
        sites.a_says(item(sites.of_a(4), "A's 4", hours=0.5), *sites.a_items(3, 2, 1))
        await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
        sites.b_says(four_of_b, *sites.b_items(3, 2, 1))
        await updates(paper, sites.b)
        sites.a_says(*sites.a_items(7, 6, 5, hours=0.1))
        await paper.until(lambda: len(paper.posts()) == 4, PATIENCE)
        better = item(sites.of_a(4), "A's 4, put right by B", guid="b-4", hours=0.5)
        sites.b_says(better, *sites.b_items(3, 2, 1))
        await paper.until(lambda: "put right by B" in four(paper), PATIENCE)


async def test_2_a_redirect_gives_no_authority(sites: Sites) -> None:
    """B moves permanently to a URL on A's host: that gives it no authority there."""
    sites.b.redirects("/moving", sites.a.url("/out"))
    sites.a.redirects("/out", sites.b.url("/feed"), status=302)
    moving = sites.b.url("/moving")
    async with sites.house(feed_urls=(sites.a.url(), moving)) as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        sites.b_says(*sites.b_items(3, 2, 1))
        await updates(paper, sites.b, 8, "/moving")
        four_of_b = item(sites.of_a(4), "A's 4", guid="b-4", hours=0.5)
        sites.a_says(item(sites.of_a(4), "A's 4", hours=0.5), *sites.a_items(3, 2, 1))
        await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
        sites.b_says(four_of_b, *sites.b_items(3, 2, 1))
        await updates(paper, sites.b, 2, "/moving")
        sites.a_says(*sites.a_items(7, 6, 5, hours=0.1))
        await paper.until(lambda: len(paper.posts()) == 4, PATIENCE)
        sites.b_says(item(sites.of_a(4), "HIJACKED", guid="b-4", hours=0.5), *sites.b_items(3, 2, 1))
        await updates(paper, sites.b, 3, "/moving")
        assert "A's 4" in four(paper)


async def test_9a_one_feeds_backlog_settles_nothing_for_a_feed_past_its_first_update(sites: Sites) -> None:
    async with sites.house(sites.a) as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        await updates(paper, sites.a)
    sites.a_says(item(sites.of_a(4), "A's 4"), *sites.a_items(3, 2, 1))
    sites.b_says(item(sites.of_a(4), "A's 4, says B", guid="b-4"), *sites.b_items(3, 2, 1))
    async with sites.house(sites.b, sites.a) as paper:
        await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
        await updates(paper, sites.a)
        await updates(paper, sites.b)
        assert paper.headlines() == ["A's 4"]


async def test_9a_the_same_where_the_backlog_was_decided_about_before(sites: Sites) -> None:
    async with sites.house(sites.a) as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        await updates(paper, sites.a)
    sites.b_says(item(sites.of_a(4), "A's 4, says B", guid="b-4"), *sites.b_items(3, 2, 1))
    async with sites.house(sites.b, sites.a) as paper:
        await updates(paper, sites.b, 3)
        assert paper.posts() == []
        sites.a_says(item(sites.of_a(4), "A's 4"), *sites.a_items(3, 2, 1))
        await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
        await updates(paper, sites.a)
        await updates(paper, sites.b)
        assert paper.headlines() == ["A's 4"]


async def test_9c_a_new_feeds_own_backlog_is_kept_and_not_posted(sites: Sites) -> None:
    async with sites.house(sites.a) as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        await updates(paper, sites.a)
    sites.a_says(item(sites.of_a(4), "A's 4"), *sites.a_items(3, 2, 1))
    sites.b_says(*sites.b_items(9, 8), item(sites.of_a(4), "A's 4", guid="b-4"))
    async with sites.house(sites.b, sites.a) as paper:
        await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
        await updates(paper, sites.b, 3)
        assert paper.headlines() == ["A's 4"]


async def test_9a_holds_for_each_edition_by_its_own_feeds(sites: Sites) -> None:
    """B is another edition's feed: its news is news for that edition, whoever posted it first."""
    other = sites.around.box.add_channel("The Other", username="the_other")
    editions = {
        "one": {"feed_urls": (sites.a.url(),), "channels": (sites.around.channel.id,)},
        "two": {"feed_urls": (sites.b.url(),), "channels": (other.id,)},
    }
    plain = {"feed_urls": (), "channels": (), "editions": editions, "hold": timedelta()}
    async with sites.house(**plain) as paper:
        sites.a_says(*sites.a_items(3, 2, 1))
        sites.b_says(*sites.b_items(3, 2, 1))
        await updates(paper, sites.a)
        await updates(paper, sites.b)
        sites.a_says(item(sites.of_a(4), "A's 4"), *sites.a_items(3, 2, 1))
        await paper.until(lambda: len(paper.posts()) == 1, PATIENCE)
        sites.b_says(item(sites.of_a(4), "A's 4, says B", guid="b-4"), *sites.b_items(3, 2, 1))
        there = replace(paper, channel=other)
        await there.until(lambda: len(there.posts()) == 1, PATIENCE)
        await updates(paper, sites.b)
        assert there.headlines() == ["A's 4"]
        assert len(paper.posts()) == 1
