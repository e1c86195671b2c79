"""With the semantic extra, an article is found from one in another language."""

import asyncio
from pathlib import Path

import pytest

from jobs.embed.model import is_installed
from storage import articles
from tests.jobs.embed.test_model import BURMESE, ENGLISH
from tests.stories.house import desk
from tests.stories.test_newsroom_goes_live import feed, item

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not is_installed(), reason="newswire[semantic] is not installed: make install SEMANTIC=1"
    ),
]


def feed_in(texts: tuple[str, ...], language: str, first: int) -> bytes:
    """Return a feed in one language, with an item for each text."""
    items = (item(number, text) for number, text in enumerate(texts, start=first))
    return feed(*items).replace(b"<channel>", f"<channel><language>{language}</language>".encode())


async def test_an_article_of_one_feed_is_found_from_the_other_language(tmp_path: Path) -> None:
    async with desk(tmp_path, "/feed", "/burmese") as paper:
        paper.site.says(feed_in(ENGLISH, "en", 1))
        paper.site.says(feed_in(BURMESE, "my", 11), path="/burmese")
        index = paper.house.index
        assert index.dense is not None
        async with asyncio.timeout(60):
            while len(index.dense) < len(ENGLISH + BURMESE):
                await paper.looks(1)
        kept = {article.title: article.id for article in await paper.house.db.read(articles.list_latest, 20)}
        for english, burmese in zip(ENGLISH, BURMESE, strict=True):
            assert index.find_related(kept[english], 1)[0].article_id == kept[burmese]
            assert index.find_related(kept[burmese], 1)[0].article_id == kept[english]
