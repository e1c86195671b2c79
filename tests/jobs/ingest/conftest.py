"""The newsroom that the tests of ingest speak with."""

import pytest

from storage.database import Database
from tests.conftest import MovedClock
from tests.jobs.ingest.newsroom import Newsroom


@pytest.fixture
def newsroom(db: Database, clock: MovedClock) -> Newsroom:
    """A site whose feeds the test writes, on both databases in turn."""
    return Newsroom(db, clock)
