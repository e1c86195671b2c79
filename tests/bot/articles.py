"""Articles to render, built from the fields that a test cares about."""

from datetime import UTC, datetime
from typing import Any

from storage.records import Article, ArticleState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def article(**said: Any) -> Article:
    """A live article from this morning with these fields."""
    usual: dict[str, Any] = {
        "id": 7,
        "url": "https://news.example/rice-harvest",
        "title": "Rice harvest begins early",
        "summary": "Farmers along the Irrawaddy are three weeks ahead.",
        "text": "",
        "author": "",
        "sections": ("World news",),
        "language": "en",
        "image_url": "",
        "image_width": 0,
        "published_at": datetime(2026, 11, 23, 7, 10, tzinfo=UTC),
        "revised_at": None,
        "seen_at": NOW,
        "revision": 1,
        "duplicate_of": None,
        "story_id": None,
        "state": ArticleState.LIVE,
        "backfill": False,
        "planned_at": None,
        "page_read_at": None,
    }
    return Article(**{**usual, **said})
