"""Which links Telegram accepts, and how it normalizes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.formatting import links


@pytest.mark.parametrize(
    ("given_link", "written"),
    [
        ("example.org", "http://example.org/"),
        ("https://Example.ORG/Path", "https://example.org/Path"),
        ("https://example.org?x=1", "https://example.org/?x=1"),
        ("https://example.org#top", "https://example.org/#top"),
        ("http://user:word@example.org:8080/", "http://user:word@example.org:8080/"),
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("https://သတင်း.example/", "https://သတင်း.example/"),
        ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x"),
        ("tg://resolve?domain=daily", "tg://resolve?domain=daily"),
        ("TG:resolve?domain=daily", "tg://resolve?domain=daily"),
        ("ton://transfer/abc", "ton://transfer/abc"),
    ],
)
def test_acceptable_addresses_are_written_in_one_way(given_link: str, written: str) -> None:
    assert links.check_link(given_link) == written


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("", "URL host is empty"),
        ("localhost", "Wrong HTTP URL"),
        ("http://localhost:8080/", "Wrong HTTP URL"),
        ("ftp://example.org", "Unsupported URL protocol"),
        ("https://", "URL host is empty"),
        ("https://./", "Host is invalid"),
        ("https://example.org:99999/", "Wrong port number specified in the URL"),
        ("https://example.org:0/", "Wrong port number specified in the URL"),
        ("javascript:alert(1)", "Wrong port number specified in the URL"),
        ("https://exa mple.org/", "Disallowed character in URL host"),
        ('https://exa"mple.org/', "Disallowed character in URL host"),
        ("http://[::zz]/", "Wrong IPv6 address specified in the URL"),
        ("tg://user:x@resolve", "Wrong tg URL"),
    ],
)
def test_other_addresses_are_refused_with_the_reason(wrong: str, reason: str) -> None:
    with pytest.raises(links.InvalidLink, match=reason):
        links.check_link(wrong)
    assert links.normalize_link(wrong) == ""


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    kept = links.normalize_link(text)
    if kept:
        assert links.normalize_link(kept) == kept
