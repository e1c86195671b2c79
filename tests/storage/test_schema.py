"""The migrations and the schema say the same."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, Table, text

from storage.database import Connection, Database, StorageError, open_database
from storage.migrations import VERSIONS, list_versions, migrate
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


def test_what_was_kept_before_is_the_word_of_the_feed_that_brought_it_first(tmp_path: Path) -> None:
    """A database of version 0001, with an article in two feeds and a link that names nobody."""
    db = open_database(f"sqlite:///{tmp_path / 'old.db'}")
    db.run_sync(_first_version)
    db.run_sync(migrate)

    def told(connection: Connection) -> list[object]:
        words = connection.execute(text("SELECT feed_id FROM articles")).scalars().all()
        links = connection.execute(text("SELECT feed_id FROM identities ORDER BY key")).scalars().all()
        seen = connection.execute(text("SELECT backlog, planned FROM entries ORDER BY feed_id")).all()
        return [list(words), list(links), [tuple(row) for row in seen]]

    assert db.read_sync(told) == [[2], [None, 2], [(1, 1), (1, 1)]]
    db.close()


def _first_version(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    then, later = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    tables = MetaData()
    tables.reflect(connection)
    rows: dict[str, list[dict[str, object]]] = {
        "feeds": [{"id": number, "url": f"u{number}", "next_fetch_at": then} for number in (1, 2)],
        "articles": [{"id": 7, "backfill": True, "planned_at": then}],
        "entries": [
            {"feed_id": number, "article_id": 7, "seen_at": when} for number, when in ((1, later), (2, then))
        ],
        "identities": [{"key": b"a", "article_id": 0}, {"key": b"b", "article_id": 7}],
    }
    for name, some in rows.items():
        table = tables.tables[name]
        connection.execute(table.insert(), [_filled(table, row, then) for row in some])


def _filled(table: Table, row: dict[str, object], then: datetime) -> dict[str, object]:
    """The row, with something in every column that must not be empty."""
    empty: dict[type, object] = {str: "", int: 0, bytes: b"", datetime: then, bool: False}
    wanted = {column.name: column for column in table.columns if not column.nullable}
    return {name: empty.get(column.type.python_type, "[]") for name, column in wanted.items()} | row
