"""An arriving article joins the story that it continues, or starts one; editors may split and join."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.publish.stories import RULES, choose, repeated
from storage import articles, stories
from storage.database import Database
from storage.index import Index
from storage.records import Article, ArticleState
from storage.stories import Near, get, members, place_new
from tests.storage.index.archive import NOON, OTHERS, QUAKE, RIVER, draft, keep

ARRIVED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def near(article_id: int, story_id: int | None, alike: float, days: float = 1) -> Near:
    return Near(article_id, story_id, alike, ARRIVED - timedelta(days=days))


@pytest.fixture
def article(db: Database) -> Article:
    [number] = keep(db, draft("Anything"))
    found = db.read_here(articles.get, number)
    assert found is not None
    return found


def test_an_article_joins_the_story_that_is_most_like_it(article: Article) -> None:
    assert choose(article, [near(1, 7, 0.5), near(2, 8, 0.3)]) == 7


def test_an_article_unlike_all_others_starts_a_story(article: Article) -> None:
    assert choose(article, []) is None
    assert choose(article, [near(1, 7, RULES.alike / 2)]) is None


def test_several_likely_articles_outweigh_one_by_chance(article: Article) -> None:
    nearest = [near(1, 7, 0.40), near(2, 8, 0.38), near(3, 8, 0.37), near(4, 7, 0.05), near(5, 8, 0.36)]
    assert choose(article, nearest) == 8


def test_a_story_that_was_silent_for_long_is_over(article: Article) -> None:
    assert choose(article, [near(1, 7, 0.9, days=RULES.days + 1)]) is None


def test_what_is_in_no_story_yet_draws_nobody(article: Article) -> None:
    assert choose(article, [near(1, None, 0.9)]) is None


def test_the_same_text_again_is_recognised(article: Article) -> None:
    assert repeated(article, [near(1, 7, 0.95), near(2, 7, 0.8)]) == 1
    assert repeated(article, [near(1, 7, 0.6)]) is None


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 1), st.floats(0, 30)), max_size=20))
def test_whatever_is_near_the_choice_is_among_it(nearest: list[tuple[int, float, float]]) -> None:
    arrived = Article(
        id=99, url="", title="", summary="", text="", author="", sections=(), language="", image_url="",
        image_width=0, published_at=ARRIVED, revised_at=None, seen_at=ARRIVED, revision=1, fingerprint=b"",
        duplicate_of=None, story_id=None, state=ArticleState.LIVE, backfill=False, planned_at=None,
        page_read_at=None, withdrawn_because="",
    )  # fmt: skip
    chosen = choose(
        arrived, [near(at, story, alike, days) for at, (story, alike, days) in enumerate(nearest)]
    )
    assert chosen is None or chosen in {story for story, _, _ in nearest}


def placed(db: Database, index: Index) -> int:
    db.read_here(index.catch_up)
    return db.run_here(place_new, index, choose, 100, NOON)


def story_of(db: Database, number: int) -> int:
    found = db.read_here(articles.get, number)
    assert found is not None
    assert found.story_id is not None
    return found.story_id


def test_a_flood_and_a_quake_become_two_stories_and_the_rest_their_own(db: Database) -> None:
    index = Index.open(None)
    ids = keep(db, *RIVER, *QUAKE, *OTHERS)
    assert placed(db, index) == len(ids)
    found = [story_of(db, number) for number in ids]
    assert len(set(found[:3])) == 1
    assert len(set(found[3:5])) == 1
    assert len(set(found)) == 2 + len(OTHERS)
    assert [one.id for one in db.read_here(members, found[0])] == ids[:3]
    story = db.read_here(get, found[0])
    assert story is not None
    assert (story.first_article_id, story.last_article_id) == (ids[0], ids[2])
    assert placed(db, index) == 0


def test_placing_an_article_does_not_make_the_index_read_it_again(db: Database) -> None:
    index = Index.open(None)
    keep(db, *RIVER)
    placed(db, index)
    assert db.read_here(index.catch_up) == 0


def test_an_article_that_the_index_has_not_read_waits(db: Database) -> None:
    index = Index.open(None)
    keep(db, *RIVER)
    assert db.run_here(place_new, index, choose, 100, NOON) == 0
    assert placed(db, index) == len(RIVER)


def test_an_editor_splits_a_story_and_it_stays_split(db: Database) -> None:
    index = Index.open(None)
    ids = keep(db, *RIVER)
    placed(db, index)
    third = db.read_here(articles.get, ids[2])
    assert third is not None
    new = db.run_here(stories.split, third, NOON)
    assert placed(db, index) == 0
    assert story_of(db, ids[2]) == new != story_of(db, ids[0])
    old = db.read_here(get, story_of(db, ids[0]))
    assert old is not None
    assert old.last_article_id == ids[1]


def test_an_editor_joins_two_stories(db: Database) -> None:
    index = Index.open(None)
    ids = keep(db, *QUAKE, OTHERS[0])
    placed(db, index)
    into = story_of(db, ids[0])
    assert db.run_here(stories.merge, story_of(db, ids[2]), into, NOON) == 1
    assert [one.id for one in db.read_here(members, into)] == ids
