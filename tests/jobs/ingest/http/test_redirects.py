"""Which redirects are followed, and which are permanent."""

import pytest

from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.http.results import Fetched, FetchFailed, NotModified
from tests.conftest import MovedClock
from tests.jobs.ingest.site import FEED, POLICY, Names, Site, a_site


@pytest.mark.parametrize("status", [301, 308])
async def test_a_permanent_redirect_is_reported(site: Site, fetcher: Fetcher, status: int) -> None:
    site.says(path="/new")
    site.redirects("/old", "new", status)
    outcome = await fetcher.fetch(site.url("/old"))
    assert isinstance(outcome, Fetched)
    assert (outcome.url, outcome.final_url) == (site.url("/old"), site.url("/new"))
    assert outcome.permanent_url == site.url("/new")


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_a_temporary_redirect_is_followed_and_not_reported(
    site: Site, fetcher: Fetcher, status: int
) -> None:
    site.says(path="/new")
    site.redirects("/old", "/new", status)
    outcome = await fetcher.fetch(site.url("/old"))
    assert isinstance(outcome, Fetched)
    assert (outcome.body, outcome.final_url) == (FEED, site.url("/new"))
    assert outcome.permanent_url == site.url("/old")


async def test_only_the_leading_permanent_redirects_are_reported(site: Site, fetcher: Fetcher) -> None:
    site.redirects("/1", "/2", 301)
    site.redirects("/2", "/3", 308)
    site.redirects("/3", "/4", 302)
    site.redirects("/4", "/5", 301)
    site.says(path="/5")
    outcome = await fetcher.fetch(site.url("/1"))
    assert isinstance(outcome, Fetched)
    assert (outcome.permanent_url, outcome.final_url) == (site.url("/3"), site.url("/5"))


async def test_an_unchanged_feed_behind_a_redirect_reports_it_too(site: Site, fetcher: Fetcher) -> None:
    site.redirects("/old", "/new", 301)
    site.says(b"", "/new", 304)
    outcome = await fetcher.fetch(site.url("/old"), etag='"1"')
    assert isinstance(outcome, NotModified)
    assert outcome.permanent_url == site.url("/new")


async def test_five_redirects_are_followed_and_a_sixth_is_not(site: Site, fetcher: Fetcher) -> None:
    for number in range(6):
        site.redirects(f"/{number}", f"/{number + 1}")
    site.says(path="/6")
    assert isinstance(await fetcher.fetch(site.url("/1")), Fetched)
    outcome = await fetcher.fetch(site.url("/0"))
    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "there are more than 5 redirects in a row"


async def test_a_circle_of_redirects_ends(site: Site, fetcher: Fetcher) -> None:
    site.redirects("/a", "/b")
    site.redirects("/b", "/a")
    outcome = await fetcher.fetch(site.url("/a"))
    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "its redirects form a loop"
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    "location",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://paper.example/",
        "gopher://127.0.0.1:25/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://paper.example\\@127.0.0.1/",
        "http://x/" + "a" * 5000,
    ],
)
async def test_a_redirect_to_what_is_no_web_address_is_not_taken(
    site: Site, fetcher: Fetcher, location: str
) -> None:
    site.redirects("/feed", location)
    outcome = await fetcher.fetch(site.url())
    assert isinstance(outcome, FetchFailed)
    assert outcome.reason.startswith("it redirects to an address that is not allowed: ")
    assert len(site.asked) == 1


async def test_a_redirect_without_an_address_is_a_failure(site: Site, fetcher: Fetcher) -> None:
    site.says(b"", status=301)
    outcome = await fetcher.fetch(site.url())
    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == f"{site.address} answers 301 Moved Permanently"


async def test_validators_go_along_to_where_the_redirect_leads(site: Site, fetcher: Fetcher) -> None:
    site.redirects("/old", "/new")
    await fetcher.fetch(site.url("/old"), etag='"1"')
    assert [request.headers["If-None-Match"] for request in site.asked] == ['"1"', '"1"']


async def test_a_redirect_may_lead_to_another_host(site: Site, clock: MovedClock) -> None:
    async with a_site() as other, Fetcher(POLICY, clock, Names(paper=["127.0.0.1"])) as fetcher:
        port = other.address.partition(":")[2]
        other.says()
        site.redirects("/feed", f"http://paper.example:{port}/feed")
        outcome = await fetcher.fetch(site.url())
        assert isinstance(outcome, Fetched)
        assert other.asked[0].headers["Host"] == f"paper.example:{port}"
