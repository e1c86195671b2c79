"""The newsroom's database, for commands that look at it beside a running bot."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.config import Settings
from bot.config.readers_key import readers_key
from storage.database import Database, open_database
from storage.migrations import migrate
from storage.privacy.readers_key import use_key


@contextmanager
def opened(settings: Settings, *, create: bool = False) -> Iterator[Database]:
    """The database of the settings, at today's version, closed at the end; made if need be where `create`."""
    database = open_database(settings.database_url, must_exist=not create, readers_key=readers_key(settings))
    try:
        database.run_here(migrate)
        use_key(database)
        yield database
    finally:
        database.close()
