"""Which addresses may be contacted."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs.ingest.http.ssrf import address_refusal, url_refusal

PRIVATE = [
    ("0.0.0.0", "unspecified"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("10.1.2.3", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("169.254.169.254", "link-local"),
    ("100.64.0.1", "carrier-internal"),
    ("100.127.255.255", "carrier-internal"),
    ("224.0.0.1", "multicast"),
    ("255.255.255.255", "reserved"),
    ("198.18.0.1", "reserved"),
    ("203.0.113.9", "reserved"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("fd12::1", "private"),
    ("fc00::", "private"),
    ("ff02::1", "multicast"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:0:127.0.0.1", "loopback"),
    ("::127.0.0.1", "loopback"),
    ("64:ff9b::10.0.0.1", "private"),
    ("64:ff9b:1::1", "reserved"),
    ("2002:a00:1::", "private"),
    ("2001:0:53aa:64c:0:7fff:f5ff:fffe", "reserved"),
    ("2001:db8::1", "reserved"),
    ("4000::1", "reserved"),
]


@pytest.mark.parametrize(("address", "kind"), PRIVATE)
def test_what_is_nobodys_business_is_refused_by_its_kind(address: str, kind: str) -> None:
    assert address_refusal(address).endswith(f" is a {kind} address")


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "100.63.255.255",
        "172.15.0.1",
        "172.32.0.1",
        "2606:4700::1111",
        "64:ff9b::1.1.1.1",
        "2002:101:101::",
    ],
)
def test_the_public_internet_may_be_asked(address: str) -> None:
    assert address_refusal(address) == ""


def test_what_is_no_address_is_refused() -> None:
    assert address_refusal("localhost") == "localhost is not an address"
    assert address_refusal("127.1") == "127.1 is not an address"


def test_a_network_that_the_operator_names_may_be_asked_wrapped_or_not() -> None:
    allowed = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    for address in ("10.9.8.7", "::ffff:10.9.8.7", "64:ff9b::a09:807", "fd00::1"):
        assert address_refusal(address, allowed) == ""
    for address in ("127.0.0.1", "192.168.0.1", "fc00::1"):
        assert address_refusal(address, allowed)


@given(some.ip_addresses(v=4))
def test_no_wrapping_makes_an_address_more_public(address: IPv4Address) -> None:
    """Whether an IPv4 address may be contacted does not depend on the IPv6 address that embeds it."""
    number = int(address)
    wrapped = [IPv6Address((prefix << 32) | number) for prefix in (0xFFFF, 0xFFFF << 16, 0x64FF9B << 64)]
    wrapped.append(IPv6Address((0x2002 << 112) | (number << 80)))
    for outer in wrapped:
        assert bool(address_refusal(str(outer))) == bool(address_refusal(str(address)))


@given(some.ip_addresses())
def test_nothing_that_python_calls_private_is_asked(address: IPv4Address | IPv6Address) -> None:
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        assert address_refusal(str(address))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "paper.example/feed",
        "//paper.example/feed",
        "javascript:alert(1)",
        "data:text/xml,<rss/>",
        "file:///etc/passwd",
        "tg://resolve?domain=x",
        "ftp://paper.example/",
        "http://",
        "http:///feed",
        "http://user@paper.example/",
        "http://user:secret@paper.example/",
        "http://@paper.example/",
        "http://paper.example:0/",
        "http://paper.example:65536/",
        "http://paper.example:80a/",
        "http://paper..example/",
        "http://[::1/",
        "http://paper.example\\@127.0.0.1/",
        "http://paper.example/\r\nHost: inside",
        "http://paper .example/",
        "http://paper.example/\x00",
        "http://paper.example/\x85",
        "http://" + "a" * 254 + "/",
        "http://paper.example/" + "a" * 4100,
    ],
)
def test_an_address_that_cannot_be_fetched_is_refused_in_a_few_words(url: str) -> None:
    refusal = url_refusal(url)
    assert refusal
    assert "secret" not in refusal


@pytest.mark.parametrize(
    "url",
    [
        "http://paper.example",
        "https://paper.example:8443/feed?x=1&y=%20",
        "HTTP://PAPER.EXAMPLE/",
        "https://သတင်း.example/သတင်း",
        "http://[2606:4700::1111]/",
    ],
)
def test_an_ordinary_address_may_be_fetched(url: str) -> None:
    assert url_refusal(url) == ""


@given(some.text(max_size=60))
def test_any_text_is_judged_without_an_exception(text: str) -> None:
    url_refusal(text)
    url_refusal(f"http://{text}")
    address_refusal(text)
