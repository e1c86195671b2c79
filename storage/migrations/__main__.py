"""`python -m storage.migrations "What changes."` writes the next version: what is missing to the schema."""

import sys
import tempfile
from functools import partial
from pathlib import Path

from storage.database import open_database
from storage.migrations import migrate, versions
from storage.migrations.steps import draft


def write(message: str) -> None:
    """Write the version that takes a database of the newest version to today's schema."""
    number = f"{len(versions()) + 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'draft.db'}")
        if number != "0001":
            database.run_here(migrate)
        database.run_here(partial(draft, number=number, message=message))
        database.close()


if __name__ == "__main__":
    write(sys.argv[1])
