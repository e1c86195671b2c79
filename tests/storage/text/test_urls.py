"""All spellings of one article's link are one; different articles stay different."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.text.urls import is_front_page, link_key, link_keys, normalize_url, remove_tracking, site_of

SAME = [
    ("https://news.example/a", "http://www.news.example/a/"),
    ("https://news.example/a", "HTTPS://NEWS.EXAMPLE:443/a#top"),
    ("https://news.example/a", "https://news.example/a?utm_source=rss&at_campaign=KARANGA"),
    ("https://news.example/a", "https://m.news.example/a/amp"),
    ("https://news.example/a", "https://amp.news.example/a?amp=1"),
    ("https://news.example/a", "https://www.google.com/amp/s/www.news.example/a"),
    ("https://news.example/a", "https://news-example.cdn.ampproject.org/c/s/news.example/a"),
    ("https://news.example/?p=1&q=2", "https://news.example/?q=2&p=1"),
    ("https://news.example/a", "https://news.example/b/../a/index.html"),
    ("https://news.example/%E1%80%99", "https://news.example/မ"),
    ("https://news.example/%e1%80%99", "https://news.example/မ"),
    ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
    ("https://news.example/a", " https://news.example/\na\u200b "),
    ("https://www.wsj.example/articles/x", "https://www.wsj.example/articles/x?mod=rss_whats_news_us"),
    ("https://www.nyt.example/x.html", "https://www.nyt.example/x.html?partner=rss&emc=rss"),
    (
        "https://www.daily.example/x.html",
        "https://www.daily.example/x.html?ns_mchannel=rss&ns_campaign=1490&ito=1490",
    ),
]
DIFFERENT = [
    ("https://news.example/a", "https://news.example/b"),
    ("https://news.example/a", "https://news.example/A"),
    ("https://news.example/?p=1", "https://news.example/?p=2"),
    ("https://news.example/a", "https://other.example/a"),
    ("https://news.example/a", "https://sport.news.example/a"),
    ("https://news.example/a", "https://news.example:8080/a"),
    ("https://news.example/#!/a", "https://news.example/#!/b"),
    ("https://news.example/a?id=%26", "https://news.example/a?id=&"),
    ("https://news.example/a%2Fb", "https://news.example/a%252Fb"),
    ("https://news.example/a?ref=politics", "https://news.example/a?ref=sports"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_link_are_equal(one: str, other: str) -> None:
    assert normalize_url(one) == normalize_url(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_articles_stay_different(one: str, other: str) -> None:
    assert normalize_url(one) != normalize_url(other)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "/relative",
        "http://",
        "http://[x",
        "mailto:a@b",
        "http://a:99999999/",
    ],
)
def test_what_no_reader_can_open_has_no_form(link: str) -> None:
    assert normalize_url(link) == ""


@given(
    st.text()
    | st.builds(
        "{}{}".format, st.sampled_from(["https://a.b/", "http://www.a.b:80/x/amp", "//a?"]), st.text()
    )
)
def test_normalising_twice_is_normalising_once_and_nothing_raises(link: str) -> None:
    once = normalize_url(link)
    assert normalize_url(once) == once
    remove_tracking(link)
    is_front_page(link)


@given(st.text(alphabet="/.?#&=%:@[]ampwindexhtl0123456789+ü\udc80", max_size=40))
def test_odd_links_are_stable_too(tail: str) -> None:
    once = normalize_url(f"https://news.example{tail}")
    assert normalize_url(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ခန\u103a\u1037", "ခန\u1037\u103a"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u212b-ridge", "\u00c5-ridge"),
        ("cafe%CC%81", "caf%c3%a9"),
    ],
)
def test_two_unicode_forms_of_a_link_share_a_key(one: str, other: str) -> None:
    found = link_keys(f"https://news.example/{one}"), link_keys(f"https://news.example/{other}")
    assert set(found[0]) & set(found[1])
    assert link_keys("https://news.example/cafe") == (link_key("https://news.example/cafe"),)


def test_only_the_tracking_is_taken_from_what_readers_open() -> None:
    assert (
        remove_tracking("http://www.x.example/a/?id=3&utm_medium=rss&b=%20#c")
        == "http://www.x.example/a/?id=3&b=%20#c"
    )
    assert remove_tracking("http://x.example/?fbclid=1") == "http://x.example/"


def test_a_front_page_is_no_article() -> None:
    assert is_front_page("https://www.news.example/?utm_source=rss")
    assert is_front_page("https://news.example/index.html")
    assert not is_front_page("https://news.example/?p=1")


@pytest.mark.parametrize(
    ("link", "whose"),
    [
        ("https://www.Paper.example:443/a", "paper.example"),
        ("http://paper.example:80", "paper.example"),
        ("http://paper.example:8080/a", "paper.example:8080"),
        ("https://paper.example@evil.example/a", "evil.example"),
        ("https://m.paper.example/a", "m.paper.example"),
        ("https://www.google.com/amp/s/www.paper.example/a", "paper.example"),
        ("https://paper.example.evil.example/", "paper.example.evil.example"),
        ("tg://resolve?domain=x", ""),
    ],
)
def test_a_links_site_is_its_host_and_port(link: str, whose: str) -> None:
    assert site_of(link) == whose
