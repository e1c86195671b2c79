"""Search: the articles that match a query, each with the matches marked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from storage import articles
from storage.index import Index, SearchQuery, SearchResults
from storage.index.snippets import Snippet, find_marks, make_snippet
from storage.records import Article
from storage.text.normalize import fold_text, normalize_text

#: Articles whose text is checked for a phrase at most.
MAX_PHRASE_CHECKS = 200
READ_BATCH_SIZE = 20


@dataclass(frozen=True, slots=True)
class SearchMatch:
    """An article that was found: its title and a snippet of its text, with the matches marked."""

    article: Article
    title: Snippet
    text: Snippet


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of matches, the total number, and the parsed query."""

    matches: tuple[SearchMatch, ...]
    total: int
    query: SearchQuery


def search_articles(
    connection: Connection,
    index: Index,
    typed: str,
    count: int = 5,
    offset: int = 0,
    *,
    order: str = "best",
    now: datetime | None = None,
) -> SearchPage:
    """One page of what is found for `typed` (`storage.index.query_parser`), by `order` "best" or "date"."""
    results = index.search(typed, count, offset, order, now)
    if not (results.query.phrases or any(" " in text for text in results.query.without)):
        found = articles.get_many(connection, [hit.article_id for hit in results.hits])
        return _build_page(found, results, results.total)
    results = index.search(typed, MAX_PHRASE_CHECKS, 0, order, now)
    right = [
        article for article in _load_in_batches(connection, results) if _has_phrases(article, results.query)
    ]
    return _build_page(right[offset : offset + count], results, len(right))


def _load_in_batches(connection: Connection, results: SearchResults) -> Iterator[Article]:
    ids = [hit.article_id for hit in results.hits]
    for start in range(0, len(ids), READ_BATCH_SIZE):
        yield from articles.get_many(connection, ids[start : start + READ_BATCH_SIZE])


def _has_phrases(article: Article, question: SearchQuery) -> bool:
    """Whether the article has every phrase word for word, and no excluded one."""
    said = [f" {_plain_words(text)} " for text in (article.title, article.summary, article.text)]
    unwanted = [text for text in question.without if " " in text]
    return all(_has_phrase(text, said) for text in question.phrases) and not any(
        _has_phrase(text, said) for text in unwanted
    )


def _has_phrase(phrase: str, said: list[str]) -> bool:
    """Whether a text has a phrase; as whole words if its script has spaces."""
    plain = _plain_words(phrase)
    wanted = f" {plain} " if plain.isascii() else plain
    return any(wanted in text for text in said)


def _plain_words(text: str) -> str:
    """Words with single spaces, so a phrase matches whatever is between its words."""
    return " ".join(
        "".join(c if c.isalnum() or ord(c) > 0x7F else " " for c in fold_text(normalize_text(text))).split()
    )


def _build_page(found: list[Article], results: SearchResults, total: int) -> SearchPage:
    return SearchPage(tuple(_build_match(article, results.keys) for article in found), total, results.query)


def _build_match(article: Article, keys: frozenset[str]) -> SearchMatch:
    body = article.text or article.summary
    return SearchMatch(
        article,
        Snippet(article.title, find_marks(article.title, keys, article.language)),
        make_snippet(body, keys, article.language),
    )
