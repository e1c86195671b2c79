"""Related: which articles belong beside one."""

from dataclasses import dataclass

from sqlalchemy import Connection

from storage import articles
from storage.index import Hit, Index
from storage.records import Article


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A related article, and how much (1 is about as much as itself)."""

    article: Article
    score: float


def neighbours(
    connection: Connection, index: Index, article_id: int, count: int = 5, offset: int = 0
) -> list[Neighbour]:
    """The articles most related to one, best first; empty where nothing is related enough."""
    floor = index.archive.weights.told
    return _with_articles(connection, index.related(article_id, count, offset, floor=floor))


def neighbours_of_text(
    connection: Connection, index: Index, text: str, count: int = 5, offset: int = 0
) -> list[Neighbour]:
    """The articles most related to some words or a text, best first."""
    floor = index.archive.weights.told
    return _with_articles(connection, index.related_to_text(text, count, offset, floor=floor))


def _with_articles(connection: Connection, hits: list[Hit]) -> list[Neighbour]:
    found = {article.id: article for article in articles.many(connection, [hit.article_id for hit in hits])}
    return [Neighbour(found[hit.article_id], hit.score) for hit in hits if hit.article_id in found]
