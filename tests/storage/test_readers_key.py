"""With a readers' key everything works as without one, and no private chat's id is in the file."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, event, select

from benchmarks.crash.bot import follow
from storage import chats
from storage.database import Connection, Database, ReadersKeyError, open_database
from storage.delivery import claims, planning
from storage.delivery.fanout import fan_out_slice
from storage.delivery.planning import NewPost
from storage.migrations import migrate
from storage.privacy.encryption import (
    ChatIdCipher,
    WrongKey,
    cipher_of,
    from_stored,
    generate_key,
    parse_key,
    to_stored,
    use_cipher,
)
from storage.readers_key import change_key, use_key
from storage.records import ChatKind, ChatState, Lane, Post, PostKind
from storage.rows import to_record
from storage.schema import chats as chats_table
from storage.schema import metadata, posts, reader_keys, subscriptions
from storage.subscriptions import AT_ONCE, EVERYTHING, list_subscriptions, subscribe
from tests.cases.traces import found_in

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEY, OTHER = parse_key(generate_key()), parse_key(generate_key())
READERS = [7345678901 + 7_654_321 * number for number in range(30)]
CHANNEL = -1001234567890


@pytest.fixture
def encrypted(db: Database) -> Iterator[Database]:
    """An empty database whose engine has a key during the test."""
    db.run_sync(lambda c: c.execute(reader_keys.delete()))
    use_cipher(db.engine.dialect, ChatIdCipher(KEY))
    use_key(db, encrypt=True)
    yield db
    db.run_sync(lambda c: c.execute(reader_keys.delete()))
    use_cipher(db.engine.dialect, None)
    db.engine.dispose()


def add_readers(connection: Connection) -> None:
    chats.upsert_chat(connection, chats.empty_chat(CHANNEL, ChatKind.CHANNEL, NOW))
    for chat_id in READERS:
        chats.upsert_chat(connection, chats.empty_chat(chat_id, ChatKind.PRIVATE, NOW))
        subscribe(connection, chat_id, EVERYTHING, AT_ONCE, NOW)


def add_post(connection: Connection) -> int:
    post = NewPost(
        kind=PostKind.CATCH_UP, lane=Lane.ROUTINE, not_before=NOW, chats=((CHANNEL, NOW),), followers=True
    )
    return planning.add_post(connection, post, NOW + timedelta(seconds=1))


def only_post(connection: Connection) -> Post:
    return to_record(Post, connection.execute(select(posts)).one())


def fan_out_all(db: Database, size: int = 7) -> None:
    while db.run_sync(fan_out_slice, NOW, "", size):
        pass


def owed_to(db: Database) -> list[int]:
    dues = db.read_sync(claims.select_due, NOW, 1000)
    return sorted(due.delivery.chat_id for due in dues.deliveries)


@given(st.integers(1, 2**62), st.sampled_from(["sqlite", "postgresql"]))
def test_an_id_has_one_form_under_a_key_and_comes_back(chat_id: int, dialect: str) -> None:
    cipher, other = ChatIdCipher(KEY), ChatIdCipher(OTHER)
    stored = to_stored(cipher, chat_id, dialect)
    assert stored == to_stored(ChatIdCipher(KEY), chat_id, dialect) != to_stored(other, chat_id, dialect)
    assert from_stored(ChatIdCipher(KEY), stored) == chat_id
    for wrong in (other, None):
        with pytest.raises(WrongKey):
            from_stored(wrong, stored)
    assert to_stored(cipher, -chat_id, dialect) == -chat_id == from_stored(cipher, -chat_id)


def test_everybody_gets_each_post_once_under_a_key(encrypted: Database) -> None:
    encrypted.run_sync(add_readers)
    encrypted.run_sync(add_post)
    fan_out_all(encrypted)
    assert owed_to(encrypted) == sorted([CHANNEL, *READERS])
    known = encrypted.read_sync(chats.get, READERS[3])
    assert known
    assert (known.id, known.state) == (READERS[3], ChatState.ACTIVE)
    assert set(encrypted.read_sync(chats.get_many, READERS)) == set(READERS)


def test_a_reader_erased_during_a_fanout_gets_nothing_and_the_others_get_all(
    encrypted: Database,
) -> None:
    encrypted.run_sync(add_readers)
    encrypted.run_sync(add_post)
    forgotten = []
    while encrypted.run_sync(fan_out_slice, NOW, "", 7):
        post = encrypted.read_sync(only_post)
        if post.followers_after in READERS and post.followers_after not in forgotten:
            forgotten.append(post.followers_after)
            assert encrypted.run_sync(chats.erase_chat, post.followers_after)
    assert forgotten
    assert owed_to(encrypted) == sorted({CHANNEL, *READERS} - set(forgotten))


@pytest.mark.parametrize("keys", [(None, KEY), (KEY, OTHER)], ids=["first key", "another key"])
def test_all_ids_are_encrypted_again_also_during_a_fanout(
    db: Database, keys: tuple[bytes | None, bytes]
) -> None:
    before, after = keys
    try:
        use_cipher(db.engine.dialect, ChatIdCipher(before) if before else None)
        db.run_sync(add_readers)
        db.run_sync(add_post)
        db.run_sync(fan_out_slice, NOW, "", 7)
        change_key(db, ChatIdCipher(after))
        use_key(db)
        fan_out_all(db)
        assert owed_to(db) == sorted([CHANNEL, *READERS])
        assert all(len(db.read_sync(list_subscriptions, chat_id)) == 1 for chat_id in READERS)
    finally:
        names = reversed(metadata.sorted_tables)
        db.run_sync(lambda c: [c.execute(table.delete()) for table in names])
        use_cipher(db.engine.dialect, None)
        db.engine.dispose()


def kept_in(folder: Path, key: bytes | None) -> Database:
    database = open_database(f"sqlite:///{folder / 'newswire.db'}", readers_key=key)
    database.run_sync(migrate)
    return database


def test_encrypting_costs_the_same_for_each_of_few_and_of_many_readers(archive: Database) -> None:
    """Counted in thousands of SQLite's instructions: a hundred thousand readers must not hold up a start."""
    steps: list[None] = []

    def count(connection: Any, *_: object) -> None:
        connection.set_progress_handler(lambda: steps.append(None), 1000)

    def cost(readers: range) -> float:
        archive.run_sync(follow, readers)
        steps.clear()
        change_key(archive, ChatIdCipher(parse_key(generate_key())))
        use_cipher(archive.engine.dialect, None)
        archive.run_sync(lambda c: [c.execute(delete(table)) for table in (subscriptions, chats_table)])
        return len(steps) / len(readers)

    event.listen(archive.engine, "checkout", count)
    try:
        assert cost(range(1, 4_001)) < 1.5 * cost(range(1, 501))
    finally:
        event.remove(archive.engine, "checkout", count)


def test_an_old_database_holds_no_reader_once_it_has_a_key(tmp_path: Path) -> None:
    plain = kept_in(tmp_path, None)
    plain.run_sync(add_readers)
    plain.run_sync(add_post)
    fan_out_all(plain)
    assert plain.erasure.erase_at_start()
    assert set(found_in(tmp_path, READERS)) == set(READERS)
    plain.close()
    encrypted = kept_in(tmp_path, KEY)
    use_key(encrypted, encrypt=True)
    assert encrypted.erasure.erase_at_start()
    assert found_in(tmp_path, READERS) == {}
    assert owed_to(encrypted) == sorted([CHANNEL, *READERS])
    encrypted.close()
    assert found_in(tmp_path, READERS) == {}


@pytest.mark.parametrize("key", [None, OTHER], ids=["no key", "another key"])
def test_an_encrypted_database_opens_with_its_own_key_alone(tmp_path: Path, key: bytes | None) -> None:
    encrypted = kept_in(tmp_path, KEY)
    use_key(encrypted, encrypt=True)
    assert cipher_of(encrypted.engine.dialect)
    encrypted.close()
    other = kept_in(tmp_path, key)
    with pytest.raises(ReadersKeyError):
        use_key(other, encrypt=True)
    other.close()
