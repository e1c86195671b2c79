"""What the commands share: the newsroom's database, what a check found, and failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.config import Settings
from bot.config.readers_key import load_readers_key
from storage.database import Database, open_database
from storage.migrations import migrate
from storage.readers_key import use_key


class CommandError(Exception):
    """One plain sentence; the command ends with exit status 1."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`wrong` says what to do, or is empty."""

    name: str
    detail: str = ""
    problem: str = ""


@contextmanager
def migrated_database(settings: Settings, *, create: bool = False) -> Iterator[Database]:
    """The database of the settings, at today's version, closed at the end; made if need be where `create`."""
    database = open_database(
        settings.database_url, must_exist=not create, readers_key=load_readers_key(settings)
    )
    try:
        database.run_sync(migrate)
        use_key(database)
        yield database
    finally:
        database.close()
