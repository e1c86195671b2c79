"""Only links to public web pages are shown to readers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.content.links import is_private_host, reader_link, refused_because

REFUSED = [
    "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "tg://resolve?domain=x",
    "mailto:a@b.example",
    "http://news.example@evil.example/", "http://user:secret@news.example/", "http://localhost/x",
    "http://intranet/", "http://printer.local/", "http://127.0.0.1/", "http://127.1/", "http://0x7f000001/",
    "http://2130706433/", "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://10.1.2.3/",
    "http://169.254.169.254/latest/", "http://100.64.0.1/", "http://224.0.0.1/", "http://0.0.0.0/", "http://",
    "https://news.example\\@evil.example/", "https://news.example/" + "x" * 33_000, "",
]  # fmt: skip


@pytest.mark.parametrize("link", REFUSED)
def test_links_that_readers_must_not_or_cannot_open_are_refused(link: str) -> None:
    assert reader_link(link) == ""


def test_links_are_made_whole_and_lose_only_their_tracking() -> None:
    base = "https://news.example/world/feed"
    assert reader_link("/a?utm_source=rss&id=3#top", base) == "https://news.example/a?id=3#top"
    assert reader_link("../b", base) == "https://news.example/b"
    assert reader_link("//cdn.example/x", base) == "https://cdn.example/x"
    assert reader_link(" https://news.example/with space\n", base) == "https://news.example/with%20space"


def test_a_newsroom_on_its_own_network_may_link_to_itself_and_not_to_others() -> None:
    base = "http://127.0.0.1:8080/feed"
    assert reader_link("http://127.0.0.1:8080/story/1", base) == "http://127.0.0.1:8080/story/1"
    assert reader_link("http://10.0.0.1/story/1", base) == ""


def test_public_hosts_are_public() -> None:
    assert not any(
        map(is_private_host, ["news.example", "8.8.8.8", "2001:4860:4860::8888", "xn--bcher-kva.example"])
    )


@pytest.mark.parametrize(
    "path",
    [
        "articles/ခန\u103a\u1037",
        "articles/cafe\u0301",
        "\u212b-ridge",
        "می\u200cخواهم",
        "a\u00a0b\u2066c",
        "a?",
        "a?b=&c#",
        "%e1%80%81?q=%zz",
        "x" * 3000,
    ],
)
def test_a_link_is_kept_letter_by_letter(path: str) -> None:
    link = f"https://news.example/{path}"
    assert reader_link(link, "https://news.example/feed") == reader_link(link) == link


def test_a_link_that_is_refused_says_why() -> None:
    assert refused_because("https://news.example/a") == ""
    assert refused_because("tg://resolve?domain=x") == "it is not a web address"
    assert refused_because("https://bank.example@evil.example/") == "it hides its host behind a user name"
    assert refused_because("http://10.0.0.1/") == "it leads into a private network"
    assert refused_because("https://news.example/" + "x" * 33_000) == "it has more than 32,768 characters"


@given(st.text(), st.text())
def test_no_link_raises_and_what_comes_back_is_http(link: str, base: str) -> None:
    found = reader_link(link, base)
    assert found == "" or found.startswith(("http://", "https://"))
