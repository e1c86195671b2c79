"""Alembic, a version a change: `migrate` brings a database to this code's schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import Connection, StorageError

#: One file a version, numbered from 0001.
VERSIONS = Path(__file__).parent / "versions"


def configuration() -> Config:
    """Alembic's settings; there is no alembic.ini to keep in step."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def migrate(connection: Connection) -> None:
    """Bring the database up to the newest version, inside the transaction of `connection`.

    Raises:
        StorageError: the database is newer than this code.
    """
    config = configuration()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in known:
        raise StorageError(
            f"DATABASE_URL: the database is of a newer Newswire (version {present}); update this one."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
