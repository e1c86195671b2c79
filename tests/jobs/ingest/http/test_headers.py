"""Parsing of response headers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some
from multidict import CIMultiDict

from jobs.ingest.http.headers import (
    decode_validator,
    parse_content_type,
    parse_freshness,
    parse_link_headers,
    parse_retry_after,
)
from jobs.ingest.http.results import Link, Seconds

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@given(some.integers(0, 86_400 * 30))
def test_a_wait_in_seconds_and_a_wait_until_a_date_are_the_same(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after(str(seconds), NOW) == parse_retry_after(date, NOW) == Seconds(seconds)


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1.5", "٣", "Mon, 99 Nov 2026 09:00:00 GMT", "2026-11-23", "1e9"]
)
def test_a_wait_that_cannot_be_read_is_none(value: str) -> None:
    assert parse_retry_after(value, NOW) is None


def test_a_date_gone_by_asks_for_no_wait() -> None:
    assert parse_retry_after("Mon, 23 Nov 2026 08:00:00 GMT", NOW) == Seconds(0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "max-age=300"}, 300),
        ({"Cache-Control": "public, MAX-AGE = 300 , must-revalidate"}, 300),
        ({"Cache-Control": 'max-age="300"'}, 300),
        ({"Cache-Control": "max-age=300", "Age": "100"}, 200),
        ({"Cache-Control": "max-age=300", "Age": "1000"}, 0),
        ({"Cache-Control": "max-age=300, no-cache"}, None),
        ({"Cache-Control": "no-store"}, None),
        ({"Cache-Control": "max-age=soon"}, None),
        ({"Cache-Control": "max-age=-1"}, None),
        ({"Cache-Control": "private", "Expires": "Mon, 23 Nov 2026 10:00:00 GMT"}, None),
        ({"Expires": "Mon, 23 Nov 2026 10:00:00 GMT"}, 3600),
        ({"Expires": "Mon, 23 Nov 2026 10:00:00 GMT", "Date": "Mon, 23 Nov 2026 09:30:00 GMT"}, 1800),
        ({"Expires": "0"}, None),
        ({"Expires": "Mon, 23 Nov 2020 10:00:00 GMT"}, 0),
    ],
)
def test_freshness_is_read_as_http_means_it(headers: dict[str, str], seconds: float | None) -> None:
    assert parse_freshness(CIMultiDict(headers), NOW) == seconds


@given(some.text(), some.text())
def test_any_headers_are_read_without_an_exception(first: str, second: str) -> None:
    parse_retry_after(first, NOW)
    parse_freshness({"Cache-Control": first, "Age": second}, NOW)
    parse_freshness({"Expires": first, "Date": second}, NOW)
    parse_content_type(first)
    parse_link_headers([first, f"<{second}>; rel={first}"], "http://paper.example/")


def test_every_relation_of_every_link_header_is_found() -> None:
    values = [
        '<https://hub.example/a,b>; rel="hub  other"; title="x", </feed>;REL=self',
        "<http://[>; rel=hub",
    ]
    assert parse_link_headers(values, "https://paper.example/x") == (
        Link("https://hub.example/a,b", "hub"),
        Link("https://hub.example/a,b", "other"),
        Link("https://paper.example/feed", "self"),
    )


def test_a_thousand_links_are_not_all_kept() -> None:
    assert len(parse_link_headers(["<http://a/>; rel=hub, " * 1000], "http://a/")) == 20


def test_a_content_type_is_read_with_its_charset() -> None:
    assert parse_content_type("Text/XML ; Charset='Shift_JIS'") == ("text/xml", "Shift_JIS")
    assert parse_content_type("") == ("", "")


def test_a_validator_is_kept_as_it_is_or_not_at_all() -> None:
    assert decode_validator('"ünïcode"'.encode()) == '"ünïcode"'
    assert decode_validator(b"\xff") == decode_validator(b"a\x00b") == decode_validator(b"a" * 3000) == ""
