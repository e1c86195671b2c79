"""Why are two articles related, or not? The words and names that both have, and what each counts."""

from typing import NamedTuple

from bot.cli._common import Failure
from bot.cli.table import Row, show
from bot.config import Settings
from bot.config.policies import index_path
from jobs.embed.model import MODEL
from jobs.publish.story_clustering import Kin, kin
from storage import articles
from storage.database import Connection, Database
from storage.index import Evidence, Index
from storage.index.vectors.dense import Dense
from storage.records import Article

#: Words shown in a table; JSON has all.
MOST = 20
SENTENCES = {
    Kin.REPEATS: "Both say the same, word for word.",
    Kin.NEARLY: "Both say nearly the same.",
    Kin.SUMMARY: "The second says most of what the first says, and much more: the first may be its summary.",
    Kin.WHOLE: "The first says most of what the second says, and much more: the second may be its summary.",
    Kin.RELATED: "They are related.",
    Kin.STRANGER: "They share some words, and too little to be called related.",
}
NOTHING = "They share no word and no name."
SAME = "Both links are of one article."


class Compared(NamedTuple):
    """Two articles, and what was found of them."""

    one: Article
    other: Article
    evidence: Evidence
    meaning: float | None
    told: float  #: the likeness from which readers are told that they are related


def show_relation(settings: Settings, database: Database, urls: tuple[str, str], *, as_json: bool) -> None:
    """Print what two articles share.

    Raises:
        Failure: one of the links is of no article that we have, or both are of the same.
    """
    index = Index.open(index_path(settings), dense=Dense(MODEL))
    found = database.read_here(_compare, index, *urls)
    shared = found.evidence.shared if as_json else found.evidence.shared[:MOST]
    tables: dict[str, list[Row]] = {
        "articles": [_article(found.one), _article(found.other)],
        "related": [_relation(found)],
        "shared": [
            {"word": each.word, "kind": "name" if each.name else "word", "weight": round(each.weight, 4)}
            for each in shared
        ],
    }
    show(tables, as_json=as_json)


def _compare(connection: Connection, index: Index, url: str, other_url: str) -> Compared:
    one, other = _known(connection, url), _known(connection, other_url)
    if one.id == other.id:
        raise Failure(SAME)
    index.catch_up(connection)
    evidence = index.evidence(one.id, other.id)
    if evidence is None:
        raise Failure("The text index does not know them yet; please try again.")
    meaning = index.dense.between(one.id, other.id) if index.dense else None
    return Compared(one, other, evidence, meaning, index.archive.weights.told)


def _known(connection: Connection, url: str) -> Article:
    article = articles.by_url(connection, url)
    if article is None:
        raise Failure(f"{url} was in no feed that Newswire has looked at.")
    return article


def _article(article: Article) -> Row:
    return {
        "headline": article.title,
        "link": article.url,
        "published": article.published_at,
        "state": article.state,
        "story": article.story_id,
        "duplicate of": article.duplicate_of,
    }


def _relation(found: Compared) -> Row:
    one, other, evidence = found.one, found.other, found.evidence
    what = kin(one, other, evidence, found.told)
    return {
        "likeness": round(evidence.alike, 4),
        "of the first": round(evidence.part, 4),
        "of the second": round(evidence.part_of_other, 4),
        "in meaning": None if found.meaning is None else round(found.meaning, 4),
        "one story": one.story_id is not None and one.story_id == other.story_id,
        "what": what,
        "which means": SENTENCES[what] if evidence.shared else NOTHING,
    }
