"""Which story an article continues, and what it says again: decided by values alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.publish.story_clustering import (
    RULES,
    Relation,
    choose_story,
    classify_relation,
    find_repeated,
    is_repetition,
)
from storage.index import Explanation
from storage.records import Article, ArticleState
from storage.stories import StoryCandidate

ARRIVED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BLANK = Article(
    id=99, url="", title="", summary="", text="", author="", sections=(), language="", image_url="",
    image_width=0, published_at=ARRIVED, revised_at=None, seen_at=ARRIVED, revision=1,
    duplicate_of=None, story_id=None, state=ArticleState.LIVE, backfill=False, planned_at=None,
    page_read_at=None, withdrawn_because="",
)  # fmt: skip


def near(article_id: int, story_id: int | None, alike: float, days: float = 1) -> StoryCandidate:
    return StoryCandidate(article_id, story_id, alike, ARRIVED - timedelta(days=days))


@pytest.fixture
def article() -> Article:
    return BLANK


def test_an_article_joins_the_story_that_is_most_like_it(article: Article) -> None:
    assert choose_story(article, [near(1, 7, 0.5), near(2, 8, 0.3)]) == 7


def test_an_article_unlike_all_others_starts_a_story(article: Article) -> None:
    assert choose_story(article, []) is None
    assert choose_story(article, [near(1, 7, RULES.alike / 2)]) is None


def test_several_likely_articles_outweigh_one_by_chance(article: Article) -> None:
    nearest = [near(1, 7, 0.40), near(2, 8, 0.38), near(3, 8, 0.37), near(4, 7, 0.05), near(5, 8, 0.36)]
    assert choose_story(article, nearest) == 8


def test_a_story_that_was_silent_for_long_is_over(article: Article) -> None:
    assert choose_story(article, [near(1, 7, 0.9, days=RULES.days + 1)]) is None


def test_what_is_in_no_story_yet_draws_nobody(article: Article) -> None:
    assert choose_story(article, [near(1, None, 0.9)]) is None


def said(number: int = 1, hours: float = 0, **words: str) -> Article:
    """An article with enough words to be told from others."""
    text: dict[str, Any] = {
        "title": "Sittaung river floods Lanmadaw",
        "summary": "The Sittaung broke its dam near Lanmadaw; 40 families left their homes at night.",
        "text": "",
    }
    return replace(BLANK, id=number, published_at=ARRIVED + timedelta(hours=hours), **(text | words))


@pytest.mark.parametrize(
    "again",
    [
        said(2),
        said(2, hours=-5.9),
        said(2, title="SITTAUNG RIVER floods Lanmadaw!"),
        said(
            2,
            summary="The Sittaung broke its dam\u00a0near  Lanmadaw; ４０ families left their homes at night",
        ),
    ],
)
def test_the_same_words_again_are_a_repetition_whatever_their_marks(again: Article) -> None:
    assert is_repetition(again, said())
    assert find_repeated(again, [said(3, title="Something else"), said()]) == said()


@pytest.mark.parametrize(
    "other",
    [
        said(1),
        said(2, hours=6.1),
        said(2, hours=-6.1),
        said(2, title="Sittaung river does not flood Lanmadaw"),
        said(2, title="Sittaung river floods Minhla"),
        said(2, summary="The Sittaung broke its dam near Lanmadaw; 41 families left their homes at night."),
        said(2, text="Engineers say more."),
    ],
)
def test_one_word_one_number_or_a_day_makes_another_article(other: Article) -> None:
    assert not is_repetition(other, said())


def test_a_short_text_says_nothing_again() -> None:
    short: dict[str, Any] = {"title": "The morning's news", "summary": "All you need."}
    assert not is_repetition(said(1, **short), said(2, **short))


def test_a_difference_far_behind_is_a_difference() -> None:
    long = "Rain fell on the hills. " * 10_000
    assert is_repetition(said(1, text=long), said(2, text=long))
    assert not is_repetition(said(1, text=long), said(2, text=long + "Nobody was hurt."))


def test_a_minus_is_a_word() -> None:
    cold, warm = (f"Frost warning for the whole of the north: {n} degrees" for n in ("-3", "3"))
    assert not is_repetition(said(1, title=cold), said(2, title=warm))


@pytest.mark.parametrize(
    ("alike", "part", "part_of_other", "expected"),
    [
        (0.85, 0.9, 0.8, Relation.NEARLY),
        (0.3, 0.9, 0.2, Relation.SUMMARY),
        (0.3, 0.2, 0.9, Relation.WHOLE),
        (0.5, 0.7, 0.5, Relation.RELATED),
        (0.1, 0.2, 0.1, Relation.UNRELATED),
    ],
)
def test_what_two_articles_are_to_each_other(
    alike: float, part: float, part_of_other: float, expected: Relation
) -> None:
    evidence = Explanation(alike, part, part_of_other, ())
    assert classify_relation(said(1), said(2, title="Something else"), evidence, told=0.12) is expected
    assert classify_relation(said(1), said(2), evidence, told=0.12) is Relation.REPEATS


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 1), st.floats(0, 30)), max_size=20))
def test_whatever_is_near_the_choice_is_among_it(nearest: list[tuple[int, float, float]]) -> None:
    chosen = choose_story(
        BLANK, [near(at, story, alike, days) for at, (story, alike, days) in enumerate(nearest)]
    )
    assert chosen is None or chosen in {story for story, _, _ in nearest}


def test_an_article_on_a_twin_event_starts_its_own_story(article: Article) -> None:
    """Alike enough to join, but far less so than those on the one event are to each other."""
    held = {one: {other: 0.8 for other in (1, 2, 3) if other != one} for one in (1, 2, 3)}
    twins = [replace(near(number, 7, 0.35), others=others) for number, others in held.items()]
    assert choose_story(article, twins) is None
    loose = [replace(one, others=dict.fromkeys(one.others, 0.4)) for one in twins]
    assert choose_story(article, loose) == 7
    assert choose_story(article, twins, replace(RULES, apart=0.0)) == 7
