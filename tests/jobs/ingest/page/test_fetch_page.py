"""An article's page, fetched from a real site and parsed in a real worker process."""

from collections.abc import AsyncIterator

import pytest

from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.http.results import NoPage, PageGone, ReadPage
from jobs.ingest.page.fetch import fetch_article_page
from jobs.ingest.worker_pool import WorkerPool
from tests.conftest import MovedClock
from tests.jobs.ingest.page.test_extract import TEXT, meta, page
from tests.jobs.ingest.site import Site


@pytest.fixture
async def children(clock: MovedClock) -> AsyncIterator[WorkerPool]:
    one = WorkerPool(clock, most=1)
    yield one
    await one.close()


async def test_a_page_is_fetched_and_read_with_the_address_it_came_from(
    site: Site, fetcher: Fetcher, children: WorkerPool
) -> None:
    site.redirects("/a", "/world/flood", 302)
    body = page(meta(og__title="Bridge closed", og__image="/img/bridge.jpg"))
    site.says(body, "/world/flood", Content_Type="text/html; charset=utf-8")
    found = await fetch_article_page(fetcher, children, site.url("/a"))
    assert isinstance(found, ReadPage)
    assert found.url == site.url("/world/flood")
    assert found.image_url == site.url("/img/bridge.jpg")
    assert found.text.startswith(TEXT[3:40])
    assert site.asked[0].headers["Accept"].startswith("text/html")


@pytest.mark.parametrize("status", [404, 410])
async def test_a_page_that_is_not_there_is_gone(
    site: Site, fetcher: Fetcher, children: WorkerPool, status: int
) -> None:
    site.says(b"", "/a", status)
    found = await fetch_article_page(fetcher, children, site.url("/a"))
    assert isinstance(found, PageGone)
    assert str(status) in found.reason


async def test_a_page_that_cannot_be_had_says_why(site: Site, fetcher: Fetcher, children: WorkerPool) -> None:
    site.says(b"", "/a", 500)
    assert await fetch_article_page(fetcher, children, site.url("/a")) == NoPage(
        f"{site.address} answers 500 Internal Server Error"
    )


async def test_what_is_no_page_is_not_read(site: Site, fetcher: Fetcher, children: WorkerPool) -> None:
    site.says(b"%PDF", "/a", Content_Type="application/pdf")
    found = await fetch_article_page(fetcher, children, site.url("/a"))
    assert found == NoPage("it is application/pdf, not a page")


async def test_pages_made_to_be_slow_or_deep_do_not_trouble_the_next(
    site: Site, fetcher: Fetcher, children: WorkerPool
) -> None:
    """Each outcome is a value within the worker's limits, and a good page is parsed afterwards."""
    good = page(meta(og__title="Bridge closed"))
    for evil in (
        b"<div>" * 30_000,
        b"<html><head>" + b"<meta property='og:title' content='x'>" * 4_000,
        b"<p>" + b"&lt;" * 45_000,
        b"<!--" * 40_000,
        b"<a href='" * 20_000,
    ):
        site.says(evil, "/evil", Content_Type="text/html")
        found = await fetch_article_page(fetcher, children, site.url("/evil"))
        assert isinstance(found, ReadPage | NoPage)
    site.says(good, "/good", Content_Type="text/html")
    assert isinstance(await fetch_article_page(fetcher, children, site.url("/good")), ReadPage)
