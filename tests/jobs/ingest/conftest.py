"""Shared here: the newsroom that the tests speak with, a site, and fetchers that may ask it or not."""

from collections.abc import AsyncIterator

import pytest

from jobs.ingest.http.fetcher import Fetcher
from storage.database import Database
from tests.conftest import MovedClock
from tests.jobs.ingest.newsroom import Newsroom
from tests.jobs.ingest.site import POLICY, STRANGER, Site, a_site


@pytest.fixture
def newsroom(db: Database, clock: MovedClock) -> Newsroom:
    """A site whose feeds the test writes, on both databases in turn."""
    return Newsroom(db, clock)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with a_site() as one:
        yield one


@pytest.fixture
async def fetcher(clock: MovedClock) -> AsyncIterator[Fetcher]:
    """May ask this machine."""
    async with Fetcher(POLICY, clock) as one:
        yield one


@pytest.fixture
async def stranger(clock: MovedClock) -> AsyncIterator[Fetcher]:
    """May not ask this machine, as the settings are where nobody changes them."""
    async with Fetcher(STRANGER, clock) as one:
        yield one
