"""Fetching a feed: the request, the response, and the outcome."""

import gzip
import zlib
from email.utils import format_datetime
from typing import Any

import brotli
import pytest
from aiohttp import web

from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.http.results import (
    FeedGone,
    Fetched,
    FetchFailed,
    FetchOutcome,
    Link,
    NotModified,
    PostResult,
    Seconds,
)
from tests.conftest import MovedClock
from tests.jobs.ingest.packing import zstd
from tests.jobs.ingest.site import FEED, Site, head, raw_site, sends


def failed(outcome: FetchOutcome) -> FetchFailed:
    assert isinstance(outcome, FetchFailed)
    return outcome


def fetched(outcome: FetchOutcome) -> Fetched:
    assert isinstance(outcome, Fetched), outcome
    return outcome


async def test_a_fetch_returns_the_body_and_all_that_its_headers_say(site: Site, fetcher: Fetcher) -> None:
    site.says(
        Content_Type="Application/RSS+XML; charset=UTF-8",
        ETag='W/"a-1"',
        Last_Modified="Mon, 23 Nov 2026 08:00:00 GMT",
        Cache_Control="max-age=300",
        Link='<https://hub.example/>; rel="hub", </feed>; rel=self',
    )
    assert await fetcher.fetch(site.url()) == Fetched(
        url=site.url(),
        final_url=site.url(),
        permanent_url=site.url(),
        body=FEED,
        content_type="application/rss+xml",
        charset="UTF-8",
        etag='W/"a-1"',
        last_modified="Mon, 23 Nov 2026 08:00:00 GMT",
        fresh_for=Seconds(300.0),
        links=(Link("https://hub.example/", "hub"), Link(site.url(), "self")),
    )


async def test_both_validators_go_back_byte_for_byte(site: Site, fetcher: Fetcher) -> None:
    site.says(b"", status=304)
    etag, modified = "W/\"ünïcode -- '1'\"", "yesterday, at about  noon"
    outcome = await fetcher.fetch(site.url(), etag=etag, last_modified=modified)
    raw = dict(site.asked[0].raw_headers)
    assert raw[b"If-None-Match"] == etag.encode()
    assert raw[b"If-Modified-Since"] == modified.encode()
    assert isinstance(outcome, NotModified)
    assert (outcome.etag, outcome.last_modified) == (etag, modified)


async def test_a_304_may_bring_new_validators(site: Site, fetcher: Fetcher) -> None:
    site.says(b"", status=304, ETag='"2"')
    outcome = await fetcher.fetch(site.url(), etag='"1"', last_modified="then")
    assert isinstance(outcome, NotModified)
    assert (outcome.etag, outcome.last_modified) == ('"2"', "then")


async def test_a_200_that_leaves_a_validator_out_has_none(site: Site, fetcher: Fetcher) -> None:
    site.says(ETag='"2"')
    outcome = fetched(await fetcher.fetch(site.url(), etag='"1"', last_modified="then"))
    assert (outcome.etag, outcome.last_modified) == ('"2"', "")


async def test_a_304_to_a_question_without_validators_is_a_failure(site: Site, fetcher: Fetcher) -> None:
    site.says(b"", status=304)
    assert "304" in failed(await fetcher.fetch(site.url())).reason


async def test_validators_that_cannot_go_back_byte_for_byte_are_not_kept(fetcher: Fetcher) -> None:
    talk = sends(head("Content-Length: 2").replace(b"\r\n\r\n", b'\r\nETag: "\xff\xfe"\r\n\r\n'), b"ok")
    async with raw_site(talk) as address:
        assert fetched(await fetcher.fetch(f"http://{address}/")).etag == ""


async def test_we_say_who_we_are_and_nothing_of_where_we_come_from(site: Site, fetcher: Fetcher) -> None:
    site.says(Set_Cookie="id=1; Path=/")
    await fetcher.fetch(site.url())
    site.redirects("/old", "/feed")
    await fetcher.fetch(site.url("/old"))
    for request in site.asked:
        assert request.headers["User-Agent"] == "newswire/1 (+https://paper.example/bot)"
        assert not {"Cookie", "Referer", "Authorization"} & set(request.headers)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(FEED, mtime=0)),
        ("x-gzip", gzip.compress(FEED[:40]) + gzip.compress(FEED[40:])),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED)[2:-4]),
        ("br", brotli.compress(FEED)),
        ("zstd", zstd.compress(FEED)),
        ("gzip, br", brotli.compress(gzip.compress(FEED, mtime=0))),
        ("gzip", FEED),
        ("", gzip.compress(FEED, mtime=0)),
        ("identity", FEED),
    ],
)
async def test_a_packed_body_is_unpacked(site: Site, fetcher: Fetcher, coding: str, packed: bytes) -> None:
    headers: dict[str, Any] = {"Content_Encoding": coding} if coding else {}
    site.says(packed, **headers)
    assert fetched(await fetcher.fetch(site.url())).body == FEED
    assert site.asked[0].headers["Accept-Encoding"] == "gzip, deflate, br, zstd"


async def test_a_feed_taken_away_for_good_is_gone(site: Site, fetcher: Fetcher) -> None:
    site.says(b"", status=410)
    outcome = await fetcher.fetch(site.url())
    assert isinstance(outcome, FeedGone)
    assert outcome.reason == f"{site.address} says that it is gone for good (410)"


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 500, 502, 521, 599])
async def test_any_other_status_is_a_failure_that_names_it(site: Site, fetcher: Fetcher, status: int) -> None:
    site.says(b"", status=status)
    outcome = failed(await fetcher.fetch(site.url()))
    assert outcome.status == status
    assert str(status) in outcome.reason


async def test_a_challenge_page_is_named_as_such(site: Site, fetcher: Fetcher) -> None:
    site.says(b"<html>Just a moment", status=403, cf_mitigated="challenge")
    assert "requires a browser" in failed(await fetcher.fetch(site.url())).reason
    site.says(b"<html>", status=202, x_amzn_waf_action="challenge")
    assert "requires a browser" in failed(await fetcher.fetch(site.url())).reason


@pytest.mark.parametrize("status", [429, 503])
async def test_a_host_that_asks_for_it_is_left_alone(
    site: Site, fetcher: Fetcher, clock: MovedClock, status: int
) -> None:
    site.says(b"", "/busy", status, Retry_After="120")
    site.says()
    assert failed(await fetcher.fetch(site.url("/busy"))).retry_after == 120.0
    clock.move(119)
    outcome = failed(await fetcher.fetch(site.url("/feed")))
    assert (outcome.host, outcome.retry_after, len(site.asked)) == (site.address, 1.0, 1)
    clock.move(1)
    assert fetched(await fetcher.fetch(site.url("/feed"))).body == FEED


async def test_a_host_may_ask_until_a_date_and_a_day_is_the_longest(
    site: Site, fetcher: Fetcher, clock: MovedClock
) -> None:
    site.says(b"", status=429, Retry_After="Mon, 23 Nov 2026 09:05:00 GMT")
    assert failed(await fetcher.fetch(site.url())).retry_after == 300.0
    clock.move(300)
    site.says(b"", status=503, Retry_After="999999999999999999999")
    await fetcher.fetch(site.url())
    clock.move(24 * 3600)
    site.says()
    assert fetched(await fetcher.fetch(site.url()))


async def test_too_many_requests_without_a_time_means_ten_minutes(site: Site, fetcher: Fetcher) -> None:
    site.says(b"", status=429)
    assert failed(await fetcher.fetch(site.url())).retry_after == 600.0


async def test_a_server_error_without_a_time_leaves_the_host_open(site: Site, fetcher: Fetcher) -> None:
    site.says(b"", "/broken", status=503)
    site.says()
    assert failed(await fetcher.fetch(site.url("/broken"))).retry_after is None
    assert fetched(await fetcher.fetch(site.url()))


async def test_a_date_in_the_answer_is_read_against_its_own_clock(site: Site, fetcher: Fetcher) -> None:
    now = format_datetime(MovedClock().now(), usegmt=True)
    site.says(Date=now, Expires="Mon, 23 Nov 2026 10:00:00 GMT")
    assert fetched(await fetcher.fetch(site.url())).fresh_for == 3600.0


async def test_an_address_is_asked_for_as_it_is_written(site: Site, fetcher: Fetcher) -> None:
    await fetcher.fetch(site.url("/%7Epaper/a%2Fb?x=%20+%2B&&y#part"))
    await fetcher.fetch(site.url("/သတင်း"))
    assert [request.raw_path for request in site.asked] == [
        "/%7Epaper/a%2Fb?x=%20+%2B&&y",
        "/%E1%80%9E%E1%80%90%E1%80%84%E1%80%BA%E1%80%B8",
    ]


async def test_a_form_goes_out_and_its_answer_comes_back(site: Site, fetcher: Fetcher) -> None:
    site.says(b"taken", "/hub", 202)
    outcome = await fetcher.post(site.url("/hub"), {"hub.mode": "subscribe", "hub.topic": "http://a/ñ"})
    assert outcome == PostResult(url=site.url("/hub"), status=202, body=b"taken")
    assert site.bodies == [b"hub.mode=subscribe&hub.topic=http%3A%2F%2Fa%2F%C3%B1"]


async def test_a_form_follows_only_redirects_that_keep_it_a_form(site: Site, fetcher: Fetcher) -> None:
    site.redirects("/moved", "/hub", 307)
    site.redirects("/see", "/hub", 302)
    site.says(b"", "/hub", 204)
    moved = await fetcher.post(site.url("/moved"), {"a": "b"})
    seen = await fetcher.post(site.url("/see"), {"a": "b"})
    assert isinstance(moved, PostResult)
    assert isinstance(seen, PostResult)
    assert (moved.status, seen.status) == (204, 302)
    assert [request.method for request in site.asked] == ["POST", "POST", "POST"]
    assert site.bodies[1] == b"a=b"


async def test_only_the_beginning_of_a_picture_is_read(site: Site, fetcher: Fetcher) -> None:
    site.says(b"\xff\xd8\xff" + b"x" * 150_000, "/a.jpg", Content_Type="image/jpeg")
    seen = await fetcher.peek(site.url("/a.jpg"))
    assert not isinstance(seen, FetchFailed)
    assert (len(seen.start), seen.length, seen.content_type) == (65_536, 150_003, "image/jpeg")


async def test_the_length_of_a_picture_that_does_not_tell_it_is_counted(site: Site, fetcher: Fetcher) -> None:
    async def drawn(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(int(request.query["n"])):
            await response.write(b"x" * 10_000)
        return response

    site.pages["/a"] = drawn
    seen = await fetcher.peek(site.url("/a?n=9"))
    assert not isinstance(seen, FetchFailed)
    assert (len(seen.start), seen.length) == (65_536, 90_000)
    assert isinstance(await fetcher.peek(site.url("/a?n=21")), FetchFailed)
