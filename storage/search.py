"""Search: the articles that say what a reader typed, each with the words in their place."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from storage import articles
from storage.index import Index, Question
from storage.index.snippets import Snippet, marks, snippet
from storage.records import Article


@dataclass(frozen=True, slots=True)
class Match:
    """An article that was found: its title and a piece of its text, with the places of the words asked for."""

    article: Article
    title: Snippet
    text: Snippet


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, how many there are in all, and what was understood of the question."""

    matches: tuple[Match, ...]
    total: int
    question: Question


def search(
    connection: Connection,
    index: Index,
    typed: str,
    count: int = 5,
    offset: int = 0,
    *,
    order: str = "best",
    now: datetime | None = None,
) -> Page:
    """One page of what is found for `typed` (see `storage.index.grammar`), "best" or newest ("date") first."""
    results = index.search(typed, count, offset, order, now)
    found = articles.many(connection, [hit.article_id for hit in results.hits])
    return Page(tuple(_match(article, results.keys) for article in found), results.total, results.question)


def _match(article: Article, keys: frozenset[str]) -> Match:
    language = article.language
    body = article.text or article.summary
    return Match(
        article,
        Snippet(article.title, marks(article.title, keys, language)),
        snippet(body, keys, language),
    )
