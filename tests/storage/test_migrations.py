"""A database that a newsroom filled under version 0001 is migrated as a whole, and nothing is lost."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select, text

from storage import (
    articles,
    channel_names,
    chats,
    embeddings,
    entries,
    feeds,
    identities,
    job_runs,
    records,
    reports,
    schema,
    stories,
    subscriptions,
    websub_subscriptions,
)
from storage.database import Database, open_database
from storage.delivery import claims, deliveries, planning, turns
from storage.delivery.fanout import fan_out_slice
from storage.migrations import migrate
from storage.records import Alarm, ChatState, DeliveryState, Lane
from storage.rows import to_records
from storage.schema import metadata
from tests.cases.traces import found_in
from tests.storage import first_version as old
from tests.storage.first_version import LATER, Row

T = TypeVar("T")

#: Of each table, the columns that name a row.
KEYS = {table.name: [column.name for column in table.primary_key] for table in metadata.sorted_tables}
RECORDS = {
    "articles": records.Article,
    "channel_names": records.ChannelName,
    "chats": records.Chat,
    "decisions": records.Decision,
    "deliveries": records.Delivery,
    "embeddings": records.Embedding,
    "entries": records.Entry,
    "feeds": records.Feed,
    "leases": records.Lease,
    "posts": records.Post,
    "revisions": records.Revision,
    "runs": records.Run,
    "stories": records.Story,
    "subscriptions": records.Subscription,
}


@dataclass(frozen=True)
class Migrated:
    """A database that was filled under version 0001, now of the newest version."""

    db: Database
    before: dict[str, list[Row]]  #: what it held
    file: Path | None  #: of SQLite's

    def read(self, work: Callable[[Connection], T]) -> T:
        return self.db.read_sync(work)

    def try_out(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns; what it wrote is rolled back."""
        with self.db.engine.connect().execution_options(newswire_writes=True) as connection:
            return work(connection)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migrated]:
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("migrated") / "newswire.db"
        yield from _fill_and_migrate(f"sqlite:///{file}", file)
        return
    address: str = request.getfixturevalue("postgres_server")
    server = open_database(address.format(name="postgres"))
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE first_version")
        yield from _fill_and_migrate(address.format(name="first_version"), None)
        connection.exec_driver_sql("DROP DATABASE first_version")
    server.close()


def _fill_and_migrate(url: str, file: Path | None) -> Iterator[Migrated]:
    database = open_database(url)
    database.run_sync(old.fill_first_version)
    before = database.read_sync(old.read_tables)
    database.run_sync(migrate)
    yield Migrated(database, before, file)
    database.close()


def test_a_filled_database_migrates_to_the_schema_with_sound_foreign_keys(migrated: Migrated) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert migrated.read(differences) == []
    assert migrated.read(_dangling_rows) == []


def _dangling_rows(connection: Connection) -> list[object]:
    """Rows that refer to none."""
    if connection.dialect.name == "sqlite":
        return list(connection.execute(text("PRAGMA foreign_key_check")).all())
    invalid = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"
    return list(connection.execute(text(invalid)).all())


def test_no_table_loses_a_row_but_those_of_readers_who_left(migrated: Migrated) -> None:
    after = migrated.read(old.read_tables)
    for name, rows in migrated.before.items():
        assert rows, f"nothing is tried of {name}"
        expected = [_as_migrated(name, row) for row in rows if not _of_leaver(name, row)]
        kept = [{column: row[column] for column in rows[0] if column in row} for row in after[name]]
        assert _sorted(name, kept) == _sorted(name, expected), name


def _of_leaver(name: str, row: Row) -> bool:
    return row.get({"chats": "id"}.get(name, "chat_id")) in old.LEAVERS


def _as_migrated(name: str, row: Row) -> Row:
    """The row with what the migrations are meant to change."""
    if name == "articles":
        return {column: value for column, value in row.items() if column != "fingerprint"}
    if name == "deliveries" and row["state"] == "unknown":
        return row | {"state": "skipped", "error": "sent several times without an answer: perhaps shown"}
    if name == "posts":
        marks = ("followers_after", "raised_after")
        return row | {mark: chats.BEFORE_ALL_IDS for mark in marks if row[mark] in old.LEAVERS}
    return row


def _sorted(name: str, rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: [row[key] for key in KEYS[name]])


def test_readers_who_left_are_in_no_table(migrated: Migrated) -> None:
    tables = migrated.read(old.read_tables)
    values = [value for rows in tables.values() for row in rows for value in row.values()]
    numbers = {int(value) for value in values if isinstance(value, int | Decimal)}
    assert not numbers & old.LEAVERS
    assert set(old.FOLLOWERS) <= numbers


def test_readers_who_left_are_in_no_file(migrated: Migrated) -> None:
    if migrated.file:
        assert migrated.db.erasure.erase_at_start()
        assert found_in(migrated.file.parent, old.LEAVERS) == {}
        assert set(found_in(migrated.file.parent, old.FOLLOWERS)) == set(old.FOLLOWERS)


def test_what_was_kept_is_attributed_to_the_feed_that_showed_it_first(migrated: Migrated) -> None:
    def attributed(connection: Connection) -> list[object]:
        some = articles.get_many(connection, [1, 5, 6])
        claims_by_key = identities.find_claims(connection, [b"key 1", b"key 5", b"shared by several"])
        feed_ids = [claim.feed_id for _, claim in sorted(claims_by_key.items())]
        shown = entries.list_entries(connection, 4) + entries.list_entries(connection, 6)
        return [
            [article.feed_id for article in some],
            feed_ids,
            [(entry.backlog, entry.planned) for entry in shown],
        ]

    second = old.SECOND_FEED
    assert migrated.read(attributed) == [
        [second, None, second],
        [second, None, None],
        [(False, False), (False, True)],
    ]


def test_what_was_owed_is_owed_and_feeds_take_turns(migrated: Migrated) -> None:
    def work(connection: Connection) -> None:
        heads = {(head.chat_id, head.feed_id) for head in turns.queue_heads(connection, LATER)}
        assert heads == {
            (old.DAILY, old.FIRST_FEED),
            (old.DAILY, old.SECOND_FEED),
            (old.DAILY, turns.NO_FEED),
            (old.PAUSED, old.SECOND_FEED),
            (old.NOT_FOUND, old.SECOND_FEED),
        }
        due = claims.select_due(connection, LATER, 100).deliveries
        assert [each.delivery.chat_id for each in due] == [old.OPERATOR, old.DAILY, old.FOLLOWERS[0]]
        [unclear, other] = deliveries.list_unclear(connection, LATER, 100)
        assert {unclear.delivery.chat_id, other.delivery.chat_id} == {old.SUPERGROUP, old.FOLLOWERS[1]}
        assert deliveries.recover_interrupted(connection, LATER - old.THEN) == 1

    migrated.try_out(work)


def test_what_was_half_fanned_out_reaches_each_follower_once(migrated: Migrated) -> None:
    def work(connection: Connection) -> list[int]:
        while fan_out_slice(connection, LATER, size=1):
            pass
        mine = schema.deliveries.c.post_id == old.HALF_FANNED_OUT
        return list(connection.execute(select(schema.deliveries.c.chat_id).where(mine)).scalars())

    owed = migrated.try_out(work)
    assert len(owed) == len(set(owed))
    assert {*old.FOLLOWERS, old.GROUP, old.SUPERGROUP} <= set(owed)


def test_a_new_delivery_gets_a_number_that_none_has_had(migrated: Migrated) -> None:
    def work(connection: Connection) -> int:
        post = planning.NewPost(
            kind=records.PostKind.NOTICE,
            lane=Lane.ROUTINE,
            not_before=LATER,
            chats=((old.GROUP, LATER),),
        )
        planning.add_post(connection, post, LATER)
        return int(connection.execute(select(func.max(schema.deliveries.c.id))).scalar_one())

    highest = max(row["id"] for row in old._deliveries())
    assert migrated.try_out(work) > highest


def test_channels_keep_their_names_and_operators_know_of_the_lost_ones(migrated: Migrated) -> None:
    def work(connection: Connection) -> None:
        named = ["daily_news", "weekly_old", "weekly", "paused", "talk", "monthly"]
        found = {each.name: each.chat_id for each in channel_names.get_many(connection, named)}
        assert found == {
            "daily_news": old.DAILY,
            "weekly_old": old.WEEKLY,
            "weekly": old.WEEKLY,
            "paused": old.PAUSED,
            "talk": old.SUPERGROUP,
        }
        names: list[int | str] = ["@Weekly_Old", old.DAILY, old.OLD_GROUP, "@monthly"]
        ids = [chat.id for chat in chats.resolve_channels(connection, names, LATER, "")]
        assert ids == [old.WEEKLY, old.DAILY, old.SUPERGROUP, old.NOT_FOUND]
        known = connection.execute(select(schema.chats.c.id).where(schema.chats.c.alarm == Alarm.LOST))
        assert set(known.scalars()) == {old.PAUSED, old.LOST}

    migrated.try_out(work)


def test_the_code_reads_every_row(migrated: Migrated) -> None:
    def work(connection: Connection) -> None:
        for table in metadata.sorted_tables:
            rows = connection.execute(select(table))
            kind: Any = RECORDS.get(table.name)
            assert kind is None or len(to_records(kind, rows)) > 0, table.name
        assert len(articles.list_latest(connection, 10)) == 5
        assert len(articles.list_revisions(connection, 1)) == 2
        assert [len(stories.list_members(connection, 1)), len(stories.list_duplicates(connection, 1))] == [
            2,
            1,
        ]
        assert [feed.id for feed in feeds.list_all(connection)] == [1, 2, 3]
        assert len(websub_subscriptions.list_all(connection)) == 2
        assert [run.job for run in job_runs.latest_runs(connection)] == ["fetch", "publish"]
        [vectors] = embeddings.embeddings_since(connection, "m", 0)
        assert [each.vector for each in vectors] == [b"\1\2", b"\1\2"]
        history = reports.article_history(connection, 1)
        assert [len(history.decisions), len(history.posts), len(history.shown)] == [2, 1, 3]
        backlog = reports.delivery_backlog(connection, LATER)
        assert backlog.owed == {Lane.BREAKING: 1, Lane.ROUTINE: 6, Lane.DIGEST: 0}
        reader = chats.get(connection, old.FOLLOWERS[0])
        assert reader
        assert reader.state is ChatState.ACTIVE
        assert len(subscriptions.list_subscriptions(connection, reader.id)) == 2
        assert history.private == {DeliveryState.SETTLED: 1, DeliveryState.UNCLEAR: 1}

    migrated.try_out(work)
