"""The newsroom's database, for commands that look at it beside a running bot."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.config import Settings
from storage.database import Database, open_database
from storage.migrations import migrate


@contextmanager
def opened(settings: Settings, *, create: bool = False) -> Iterator[Database]:
    """The database of the settings, at today's version, closed at the end; made if need be where `create`."""
    database = open_database(settings.database_url, must_exist=not create)
    try:
        database.run_here(migrate)
        yield database
    finally:
        database.close()
