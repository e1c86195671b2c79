"""Shared here: a site, and a fetcher that may ask it."""

from collections.abc import AsyncIterator

import pytest

from jobs.ingest.http.fetcher import Fetcher
from tests.conftest import MovedClock
from tests.jobs.ingest.site import POLICY, STRANGER, Site, a_site


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
