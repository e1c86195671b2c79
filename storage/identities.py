"""Identities: every guid and link ever seen, each with its article; never deleted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256

from sqlalchemy import Connection, Executable, bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite

from storage.schema import identities
from storage.text.urls import link_key, link_keys, normalize_url

#: The article of a key that several articles share: it is known, and stands for none of them.
NO_ARTICLE = 0
#: Keys in a query: below the 999 variables that the oldest SQLite allows.
_BATCH_SIZE = 900
#: Any number, the same in every process: PostgreSQL's lock for those who add identities.
_LOCK_ID = 7_316_001
#: Built once: every update runs it, and building costs more than running.
_CLAIMS_QUERY = select(identities.c.key, identities.c.article_id, identities.c.feed_id).where(
    identities.c.key.in_(bindparam("keys", expanding=True))
)


def guid_key(feed_id: int, guid: str) -> bytes:
    """The identity of an item by its guid, which means something in its own feed alone."""
    return sha256(f"guid\0{feed_id}\0{guid}".encode("utf-8", "surrogatepass")).digest()


def own_link_key(feed_id: int, link: str) -> bytes:
    """The identity of an item by its link in its own feed, if that has no authority over the link."""
    return sha256(f"own link\0{feed_id}\0{normalize_url(link)}".encode("utf-8", "surrogatepass")).digest()


def content_key(feed_id: int, article_id: int, content_hash: bytes) -> bytes:
    """The identity of a content that a feed once had of an article, to recognize it if it returns."""
    return sha256(f"words\0{feed_id}\0{article_id}\0".encode() + content_hash).digest()


def lock_identities(connection: Connection) -> None:
    """Until this transaction ends no other one looks up and adds identities.

    Two processes could otherwise both find a link unknown and both add its article. SQLite has one
    writer in any case.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK_ID})


@dataclass(frozen=True, slots=True)
class IdentityClaim:
    """The article of a key, and the feed that claimed it."""

    article_id: int  #: or `NO_ARTICLE`
    feed_id: int | None  #: None if it is not known: accepted by all feeds


def find_articles(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, int]:
    """The article (or `NO_ARTICLE`) of each key that is known."""
    return {key: claim.article_id for key, claim in find_claims(connection, keys).items()}


def find_claims(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, IdentityClaim]:
    """The claim of each key that is known."""
    found: dict[bytes, IdentityClaim] = {}
    for some in _in_batches(sorted(set(keys))):
        found.update(
            (row[0], IdentityClaim(row[1], row[2]))
            for row in connection.execute(_CLAIMS_QUERY, {"keys": some})
        )
    return found


def add_keys(
    connection: Connection, articles: Mapping[bytes, int], now: datetime, feed_id: int | None = None
) -> None:
    """Add these keys, claimed by this feed; a known key keeps its article."""
    if articles:
        connection.execute(_insert_query(connection.dialect.name), _key_rows(articles, now, feed_id))


def reassign_keys(
    connection: Connection, articles: Mapping[bytes, int], now: datetime, feed_id: int | None = None
) -> None:
    """Add these keys, or give known ones another article, whichever feed claimed them before."""
    if articles:
        connection.execute(_reassign_query(connection.dialect.name), _key_rows(articles, now, feed_id))


def _key_rows(articles: Mapping[bytes, int], now: datetime, feed_id: int | None) -> list[dict[str, object]]:
    common = {"feed_id": feed_id, "seen_at": now}
    return [{"key": key, "article_id": article_id, **common} for key, article_id in articles.items()]


@cache
def _insert_query(dialect: str) -> Executable:
    query = (postgresql if dialect == "postgresql" else sqlite).insert(identities)
    kept: Executable = query.on_conflict_do_nothing()
    return kept


@cache
def _reassign_query(dialect: str) -> Executable:
    query = (postgresql if dialect == "postgresql" else sqlite).insert(identities)
    said = {name: query.excluded[name] for name in ("article_id", "feed_id")}
    kept: Executable = query.on_conflict_do_update(index_elements=["key"], set_=said)
    return kept


def mark_ambiguous(
    connection: Connection, keys: Iterable[bytes], now: datetime, feed_id: int | None = None
) -> None:
    """Record that several articles share these keys, so they stand for none."""
    reassign_keys(connection, dict.fromkeys(keys, NO_ARTICLE), now, feed_id)


def _in_batches(keys: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(keys), _BATCH_SIZE):
        yield keys[start : start + _BATCH_SIZE]


__all__ = [
    "NO_ARTICLE",
    "IdentityClaim",
    "add_keys",
    "content_key",
    "find_articles",
    "find_claims",
    "guid_key",
    "link_key",
    "link_keys",
    "lock_identities",
    "mark_ambiguous",
    "own_link_key",
    "reassign_keys",
]
