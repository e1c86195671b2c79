"""`python -m storage.migrations "What changes."` writes the next version: what is missing to the schema."""

import sys
import tempfile
from functools import partial
from pathlib import Path

from storage.database import open_database
from storage.migrations import list_versions, migrate
from storage.migrations.steps import draft_version


def write_version(message: str) -> None:
    """Write the version that takes a database of the newest version to today's schema."""
    number = f"{len(list_versions()) + 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'draft.db'}")
        if number != "0001":
            database.run_sync(migrate)
        database.run_sync(partial(draft_version, number=number, message=message))
        database.close()


if __name__ == "__main__":
    write_version(sys.argv[1])
