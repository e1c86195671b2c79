"""Readers are sent to public web pages and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.links import is_private_host, reader_link

REFUSED = [
    "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "tg://resolve?domain=x",
    "mailto:a@b.example",
    "http://news.example@evil.example/", "http://user:secret@news.example/", "http://localhost/x",
    "http://intranet/", "http://printer.local/", "http://127.0.0.1/", "http://127.1/", "http://0x7f000001/",
    "http://2130706433/", "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://10.1.2.3/",
    "http://169.254.169.254/latest/", "http://100.64.0.1/", "http://224.0.0.1/", "http://0.0.0.0/", "http://",
    "https://news.example\\@evil.example/", "https://news.example/" + "x" * 3000, "",
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


@given(st.text(), st.text())
def test_no_link_raises_and_what_comes_back_is_http(link: str, base: str) -> None:
    found = reader_link(link, base)
    assert found == "" or found.startswith(("http://", "https://"))
