"""Embeddings: the vectors that a model computes from articles, stored to be computed only once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage import changes
from storage.records import ArticleState, Embedding
from storage.rows import to_record
from storage.schema import NextChange, articles, embeddings

#: Rows in a batch.
BATCH_SIZE = 2000
_SAVED_COLUMNS = ("model", "article_change", "digest", "language", "vector")


@dataclass(frozen=True, slots=True)
class ArticleForEmbedding:
    """A live article without an embedding, or changed since; `digest` is that of the last one, or None."""

    article_id: int
    change: int
    title: str
    summary: str
    text: str
    language: str
    digest: bytes | None


def articles_for_embedding(
    connection: Connection, model: str, since: int, count: int
) -> list[ArticleForEmbedding]:
    """Up to `count` live articles whose current content `model` has not read, the newest first.

    Args:
        model: embeddings of other models count as none.
        since: only articles whose change is this or later (see `embedding_horizon`).
        count: how many at most.
    """
    mine = (embeddings.c.article_id == articles.c.id) & (embeddings.c.model == model)
    query = (
        select(
            articles.c.id, articles.c.changed, articles.c.title, articles.c.summary, articles.c.text,
            articles.c.language, embeddings.c.digest,
        )
        .select_from(articles.outerjoin(embeddings, mine))
        .where(
            articles.c.changed >= since,
            articles.c.state == ArticleState.LIVE,
            or_(
                embeddings.c.article_change.is_(None), embeddings.c.article_change != articles.c.changed
            ),
        )
        .order_by(articles.c.id.desc())
        .limit(count)
    )  # fmt: skip
    return [ArticleForEmbedding(*row) for row in connection.execute(query)]


def count_unembedded(connection: Connection, model: str) -> int:
    """How many live articles `model` has never read."""
    mine = (embeddings.c.article_id == articles.c.id) & (embeddings.c.model == model)
    query = select(func.count()).select_from(articles.outerjoin(embeddings, mine))
    live = articles.c.state == ArticleState.LIVE
    return int(connection.execute(query.where(live, embeddings.c.model.is_(None))).scalar_one())


def save_embeddings(connection: Connection, made: Sequence[Embedding]) -> None:
    """Store these, each in place of its article's last one; those of deleted articles are left out."""
    there = select(articles.c.id).where(articles.c.id.in_([one.article_id for one in made]))
    still = set(connection.execute(there).scalars())
    rows = [
        {"article_id": one.article_id, **{name: getattr(one, name) for name in _SAVED_COLUMNS}}
        for one in made
        if one.article_id in still
    ]
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    query = dialect.insert(embeddings)
    said: dict[str, Any] = {name: query.excluded[name] for name in _SAVED_COLUMNS}
    said["changed"] = NextChange("embeddings")
    connection.execute(query.on_conflict_do_update(index_elements=["article_id"], set_=said), rows)


def mark_unchanged(connection: Connection, article_id: int, change: int) -> None:
    """Record that a change left the text unchanged from which the embedding was computed."""
    mine = embeddings.c.article_id == article_id
    connection.execute(update(embeddings).where(mine).values(article_change=change))


def embedding_horizon(connection: Connection) -> int:
    """The change from which a later call must read (see `changes.change_horizon`)."""
    return changes.change_horizon(connection, embeddings.c.changed)


def embeddings_since(connection: Connection, model: str, change: int) -> Iterator[list[Embedding]]:
    """The model's embeddings that were stored at `change` or later, in batches, oldest change first."""
    place = (embeddings.c.changed, embeddings.c.article_id)
    for rows in changes.rows_since(connection, select(embeddings), place, change, BATCH_SIZE):
        yield [to_record(Embedding, row) for row in rows if row.model == model]
