"""The migrations and the schema say the same."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from storage.database import Connection, Database, StorageError
from storage.migrations import list_versions, migrate
from storage.schema import metadata


def test_an_empty_database_migrates_to_the_schema(db: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        found: list[object] = compare_metadata(MigrationContext.configure(connection), metadata)
        return found

    assert db.read_sync(differences) == []


def test_a_migrated_database_has_the_newest_version_and_stays_as_it_is(db: Database) -> None:
    def version(connection: Connection) -> object:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()

    assert db.read_sync(version) == list_versions()[-1]
    db.run_sync(migrate)
    assert db.read_sync(version) == list_versions()[-1]


def test_a_database_of_a_newer_newswire_is_left_alone(db: Database) -> None:
    def newer(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    db.run_sync(newer)
    with pytest.raises(StorageError, match=r"newer Newswire \(version 9999\)"):
        db.run_sync(migrate)
