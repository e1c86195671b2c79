"""The migrations and the schema say the same."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from storage.database import Connection, Database
from storage.schema import metadata


def test_an_empty_database_migrates_to_the_schema(db: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert db.read_here(differences) == []
