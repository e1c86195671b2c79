"""What was deleted is in no file of the database, whatever SQLite did with its pages before."""

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import chats, reports, subscriptions
from storage.database import Connection, Database, open_database
from storage.delivery import claims, deliveries, planning
from storage.delivery.claims import RequestIntent
from storage.delivery.deliveries import DeliveryResult
from storage.delivery.fanout import fan_out_slice
from storage.delivery.planning import NewPost
from storage.migrations import migrate
from storage.records import ChatKind, DeliveryState, Lane, PostKind
from tests.cases.traces import found_in

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
READERS = [7345678901 + 7_654_321 * number for number in range(100)]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'newswire.db'}")
    database.run_sync(migrate)
    yield database
    database.close()


def follow(connection: Connection, chat_id: int) -> None:
    chats.upsert_chat(connection, chats.empty_chat(chat_id, ChatKind.PRIVATE, NOW))
    subscriptions.subscribe(connection, chat_id, subscriptions.EVERYTHING, subscriptions.AT_ONCE, NOW)


def alert(connection: Connection) -> None:
    post = NewPost(kind=PostKind.NOTICE, lane=Lane.ROUTINE, not_before=NOW, text="News", followers=True)
    planning.add_post(connection, post, NOW + timedelta(seconds=1))


def send_all(db: Database) -> None:
    while db.run_sync(fan_out_slice, NOW):
        pass
    while debts := db.read_sync(claims.select_due, NOW, 50).deliveries:
        numbers = [debt.delivery.id for debt in debts]
        db.run_sync(claims.claim_deliveries, [RequestIntent(number) for number in numbers], NOW)
        sent = [
            DeliveryResult(delivery_id=each, state=DeliveryState.SETTLED, shown_revision=1, message_id=each)
            for each in numbers
        ]
        db.run_sync(deliveries.settle, sent, NOW)


@pytest.mark.parametrize("seed", [1, 2])
def test_forgotten_readers_are_in_no_page_also_after_more_was_written(
    kept: Database, tmp_path: Path, seed: int
) -> None:
    for chat_id in READERS:
        kept.run_sync(follow, chat_id)
    for _ in range(30):
        kept.run_sync(alert)
        send_all(kept)
    gone = random.Random(seed).sample(READERS, 20)
    for chat_id in gone:
        assert kept.run_sync(chats.erase_chat, chat_id)
        assert not kept.run_sync(chats.erase_chat, chat_id)
    assert kept.erasure.erase_sync()
    assert found_in(tmp_path, gone) == {}
    for _ in range(5):
        kept.run_sync(alert)
        send_all(kept)
    assert found_in(tmp_path, gone) == {}
    assert set(found_in(tmp_path, READERS)) == set(READERS) - set(gone)
    check = sqlite3.connect(f"file:{tmp_path / 'newswire.db'}?mode=ro", uri=True)
    assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    check.close()


def test_a_request_under_way_settles_nothing_when_its_reader_was_erased(db: Database) -> None:
    gone, other = READERS[:2]
    db.run_sync(follow, gone)
    db.run_sync(alert)
    while db.run_sync(fan_out_slice, NOW):
        pass
    [debt] = db.read_sync(claims.select_due, NOW, 50).deliveries
    db.run_sync(claims.claim_deliveries, [RequestIntent(debt.delivery.id)], NOW)
    db.run_sync(chats.erase_chat, gone)
    db.run_sync(follow, other)
    db.run_sync(alert)
    while db.run_sync(fan_out_slice, NOW):
        pass
    [new] = db.read_sync(claims.select_due, NOW, 50).deliveries
    assert (new.delivery.chat_id, new.delivery.id > debt.delivery.id) == (other, True)
    db.run_sync(claims.claim_deliveries, [RequestIntent(new.delivery.id)], NOW)
    late = DeliveryResult(
        delivery_id=debt.delivery.id, state=DeliveryState.SETTLED, shown_revision=1, message_id=5
    )
    db.run_sync(deliveries.settle, [late], NOW)
    assert db.read_sync(chats.get, gone) is None
    assert db.read_sync(reports.delivery_backlog, NOW).owed[Lane.ROUTINE] == 0
    unsent = db.read_sync(reports.article_of_message, other, 5)
    assert unsent is None


async def test_whoever_waits_shares_one_erasure_and_a_reader_of_an_older_state_puts_it_off(
    kept: Database, tmp_path: Path
) -> None:
    kept.run_sync(follow, READERS[0])
    with sqlite3.connect(tmp_path / "newswire.db", isolation_level=None) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM chats").fetchone()
        kept.run_sync(chats.erase_chat, READERS[0])
        assert not kept.erasure.erase_sync()
        assert found_in(tmp_path, READERS[:1])
        other.execute("COMMIT")
    other.close()
    assert all(await asyncio.gather(kept.erasure.erase(), kept.erasure.erase()))
    assert not kept.erasure.is_pending
    assert found_in(tmp_path, READERS[:1]) == {}


def test_an_old_file_is_written_anew_once_since_free_pages_may_hold_anybody(tmp_path: Path) -> None:
    path = tmp_path / "newswire.db"
    old = open_database(f"sqlite:///{path}")
    old.run_sync(migrate)
    with old.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        connection.commit()
        for chat_id in READERS:
            follow(connection, chat_id)
        for chat_id in READERS:
            chats.erase_chat(connection, chat_id)
        connection.commit()
    assert found_in(tmp_path, READERS)
    assert old.erasure.erase_at_start()
    assert found_in(tmp_path, READERS) == {}
    old.close()
