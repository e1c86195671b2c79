"""Shared fixtures: a newsroom, a site, and fetchers that may or may not contact it."""

from collections.abc import AsyncIterator

import pytest

from jobs.ingest.http.fetcher import Fetcher
from storage.database import Database
from tests.conftest import MovedClock
from tests.jobs.ingest.newsroom import Newsroom
from tests.jobs.ingest.site import POLICY, STRANGER, Site, a_site


@pytest.fixture
def newsroom(db: Database, clock: MovedClock) -> Newsroom:
    """A site whose feeds the test publishes, on each database."""
    return Newsroom(db, clock)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with a_site() as one:
        yield one


@pytest.fixture
async def fetcher(clock: MovedClock) -> AsyncIterator[Fetcher]:
    """May contact this machine."""
    async with Fetcher(POLICY, clock) as one:
        yield one


@pytest.fixture
async def stranger(clock: MovedClock) -> AsyncIterator[Fetcher]:
    """May not contact this machine, as by default."""
    async with Fetcher(STRANGER, clock) as one:
        yield one
