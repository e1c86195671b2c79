"""Alembic: goes from version to version, and finds what a new one must do."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from storage.database import Connection


def upgrade(connection: Connection) -> None:
    """Bring the database up to the newest version."""
    command.upgrade(_alembic_config(connection), "head")


def draft_version(connection: Connection, number: str, message: str) -> None:
    """Write the version that takes this database to today's schema."""
    command.revision(_alembic_config(connection), message, autogenerate=True, rev_id=number)


def _alembic_config(connection: Connection) -> Config:
    """Alembic's settings; there is no alembic.ini to keep in step."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
