"""Arrivals: which articles were written to since the index last looked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Select, func, select

from storage import changes as changes_of
from storage.records import ArticleState
from storage.schema import articles

#: Changes are added up modulo this prime, so that no sum is too large for the database.
CHANGE_SUM_MODULUS = 1_000_000_007
#: Articles read at once.
BATCH_SIZE = 500


@dataclass(frozen=True, slots=True)
class ArticleForIndex:
    """What the index wants to know of an article."""

    id: int
    change: int
    title: str
    body: str
    language: str
    sections: tuple[str, ...]
    published_at: datetime
    duplicate_of: int | None
    withdrawn: bool

    def content_digest(self) -> int:
        """64 bits that change with anything that is indexed."""
        said = "\x00".join((self.title, self.body, self.language, *self.sections))
        return int.from_bytes(
            blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
        )


def article_horizon(connection: Connection) -> int:
    """From which change on a later look must read again (see `changes.horizon`)."""
    return changes_of.change_horizon(connection, articles.c.changed)


def articles_since(connection: Connection, change: int) -> Iterator[list[ArticleForIndex]]:
    """Articles whose change is `change` or later, in batches, oldest change first."""
    place = (articles.c.changed, articles.c.id)
    for rows in changes_of.rows_since(connection, _articles_query(), place, change, BATCH_SIZE):
        yield [_article_from_row(row) for row in rows]


def articles_by_id(connection: Connection, ids: list[int]) -> Iterator[list[ArticleForIndex]]:
    """The articles with these ids, in batches; those that are gone are left out."""
    for start in range(0, len(ids), BATCH_SIZE):
        query = _articles_query().where(articles.c.id.in_(ids[start : start + BATCH_SIZE]))
        yield [_article_from_row(row) for row in connection.execute(query)]


def article_totals(connection: Connection) -> tuple[int, int]:
    """How many articles there are, and the sum of their changes: the same for equal archives."""
    sum_of_changes = func.coalesce(func.sum(articles.c.changed % CHANGE_SUM_MODULUS), 0)
    row = connection.execute(select(func.count(), sum_of_changes).select_from(articles)).one()
    return int(row[0]), int(row[1])


def changes_by_id(connection: Connection) -> dict[int, int]:
    """Every article's change, by id."""
    return {int(row[0]): int(row[1]) for row in connection.execute(select(articles.c.id, articles.c.changed))}


def _articles_query() -> Select[Any]:
    return select(
        articles.c.id, articles.c.changed, articles.c.title, articles.c.summary, articles.c.text,
        articles.c.language, articles.c.sections, articles.c.published_at, articles.c.duplicate_of,
        articles.c.state,
    )  # fmt: skip


def _article_from_row(row: Any) -> ArticleForIndex:
    summary, text = row.summary, row.text
    body = text if text.startswith(summary) else f"{summary}\n{text}" if text else summary
    return ArticleForIndex(
        row.id, row.changed, row.title, body, row.language, row.sections, row.published_at, row.duplicate_of,
        row.state is ArticleState.WITHDRAWN,
    )  # fmt: skip
