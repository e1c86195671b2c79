"""Related: which articles belong beside one."""

from dataclasses import dataclass

from sqlalchemy import Connection

from storage import articles
from storage.index import Hit, Index
from storage.records import Article


@dataclass(frozen=True, slots=True)
class RelatedArticle:
    """A related article, and how much (1 is about as much as itself)."""

    article: Article
    score: float


def related_articles(
    connection: Connection, index: Index, article_id: int, count: int = 5, offset: int = 0
) -> list[RelatedArticle]:
    """The articles most related to one, best first; empty if nothing is related enough."""
    floor = index.archive.weights.shown_floor
    return _load_articles(connection, index.find_related(article_id, count, offset, floor=floor))


def articles_related_to_text(
    connection: Connection, index: Index, text: str, count: int = 5, offset: int = 0
) -> list[RelatedArticle]:
    """The articles most related to some words or a text, best first."""
    floor = index.archive.weights.shown_floor
    return _load_articles(connection, index.find_related_to_text(text, count, offset, floor=floor))


def _load_articles(connection: Connection, hits: list[Hit]) -> list[RelatedArticle]:
    found = {
        article.id: article for article in articles.get_many(connection, [hit.article_id for hit in hits])
    }
    return [RelatedArticle(found[hit.article_id], hit.score) for hit in hits if hit.article_id in found]
