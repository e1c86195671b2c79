"""The readers' key of a database: whether it is the right one, and how all is sealed with another."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, column, delete, insert, select, table, text, update

from storage.chats import BEFORE_ALL_IDS
from storage.database import Database, ReadersKeyError
from storage.privacy.encryption import (
    ChatIdCipher,
    cipher_of,
    from_stored,
    is_private_id,
    to_stored,
    use_cipher,
)
from storage.schema import chats, reader_keys

#: Where private chats' ids stand, beside `chats.id`. Columns without a type: as they are stored.
_ID_COLUMNS = (
    table("subscriptions", column("chat_id")),
    table("deliveries", column("chat_id")),
    table("chats", column("moved_to")),
)
_CHATS = table("chats", *(column(name) for name in chats.c.keys()))  # noqa: SIM118
_POSTS = table("posts", column("followers_after"), column("raised_after"))
_REENCRYPTED = table("resealed", column("old"), column("new"))


def use_key(database: Database, *, encrypt: bool = False) -> None:
    """Make sure that the database was sealed with its engine's key.

    One that is plain is sealed now if `encrypt`; otherwise it is read and written as it is.

    Raises:
        KeyWanted: there is no key and it is sealed, or with another one.
    """
    dialect = database.engine.dialect
    seal, kept = cipher_of(dialect), database.read_sync(_stored_key_check)
    if kept is None and seal is not None:
        use_cipher(dialect, None)
        if encrypt:
            change_key(database, seal)
    elif kept is not None and seal is None:
        raise ReadersKeyError(
            "READERS_KEY: nothing was given, and the database's readers are encrypted; their key is wanted."
        )
    elif kept is not None and seal is not None and kept != seal.key_check:
        raise ReadersKeyError(
            "READERS_KEY: this is not the key with which the database's readers are encrypted."
        )


def change_key(database: Database, new: ChatIdCipher) -> None:
    """Seal everything with `new` instead of the engine's seal, in one transaction."""
    database.run_sync(_reencrypt_ids, cipher_of(database.engine.dialect), new)
    use_cipher(database.engine.dialect, new)


def _stored_key_check(connection: Connection) -> bytes | None:
    return connection.execute(select(reader_keys.c.check_value)).scalar()


def _reencrypt_ids(connection: Connection, old: ChatIdCipher | None, new: ChatIdCipher) -> None:
    _list_replacements(connection, old, new)
    columns = [_REENCRYPTED.c.new, *(each for each in _CHATS.c if each.name != "id")]
    moved = select(*columns).join_from(_CHATS, _REENCRYPTED, _REENCRYPTED.c.old == _CHATS.c.id)
    connection.execute(insert(_CHATS).from_select(["id", *(each.name for each in columns[1:])], moved))
    for place in _ID_COLUMNS:
        [where] = place.c
        form = select(_REENCRYPTED.c.new).where(_REENCRYPTED.c.old == where).scalar_subquery()
        there = where.in_(select(_REENCRYPTED.c.old))
        connection.execute(update(place).where(there).values({where.name: form}))
    connection.execute(delete(_CHATS).where(_CHATS.c.id.in_(select(_REENCRYPTED.c.old))))
    for mark in _POSTS.c:  # the order is another one now; what a spread does twice is the same
        connection.execute(update(_POSTS).where(mark.is_not(None)).values({mark.name: BEFORE_ALL_IDS}))
    connection.execute(delete(reader_keys))
    connection.execute(insert(reader_keys).values(check_value=new.key_check))
    connection.execute(text("DROP TABLE resealed"))
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA user_version=0"))  # the next sweep writes the file anew


def _list_replacements(connection: Connection, old: ChatIdCipher | None, new: ChatIdCipher) -> None:
    """Every stored form and the one that takes its place: in memory, never in a file.

    The columns are of the kind that the others have, or SQLite would not look up by `old`.
    """
    name = connection.dialect.name
    kind = "BIGINT" if name == "sqlite" else "NUMERIC(60, 0)"
    connection.execute(text(f"CREATE TEMP TABLE resealed (old {kind} PRIMARY KEY, new {kind})"))
    rows: list[dict[str, Any]] = [
        {"old": stored, "new": to_stored(new, from_stored(old, stored), name)}
        for stored in set(_stored_ids(connection))
    ]
    if rows:
        connection.execute(insert(_REENCRYPTED), rows)


def _stored_ids(connection: Connection) -> Iterator[Any]:
    for where in (_CHATS.c.id, *(each for place in _ID_COLUMNS for each in place.c)):
        for stored in connection.execute(select(where).where(where.is_not(None)).distinct()).scalars():
            if is_private_id(stored):
                yield stored
