"""newswire why --related: the words and names that two articles share, and the weight of each."""

from typing import NamedTuple

from bot.cli._common import CommandError
from bot.cli.table import Row, print_tables
from bot.config import Settings
from bot.config.policies import index_path
from jobs.embed.model import MODEL_VERSION
from jobs.publish.story_clustering import Relation, classify_relation
from storage import articles
from storage.database import Connection, Database
from storage.index import Explanation, Index
from storage.index.vectors.dense import DenseIndex
from storage.records import Article

#: Words shown in a table; JSON has all.
MAX_TABLE_WORDS = 20
EXPLANATIONS = {
    Relation.REPEATS: "Both have the same text, word for word.",
    Relation.NEARLY: "Both have nearly the same text.",
    Relation.SUMMARY: "The second contains most of the first and more; the first may be its summary.",
    Relation.WHOLE: "The first contains most of the second and more; the second may be its summary.",
    Relation.RELATED: "They are related.",
    Relation.UNRELATED: "They share some words, but too few to be related.",
}
NOTHING_SHARED = "They share no word and no name."
SAME_ARTICLE = "Both links belong to the same article."


class Comparison(NamedTuple):
    """Two articles, and how similar they are."""

    one: Article
    other: Article
    evidence: Explanation
    meaning: float | None
    related_threshold: float  #: the similarity from which an article is shown as related


def print_relation(settings: Settings, database: Database, urls: tuple[str, str], *, as_json: bool) -> None:
    """Print what two articles share.

    Raises:
        CommandError: a link belongs to no stored article, or both belong to the same one.
    """
    index = Index.open(index_path(settings), dense=DenseIndex(MODEL_VERSION))
    found = database.read_sync(_compare_articles, index, *urls)
    shared = found.evidence.shared if as_json else found.evidence.shared[:MAX_TABLE_WORDS]
    tables: dict[str, list[Row]] = {
        "articles": [_compared_row(found.one), _compared_row(found.other)],
        "related": [_relation_row(found)],
        "shared": [
            {"word": each.word, "kind": "name" if each.name else "word", "weight": round(each.weight, 4)}
            for each in shared
        ],
    }
    print_tables(tables, as_json=as_json)


def _compare_articles(connection: Connection, index: Index, url: str, other_url: str) -> Comparison:
    one, other = _find_article(connection, url), _find_article(connection, other_url)
    if one.id == other.id:
        raise CommandError(SAME_ARTICLE)
    index.catch_up(connection)
    evidence = index.explain_likeness(one.id, other.id)
    if evidence is None:
        raise CommandError("The text index does not have them yet; please try again.")
    meaning = index.dense.likeness_between(one.id, other.id) if index.dense else None
    return Comparison(one, other, evidence, meaning, index.archive.weights.shown_floor)


def _find_article(connection: Connection, url: str) -> Article:
    article = articles.get_by_url(connection, url)
    if article is None:
        raise CommandError(f"{url} was in no feed that Newswire has fetched.")
    return article


def _compared_row(article: Article) -> Row:
    return {
        "headline": article.title,
        "link": article.url,
        "published": article.published_at,
        "state": article.state,
        "story": article.story_id,
        "duplicate of": article.duplicate_of,
    }


def _relation_row(found: Comparison) -> Row:
    one, other, evidence = found.one, found.other, found.evidence
    what = classify_relation(one, other, evidence, found.related_threshold)
    return {
        "likeness": round(evidence.alike, 4),
        "of the first": round(evidence.part, 4),
        "of the second": round(evidence.part_of_other, 4),
        "in meaning": None if found.meaning is None else round(found.meaning, 4),
        "one story": one.story_id is not None and one.story_id == other.story_id,
        "what": what,
        "which means": EXPLANATIONS[what] if evidence.shared else NOTHING_SHARED,
    }
