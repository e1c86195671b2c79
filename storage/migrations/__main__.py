"""`python -m storage.migrations "What changes."` writes the next version: what is missing to the schema."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from storage.database import Connection, open_database
from storage.migrations import VERSIONS, configuration, migrate


def write(message: str) -> None:
    """Write the version that takes a database of the newest version to today's schema."""
    number = f"{len(list(VERSIONS.glob('0*.py'))) + 1:04}"

    def draft(connection: Connection) -> None:
        config = configuration()
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=number)

    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'draft.db'}")
        if number != "0001":
            database.run_here(migrate)
        database.run_here(draft)
        database.close()


if __name__ == "__main__":
    write(sys.argv[1])
