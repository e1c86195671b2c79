"""Shared by the commands: the database, the results of checks, and errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.config import Settings
from bot.config.readers_key import load_readers_key
from storage.database import Database, open_database
from storage.migrations import migrate
from storage.readers_key import use_key


class CommandError(Exception):
    """A command failed. The message is one sentence; the exit status is 1."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check. `problem` says what to do, or is empty."""

    name: str
    detail: str = ""
    problem: str = ""


@contextmanager
def migrated_database(settings: Settings, *, create: bool = False) -> Iterator[Database]:
    """Open the database and migrate it, and close it at the end. `create`: create it if it does not exist."""
    database = open_database(
        settings.database_url, must_exist=not create, readers_key=load_readers_key(settings)
    )
    try:
        database.run_sync(migrate)
        use_key(database)
        yield database
    finally:
        database.close()
