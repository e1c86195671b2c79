"""Texts go when the operator says so; headlines, links and identities stay."""

from datetime import timedelta

from jobs.cleanup import clean_up
from storage import articles
from storage.articles import Draft
from storage.database import Database
from tests.conftest import MovedClock


async def test_only_texts_older_than_the_retention_are_dropped(db: Database, clock: MovedClock) -> None:
    now = clock.now()
    drafts = [
        Draft(
            url=f"https://paper.example/{days}",
            title=f"{days}",
            summary="s",
            text="long",
            published_at=now - timedelta(days=days),
        )
        for days in (1, 40)
    ]
    new, old = db.run_here(articles.add, drafts, now)
    assert await clean_up(db, clock, timedelta()) == 0
    assert await clean_up(db, clock, timedelta(days=30)) == 1
    kept, dropped = db.read_here(articles.many, [new, old])
    assert (kept.text, dropped.text, dropped.title) == ("long", "", "40")
