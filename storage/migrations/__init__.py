"""A version a change: `migrate` brings a database to the schema of this code."""

from pathlib import Path

from sqlalchemy import inspect, text

from storage.database import Connection, StorageError

#: One file a version, numbered from 0001.
VERSIONS = Path(__file__).parent / "versions"


def migrate(connection: Connection) -> None:
    """Bring the database up to the newest version, inside the transaction of `connection`.

    Raises:
        StorageError: the database is newer than this code.
    """
    known, present = list_versions(), _current_version(connection)
    if present is not None and present not in known:
        raise StorageError(
            f"DATABASE_URL: the database is of a newer Newswire (version {present}); update this one."
        )
    if present != known[-1]:
        from storage.migrations.steps import upgrade  # 7 MB that most starts do not need

        upgrade(connection)


def list_versions() -> list[str]:
    """The numbers of all versions, oldest first."""
    return sorted(file.name[:4] for file in VERSIONS.glob("0*.py"))


def _current_version(connection: Connection) -> str | None:
    """The version of the database, by the table that Alembic keeps."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
