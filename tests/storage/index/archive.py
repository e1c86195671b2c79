"""A small archive to ask: the vocabulary of the index's tests. Everything in it is invented."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from storage import articles
from storage.articles import ArticleDraft
from storage.database import Database
from storage.index import Index

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def draft(
    title: str, summary: str = "", *, days: float = 0, language: str = "en", **more: object
) -> ArticleDraft:
    """An article published `days` before noon."""
    when = NOON - timedelta(days=days)
    link = f"https://news.example/{abs(hash((title, summary, days)))}"
    return ArticleDraft(url=link, title=title, summary=summary, language=language, published_at=when, **more)  # type: ignore[arg-type]


def keep(db: Database, *drafts: ArticleDraft) -> list[int]:
    """Store articles, each in a transaction of its own, as they would arrive."""
    return [db.run_sync(articles.add, [one], NOON)[0] for one in drafts]


def correct(connection: Connection, article_id: int, says: ArticleDraft) -> None:
    articles.revise(connection, article_id, says, ("title",), NOON)


def found(index: Index, typed: str, **how: object) -> list[int]:
    """The numbers of what is found, best first."""
    return [hit.article_id for hit in index.search(typed, 20, **how).hits]  # type: ignore[arg-type]


def related(index: Index, article_id: int) -> list[int]:
    """The numbers of the related articles that readers are told of, best first."""
    return [
        hit.article_id for hit in index.find_related(article_id, 20, floor=index.archive.weights.shown_floor)
    ]


#: Two floods, two quakes and what has nothing to do with them.
RIVER = (
    draft("Sittaung river floods Lanmadaw", "The Sittaung broke its dam near Lanmadaw; 40 families left."),
    draft("Families leave Lanmadaw as the Sittaung rises", "Forty families fled the flooded river town."),
    draft("Dam on the Sittaung failed, engineers say", "The flood at Lanmadaw came after the dam broke."),
)
QUAKE = (
    draft("Quake of magnitude 6.1 shakes Minhla", "Houses fell in Minhla; the quake was felt far away."),
    draft("Minhla counts its dead after the earthquake", "Rescuers dug in Minhla where the quake struck."),
)
OTHERS = (
    draft("Parliament votes on the budget", "Members approved spending on schools."),
    draft("Orchid growers meet in spring", "A prize went to a white orchid."),
    draft("Chess champion keeps her title", "The final game ended in a draw."),
    draft("Bakers strike over flour prices", "Bread was short in the capital."),
    draft("New tram line opens to the harbour", "The first tram left at dawn."),
)
