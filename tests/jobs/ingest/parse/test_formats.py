"""Every format of feed gives the same kind of items."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.parse.feed import parse_feed
from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from tests.storage.text.zawgyi_writer import to_zawgyi

URL = "https://news.example/feed"
DATE = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)

RSS_091 = """<rss version="0.91"><channel><title>News</title><link>https://news.example/</link><item>
<title>Harbour opens</title><link>https://news.example/1</link>
<description>The ferries are back.</description></item></channel></rss>"""
RSS_10 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>News</title>
<link>https://news.example/</link></channel><item rdf:about="https://news.example/1">
<title>Harbour opens</title><link>https://news.example/1</link>
<description>The ferries are back.</description><dc:date>2026-11-23T08:30:00Z</dc:date></item></rdf:RDF>"""
RSS_20 = """<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><link>https://news.example/</link>
<language>en-GB</language><ttl>30</ttl><skipHours><hour>0</hour><hour>24</hour><hour>3</hour></skipHours>
<skipDays><day>Sunday</day></skipDays><item><title><![CDATA[Harbour opens]]></title>
<link>https://news.example/1?utm_source=rss</link><guid isPermaLink="false">1</guid>
<pubDate>Mon, 23 Nov 2026 08:30:00 GMT</pubDate><description>The ferries are back.</description>
<content:encoded><![CDATA[<p>The ferries are back.</p><p>They left at dawn.</p>]]></content:encoded>
<dc:creator>Aye Aye</dc:creator><category>World</category><category>world</category><category>Sea</category>
<enclosure url="https://news.example/1.jpg" type="image/jpeg" length="1"/></item></channel></rss>"""
ATOM_03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>News</title>
<link rel="alternate" type="text/html" href="https://news.example/"/><entry><title>Harbour opens</title>
<link rel="alternate" type="text/html" href="https://news.example/1"/><id>tag:1</id>
<issued>2026-11-23T08:30:00Z</issued><modified>2026-11-23T09:00:00Z</modified>
<summary>The ferries are back.</summary></entry></feed>"""
ATOM_10 = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>News</title>
<link href="https://news.example/"/><link rel="hub" href="https://hub.example/"/>
<link rel="self" href="https://news.example/atom"/><entry><title>Harbour opens</title>
<link rel="alternate" type="application/json" href="https://news.example/1.json"/>
<link rel="alternate" type="text/html" href="https://news.example/1"/><id>tag:1</id>
<published>2026-11-23T08:30:00Z</published><updated>2026-11-23T09:00:00Z</updated>
<summary type="html">&lt;p&gt;The ferries are back.&lt;/p&gt;</summary></entry></feed>"""
JSON_11 = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "News",
        "home_page_url": "https://news.example/",
        "feed_url": "https://news.example/feed.json",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}, {"type": "rssCloud", "url": "x"}],
        "items": [
            {
                "id": 1,
                "url": "/1",
                "title": "Harbour opens",
                "summary": "The ferries are back.",
                "content_html": "<p>The ferries are back.</p><p>They left at dawn.</p>",
                "date_published": "2026-11-23T08:30:00Z",
                "image": "https://news.example/1.jpg",
                "authors": [{"name": "Aye Aye"}],
                "tags": ["World", "Sea"],
            }
        ],
    }
)
SITEMAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>https://news.example/1</loc>
<news:news><news:publication><news:name>News</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-11-23T08:30:00Z</news:publication_date><news:title>Harbour opens</news:title>
<news:keywords>World, Sea</news:keywords></news:news>
<image:image><image:loc>https://news.example/1.jpg</image:loc></image:image></url></urlset>"""

ALL = {
    "rss 0.91": RSS_091, "rss 1.0": RSS_10, "rss 2.0": RSS_20, "atom 0.3": ATOM_03, "atom 1.0": ATOM_10,
    "json 1.1": JSON_11, "news sitemap": SITEMAP,
}  # fmt: skip


def read(source: str) -> ParsedFeed:
    found = parse_feed(source.encode(), "", URL)
    assert isinstance(found, ParsedFeed), found
    return found


@pytest.mark.parametrize("name", ALL)
def test_each_format_gives_its_headline_link_and_date(name: str) -> None:
    found = read(ALL[name])
    [item] = found.items
    assert found.title == "News"
    assert (item.title, item.link) == ("Harbour opens", "https://news.example/1")
    assert item.published == (None if name == "rss 0.91" else DATE)
    assert item.summary == ("" if name == "news sitemap" else "The ferries are back.")


@pytest.mark.parametrize("name", ["rss 2.0", "json 1.1"])
def test_text_author_sections_and_picture_are_read(name: str) -> None:
    [item] = read(ALL[name]).items
    assert item.text == "The ferries are back.\n\nThey left at dawn."
    assert (item.author, item.sections) == ("Aye Aye", ("World", "Sea"))
    assert (item.guid, item.image_url) == ("1", "https://news.example/1.jpg")


def test_what_a_feed_asks_for_is_read() -> None:
    found = read(RSS_20)
    assert (found.ttl, found.language) == (timedelta(minutes=30), "en-GB")
    assert (found.skip_hours, found.skip_days) == (frozenset({0, 3}), frozenset({6}))
    assert read(RSS_20.replace("<ttl>30</ttl>", "<ttl>9999999</ttl>")).ttl == timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "topic"),
    [("atom 1.0", "https://news.example/atom"), ("json 1.1", "https://news.example/feed.json")],
)
def test_hubs_and_topics_are_found(name: str, topic: str) -> None:
    found = read(ALL[name])
    assert (found.hubs, found.topic) == (("https://hub.example/",), topic)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("<!DOCTYPE html><html><title>Error</title></html>", "a web page"),
        ("<html><head><title>Just a moment...</title></head></html>", "challenge page"),
        ('{"error": "not found"}', "not a JSON Feed"),
        ('{"items": []}', "not a JSON Feed"),
        ("[" * 100_000, "invalid"),
        ("Not found", "not a feed"),
        ("<opml/>", "<opml>"),
        ('<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>', "index of sitemaps"),
        ("<urlset><url><loc>https://news.example/1</loc></url></urlset>", "without news"),
    ],
)
def test_what_is_no_feed_is_refused_with_a_sentence(source: str, reason: str) -> None:
    found = parse_feed(source.encode(), "", URL)
    assert isinstance(found, ParseFailed)
    assert reason in found.reason
    assert found.reason.endswith(".")


def test_burmese_in_zawgyi_comes_out_in_unicode_whole() -> None:
    words = "ဝန်ကြီးဌာနက စိုက်ပျိုးရေးအတွက် ကူညီမည်ဟု ပြောကြားခဲ့သည်။"
    source = RSS_091.replace("Harbour opens", to_zawgyi("ဝန်ကြီးဌာန ပြောကြား"))
    source = source.replace("The ferries are back.", to_zawgyi(words)).replace("News", to_zawgyi("သတင်း"))
    found = read(source)
    [item] = found.items
    assert found.title == "သတင်း"
    assert (item.title, item.summary, item.language) == ("ဝန်ကြီးဌာန ပြောကြား", words, "my")


def test_unicode_beside_zawgyi_in_one_item_is_left_alone() -> None:
    words = "ဝန်ကြီးဌာနက စိုက်ပျိုးရေးအတွက် ကူညီမည်ဟု ပြောကြားခဲ့သည်။"
    headline = "ဒေသခံများ ကျောင်းပြန်ဖွင့်ရန် တောင်းဆိုကြသည်"
    source = RSS_091.replace("Harbour opens", headline).replace("The ferries are back.", to_zawgyi(words))
    [item] = read(source).items
    assert (item.title, item.summary) == (headline, words)


def test_the_language_is_what_the_letters_prove_before_what_the_feed_claims() -> None:
    found = read(RSS_20.replace("Harbour opens", "ဆိပ်ကမ်း ပြန်ဖွင့်").replace("ferries are back", "ကူးတို့"))
    assert found.items[0].language == "my"
    french = (
        "Le premier ministre a annoncé hier soir que la réforme des retraites serait soumise au parlement. "
        * 2
    )
    assert read(RSS_20.replace("The ferries are back.", french)).items[0].language == "fr"
    assert read(RSS_20).items[0].language == "en-GB"


@pytest.mark.parametrize(
    ("claimed", "tag"),
    [("en-gb", "en-GB"), ("EN_us", "en-US"), ("it-IT", "it-IT"), ("x" * 50, ""), ("en; q=1", "")],
)
def test_a_claimed_language_is_kept_in_its_usual_spelling(claimed: str, tag: str) -> None:
    assert read(RSS_20.replace("en-GB", claimed)).language == tag


def test_an_item_that_cannot_be_shown_is_left_out_with_a_sentence() -> None:
    found = read(RSS_091.replace("https://news.example/1", "javascript:alert(1)"))
    assert found.items == ()
    assert found.omissions == (
        "“Harbour opens” was left out: readers cannot open its link 'javascript:alert(1)',"
        " since it is not a web address.",
    )


FIELDS = sorted(json.loads(JSON_11)["items"][0])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=8,
)


@given(st.lists(ANYTHING, max_size=3), ANYTHING)
def test_no_json_raises(items: list[object], hubs: object) -> None:
    source = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items, "hubs": hubs})
    assert isinstance(parse_feed(source.encode(), "", URL), ParsedFeed | ParseFailed)


WOUNDS = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3)), max_size=5)


@given(st.sampled_from(sorted(ALL)), WOUNDS, st.floats(0, 1))
def test_no_damage_to_a_document_raises(name: str, wounds: list[tuple[float, bytes]], end: float) -> None:
    source = bytearray(ALL[name].encode())
    for place, torn in wounds:
        at = int(place * len(source))
        source[at : at + 2] = torn
    found = parse_feed(bytes(source[: int(end * len(source)) + 1]), "", URL)
    assert isinstance(found, ParsedFeed | ParseFailed)
