"""Search: the articles that say what a reader typed, each with the words in their place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from storage import articles
from storage.index import Index, Question, Results
from storage.index.snippets import Snippet, marks, snippet
from storage.records import Article
from storage.text.normalize import fold, tidy

#: Articles whose text is read to see whether a phrase really stands in it.
MOST_READ = 200
READ_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Match:
    """An article that was found: its title and a piece of its text, with the places of what was asked for."""

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
    """One page of what is found for `typed` (`storage.index.query_parser`), by `order` "best" or "date"."""
    results = index.search(typed, count, offset, order, now)
    if not (results.question.phrases or any(" " in text for text in results.question.without)):
        found = articles.many(connection, [hit.article_id for hit in results.hits])
        return _page(found, results, results.total)
    results = index.search(typed, MOST_READ, 0, order, now)
    right = [article for article in _read(connection, results) if _says(article, results.question)]
    return _page(right[offset : offset + count], results, len(right))


def _read(connection: Connection, results: Results) -> Iterator[Article]:
    ids = [hit.article_id for hit in results.hits]
    for start in range(0, len(ids), READ_AT_ONCE):
        yield from articles.many(connection, ids[start : start + READ_AT_ONCE])


def _says(article: Article, question: Question) -> bool:
    """Whether every phrase stands in the article word for word, and none that must not."""
    said = [f" {_plain(text)} " for text in (article.title, article.summary, article.text)]
    unwanted = [text for text in question.without if " " in text]
    return all(_stands(text, said) for text in question.phrases) and not any(
        _stands(text, said) for text in unwanted
    )


def _stands(phrase: str, said: list[str]) -> bool:
    """Whether a phrase stands in a text, whole words where its script has spaces between them."""
    plain = _plain(phrase)
    wanted = f" {plain} " if plain.isascii() else plain
    return any(wanted in text for text in said)


def _plain(text: str) -> str:
    """Words and single spaces, so that a phrase is found whatever stands between its words."""
    return " ".join("".join(c if c.isalnum() or ord(c) > 0x7F else " " for c in fold(tidy(text))).split())


def _page(found: list[Article], results: Results, total: int) -> Page:
    return Page(tuple(_match(article, results.keys) for article in found), total, results.question)


def _match(article: Article, keys: frozenset[str]) -> Match:
    body = article.text or article.summary
    return Match(
        article,
        Snippet(article.title, marks(article.title, keys, article.language)),
        snippet(body, keys, article.language),
    )
