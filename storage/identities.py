"""Every guid and link ever seen, kept for ever: is this known, and as which article?"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256

from sqlalchemy import Connection, Executable, bindparam, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.links import link_key, link_keys
from storage.schema import identities

#: A key that several articles share: it is known, and names none of them.
NOBODY = 0
#: Keys asked for at once: below the 999 variables that the oldest SQLite allows.
_AT_ONCE = 900
#: Any number, the same in every process: PostgreSQL's lock for those who add identities.
_LOCK = 7_316_001
#: Made once: each look asks, and making it costs more than the answer.
_KNOWN = select(identities.c.key, identities.c.article_id).where(
    identities.c.key.in_(bindparam("keys", expanding=True))
)


def guid_key(feed_id: int, guid: str) -> bytes:
    """The identity of an item by its guid, which means something in its own feed alone."""
    return sha256(f"guid\0{feed_id}\0{guid}".encode("utf-8", "surrogatepass")).digest()


def one_at_a_time(connection: Connection) -> None:
    """Until this transaction ends nobody else looks up and adds identities.

    Two processes could otherwise both find a link unknown and both add its article. SQLite has one
    writer in any case.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def known(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, int]:
    """The article (or `NOBODY`) of each key that is known."""
    found: dict[bytes, int] = {}
    for some in _in_steps(sorted(set(keys))):
        found.update((row[0], row[1]) for row in connection.execute(_KNOWN, {"keys": some}))
    return found


def remember(connection: Connection, articles: Mapping[bytes, int], now: datetime) -> None:
    """Keep these keys for ever; a key that is known already keeps its article."""
    if not articles:
        return
    rows = [{"key": key, "article_id": article_id, "seen_at": now} for key, article_id in articles.items()]
    connection.execute(_add(connection.dialect.name), rows)


@cache
def _add(dialect: str) -> Executable:
    query = (postgresql if dialect == "postgresql" else sqlite).insert(identities)
    kept: Executable = query.on_conflict_do_nothing()
    return kept


def disown(connection: Connection, keys: Iterable[bytes], now: datetime) -> None:
    """From now on these keys name no article: several share them."""
    shared = sorted(set(keys))
    remember(connection, dict.fromkeys(shared, NOBODY), now)
    for some in _in_steps(shared):
        connection.execute(update(identities).where(identities.c.key.in_(some)).values(article_id=NOBODY))


def _in_steps(keys: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]


__all__ = ["NOBODY", "disown", "guid_key", "known", "link_key", "link_keys", "one_at_a_time", "remember"]
