"""A feed parsed with its cache gives exactly what it gives without."""

from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.clock import SystemClock
from jobs.ingest.parse.feed import parse_feed, parse_feed_cached
from jobs.ingest.parse.incremental import ParseCache
from jobs.ingest.parse.model import ParsedFeed
from jobs.ingest.parse.parser import Parser
from jobs.ingest.parse.repair import MAX_SPLIT_LENGTH
from jobs.ingest.worker_pool import WorkerPool

URL = "https://news.example/feed"
SPACES = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
HEADS = (
    "<title>News</title><link>https://news.example/</link><language>en</language>",
    "<title>သတင်း</title><lastBuildDate>Mon, 23 Nov 2026 08:30:00 GMT</lastBuildDate><ttl>30</ttl>",
    "<title>News</title><item_count>3</item_count><image><url>https://news.example/i.png</url></image>",
)
WORDS = st.text("abc <>&;#x]'\"ကမ္ဘာ\u200b", max_size=30)
PIECES = st.one_of(
    st.builds("<title>{}</title>".format, WORDS.map(lambda text: text.replace("<", "&lt;"))),
    st.builds("<title><![CDATA[{}]]></title>".format, WORDS.map(lambda text: text.replace("]]>", ""))),
    st.builds("<description>&lt;p&gt;The ferries left pier {}.</description>".format, st.integers(0, 3)),
    st.builds("<link>https://news.example/{}</link>".format, st.integers(0, 5)),
    st.builds('<guid isPermaLink="{}">/{}</guid>'.format, st.sampled_from(("true", "no")), st.integers(0, 5)),
    st.builds("<pubDate>Mon, {} Nov 2026 08:30:00 GMT</pubDate>".format, st.integers(0, 40)),
    st.sampled_from(
        (
            '<media:group><media:content url="a.jpg"/><media:description>M</media:description></media:group>',
            '<dc:creator>Aye Aye</dc:creator>',
            '<enclosure url="/e.jpg" type="image/jpeg" length="1"/>',
            '<description xml:base="https://other.example/">&lt;img src="b.jpg"&gt;</description>',
            '<x:note xmlns:x="http://purl.org/dc/elements/1.1/">own name space</x:note>',
            '<svg xmlns="http://www.w3.org/2000/svg"><title>drawn</title></svg>',
            "<source><title>Elsewhere</title></source>",
            "<language>my</language>",
            "<broken>",
            "<item/>",
            "<!-- <item> -->",
        )
    ),
)  # fmt: skip
ITEM = st.lists(PIECES, max_size=6).map("".join)
ITEMS = st.lists(ITEM, min_size=1, max_size=6)


def document(head: str, items: Sequence[str], attributes: str = SPACES) -> bytes:
    """A feed with these items."""
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0" {attributes}><channel>{head}{body}</channel></rss>'.encode()


@given(st.sampled_from(HEADS), st.sampled_from(HEADS), ITEMS, ITEMS, st.data())
def test_a_feed_read_again_says_what_it_says_read_afresh(
    head: str, later_head: str, items: list[str], more: list[str], data: st.DataObject
) -> None:
    later = data.draw(st.permutations([*items[data.draw(st.integers(0, len(items))) :], *more]))
    _, memory = parse_feed_cached(document(head, items), "", URL, b"")
    attributes = data.draw(st.sampled_from((SPACES, f'{SPACES} xml:base="https://moved.example/"')))
    body = document(later_head, later, attributes)
    found, _ = parse_feed_cached(body, "", URL, memory)
    assert found == parse_feed(body, "", URL)


def test_a_base_inside_one_item_counts_for_the_next_as_feedparser_has_it() -> None:
    based = '<description xml:base="https://other.example/">&lt;img src="b.jpg"&gt;</description>'
    named = '<title>Named</title><guid isPermaLink="true">/0</guid>'
    _, memory = parse_feed_cached(document(HEADS[0], [based]), "", URL, b"")
    body = document(HEADS[0], [based, named])
    assert parse_feed_cached(body, "", URL, memory)[0] == parse_feed(body, "", URL)


def story(number: int) -> str:
    return (
        f"<title>Headline {number} about the ferries</title><link>https://news.example/{number}</link>"
        f"<description>The ferries of pier {number} are back and run to the islands.</description>"
    )


def test_only_what_is_new_is_read_and_only_the_newest_update_is_remembered() -> None:
    _, first = parse_feed_cached(document(HEADS[0], [story(1), story(2), story(3)]), "", URL, b"")
    found, second = parse_feed_cached(document(HEADS[0], [story(4), story(1), story(2)]), "", URL, first)
    before, after = ParseCache.from_bytes(first).items, ParseCache.from_bytes(second).items
    assert isinstance(found, ParsedFeed)
    assert [item.link[-1] for item in found.items] == ["4", "1", "2"]
    assert (len(before), len(after), len(set(before) & set(after))) == (3, 3, 2)


def test_what_is_around_the_items_counts_too() -> None:
    linked = [f"<link>/{number}</link><title>Headline {number}</title>" for number in range(3)]
    _, memory = parse_feed_cached(document(HEADS[0], linked), "", URL, b"")
    elsewhere, _ = parse_feed_cached(document(HEADS[0], linked), "", "https://moved.example/", memory)
    assert isinstance(elsewhere, ParsedFeed)
    assert [item.link for item in elsewhere.items] == [f"https://moved.example/{n}" for n in range(3)]


@pytest.mark.parametrize(
    "harm",
    [
        '<x:title xmlns:x="http://purl.org/rss/1.0/">T</x:title>',
        '<description><svg xmlns="http://www.w3.org/2000/svg"/></description>',
        "<b>never closed",
    ],
)
def test_of_items_that_may_change_how_others_are_read_nothing_is_remembered(harm: str) -> None:
    assert parse_feed_cached(document(HEADS[0], [story(1), story(2) + harm]), "", URL, b"")[1] == b""


def test_a_long_document_is_always_read_whole() -> None:
    long = [
        story(number) + f"<category>{'x' * MAX_SPLIT_LENGTH}</category>" * (number == 1) for number in (1, 2)
    ]
    assert parse_feed_cached(document(HEADS[0], long), "", URL, b"")[1] == b""
    assert parse_feed_cached(document(HEADS[0], long[1:]), "", URL, b"")[1] != b""


@pytest.fixture
async def children() -> AsyncIterator[WorkerPool]:
    started = WorkerPool(SystemClock(), most=1)
    yield started
    await started.close()


async def test_memories_have_a_bound_and_the_oldest_go_first(children: WorkerPool) -> None:
    bodies = [document(HEADS[0], [story(number), story(number + 1)]) for number in range(4)]
    sizes = [len(parse_feed_cached(body, "", f"{URL}/{n}", b"")[1]) for n, body in enumerate(bodies)]
    parser = Parser(children, memory=sum(sizes[1:]))
    for number in (0, 1, 2, 3, 1):
        await parser.parse(bodies[number], "", f"{URL}/{number}")
    assert parser.cached_urls() == [f"{URL}/{number}" for number in (2, 3, 1)]


async def test_a_feed_that_fails_is_forgotten_and_read_whole_the_next_time(children: WorkerPool) -> None:
    parser, body = Parser(children), document(HEADS[0], [story(1), story(2)])
    whole = await parser.parse(body, "", URL)
    await parser.parse(b"<html></html>", "", URL)
    assert parser.cached_urls() == []
    assert await parser.parse(body, "", URL) == whole
    assert await parser.parse(body, "", URL) == whole
