"""Feeds that a page advertises."""

import csv
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs.ingest.parse.autodiscovery import find_advertised_feeds, guess_feed_urls, is_html_page

SITE = "https://paper.example/world/"
CORPUS = Path("material/feeds/corpus")


def page(*links: str) -> bytes:
    return f"<!DOCTYPE html><html><head>{''.join(links)}</head><body></body></html>".encode()


def test_the_feeds_of_a_page_come_in_its_order() -> None:
    body = page(
        "<LINK REL='alternate' TYPE='application/atom+xml' HREF='/atom'>",
        '<link href="rss.xml?a=1&amp;b=2" rel=alternate type=application/rss+xml>',
        '<link rel="alternate" type="application/feed+json; charset=utf-8" href="//cdn.example/feed.json"/>',
    )
    assert find_advertised_feeds(body, SITE) == (
        "https://paper.example/atom",
        "https://paper.example/world/rss.xml?a=1&b=2",
        "https://cdn.example/feed.json",
    )


def test_comments_feeds_come_last() -> None:
    kind = "rel=alternate type=application/rss+xml"
    body = page(f'<link {kind} href="/comments/feed/">', f'<link {kind} href="/feed/">')
    assert find_advertised_feeds(body, SITE) == (
        "https://paper.example/feed/",
        "https://paper.example/comments/feed/",
    )


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="alternate" hreflang="my" href="/my/">',
        '<link rel="stylesheet" type="text/css" href="/style.css">',
        '<link rel="alternate" type="application/json+oembed" href="/oembed">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">',
        '<link rel="alternate" type="application/rss+xml" href="">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">',
        '<link rel="alternate" type="application/rss+xml" href="http://user@paper.example/feed">',
        '<!-- <link rel="alternate" type="application/rss+xml" href="/old"> -->',
        '<!-- <link rel="alternate" type="application/rss+xml" href="/old">',
    ],
)
def test_what_is_no_feed_is_left_out(link: str) -> None:
    assert find_advertised_feeds(page(link), SITE) == ()


def test_a_base_address_counts() -> None:
    body = page('<base href="https://other.example/x/">', '<link rel=feed href="feed">')
    assert find_advertised_feeds(body, SITE) == ("https://other.example/x/feed",)


def test_a_page_in_another_charset_is_read() -> None:
    body = '<link rel="alternate" type="application/rss+xml" href="/ニュース">'.encode("shift_jis")
    assert find_advertised_feeds(body, SITE, "shift_jis") == ("https://paper.example/ニュース",)
    assert len(find_advertised_feeds(body, SITE, "no-such-charset")) == 1


def test_usual_places_are_below_the_page_then_at_the_top() -> None:
    places = guess_feed_urls("https://paper.example/world?x=1")
    assert places[0] == "https://paper.example/world/feed/"
    assert "https://paper.example/rss.xml" in places
    assert guess_feed_urls("https://paper.example")[0] == "https://paper.example/feed/"


def test_a_page_is_told_from_a_feed() -> None:
    assert is_html_page(b"\xef\xbb\xbf\n<!DOCTYPE HTML><head>")
    assert not is_html_page(b'<?xml version="1.0"?><rss version="2.0">')


@given(some.binary(max_size=3000), some.text(max_size=50))
def test_any_bytes_are_read_without_an_exception(body: bytes, charset: str) -> None:
    find_advertised_feeds(body, SITE, charset)
    is_html_page(body)


@given(
    some.lists(
        some.sampled_from(
            ["<link ", "<base href=", "rel=alternate ", '"', "'", "<!--", "-->", "a=", ">", "<"]
        )
    )
)
def test_any_heap_of_markup_is_read_without_an_exception(parts: list[str]) -> None:
    find_advertised_feeds("".join(parts).encode(), SITE)


@pytest.mark.skipif(not CORPUS.exists(), reason="material/feeds/corpus is not unpacked here")
def test_real_pages_give_the_feeds_that_they_advertise() -> None:
    csv.field_size_limit(sys.maxsize)
    found = wanted = 0
    with (CORPUS / "PAGES.tsv").open(newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            path = CORPUS / "pages" / row["file"]
            if path.exists() and row["feed_links"] not in ("", "0"):
                wanted += 1
                found += bool(find_advertised_feeds(path.read_bytes(), "https://paper.example/"))
    assert wanted > 300
    assert found / wanted >= 0.98
