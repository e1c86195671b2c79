"""The readers' key: checks that it fits the database, and encrypts all ids with another one."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnClause, Connection, column, delete, insert, select, table, text, update

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

#: Ids read and encrypted at once: so much of them is in memory.
BATCH_SIZE = 2000
#: Where private chats' ids stand, beside `chats.id`. Columns without a type: as they are stored.
_ID_COLUMNS = (
    table("subscriptions", column("chat_id")),
    table("deliveries", column("chat_id")),
    table("chats", column("moved_to")),
)
_CHATS = table("chats", *(column(name) for name in chats.c.keys()))  # noqa: SIM118
_POSTS = table("posts", column("followers_after"), column("raised_after"))
_REENCRYPTED = table("reencrypted", column("old"), column("new"))


def use_key(database: Database, *, encrypt: bool = False) -> None:
    """Check that the database is encrypted with its engine's key.

    A plain one is encrypted now if `encrypt`; otherwise it is used as it is.

    Raises:
        ReadersKeyError: the database is encrypted, and the engine has no key or another one.
    """
    dialect = database.engine.dialect
    cipher, kept = cipher_of(dialect), database.read_sync(_stored_key_check)
    if kept is None and cipher is not None:
        use_cipher(dialect, None)
        if encrypt:
            change_key(database, cipher)
    elif kept is not None and cipher is None:
        raise ReadersKeyError(
            "READERS_KEY: nothing was given, and the database's readers are encrypted; their key is wanted."
        )
    elif kept is not None and cipher is not None and kept != cipher.key_check:
        raise ReadersKeyError(
            "READERS_KEY: this is not the key with which the database's readers are encrypted."
        )


def change_key(database: Database, new: ChatIdCipher) -> None:
    """Encrypt all ids with `new` instead of the engine's cipher, in one transaction."""
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
    for mark in _POSTS.c:  # encrypted ids have another order; a fan-out is idempotent
        connection.execute(update(_POSTS).where(mark.is_not(None)).values({mark.name: BEFORE_ALL_IDS}))
    connection.execute(delete(reader_keys))
    connection.execute(insert(reader_keys).values(check_value=new.key_check))
    connection.execute(text("DROP TABLE reencrypted"))
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA user_version=0"))  # the next `erase_at_start` rewrites the file


def _list_replacements(connection: Connection, old: ChatIdCipher | None, new: ChatIdCipher) -> None:
    """Fill a temporary table, which is kept in memory, with each stored form and the one that replaces it.

    Its columns have the types of the others, or SQLite would not use an index to look up `old`.
    """
    name = connection.dialect.name
    kind = "BIGINT" if name == "sqlite" else "NUMERIC(60, 0)"
    connection.execute(text(f"CREATE TEMP TABLE reencrypted (old {kind} PRIMARY KEY, new {kind})"))
    for where in (_CHATS.c.id, *(each for place in _ID_COLUMNS for each in place.c)):
        for batch in _stored_ids(connection, where):
            rows: list[dict[str, Any]] = [
                {"old": stored, "new": to_stored(new, from_stored(old, stored), name)}
                for stored in batch
                if is_private_id(stored)
            ]
            if rows:
                connection.execute(insert(_REENCRYPTED), rows)


def _stored_ids(connection: Connection, where: ColumnClause[Any]) -> Iterator[Sequence[Any]]:
    """The different values of a column that are not listed yet, in batches, as they are stored."""
    unlisted = where.not_in(select(_REENCRYPTED.c.old))
    query = select(where).where(where.is_not(None), unlisted).distinct().order_by(where).limit(BATCH_SIZE)
    batch = connection.execute(query).scalars().all()
    while batch:
        yield batch
        batch = connection.execute(query.where(where > batch[-1])).scalars().all()
