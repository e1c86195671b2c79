"""What a model knows changes the order of what words found, and finds other languages; never more."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import articles, embeddings
from storage.database import Database
from storage.index import Index
from storage.index.vectors.dense import TUNED, DenseIndex
from storage.index.vectors.sign_bits import SignBits
from storage.records import Embedding
from tests.storage.index.archive import NOON, OTHERS, QUAKE, RIVER, draft, keep, related

WIDTH = 64
CHANCE = np.random.default_rng(5)
#: Where each language lies, far from where the others do.
CORNERS = {name: CHANCE.normal(0, 0.5, WIDTH) for name in ("en", "my", "fi", "")}


def said(subject: int, language: str = "en", near: float = 0.0) -> bytes:
    """The vector of a text about a subject: the same direction in each language, from its corner."""
    chance = np.random.default_rng(subject)
    row = CORNERS[language] + chance.normal(0, 0.3, WIDTH) + near * CHANCE.normal(0, 0.3, WIDTH)
    rounded: bytes = np.round(row / np.abs(row).max() * 127).astype(np.int8).tobytes()
    return rounded


def made(article_id: int, vector: bytes, language: str = "en") -> Embedding:
    return Embedding(
        article_id=article_id, model="m", article_change=1, digest=b"", language=language, vector=vector
    )


def archive_of(*languages: str, subjects: int = 40, exact: int = TUNED.exact) -> DenseIndex:
    """An article on each subject in each language: article 100 * (language's place) + subject."""
    dense = DenseIndex("m", replace(TUNED, exact=exact, looked_at=20))
    dense.add_batch(
        made(100 * place + subject, said(subject, language), language)
        for place, language in enumerate(languages, start=1)
        for subject in range(subjects)
    )
    return dense


def foreign(dense: DenseIndex, article_id: int) -> list[int]:
    sense = dense.query_article(article_id)
    assert sense is not None
    return [one.article_id for one in sense.find_foreign()]


@pytest.mark.parametrize("exact", [TUNED.exact, 10], ids=["compared with all", "compared by signs first"])
def test_the_same_subject_is_found_in_every_other_language(exact: int) -> None:
    dense = archive_of("en", "my", "fi", exact=exact)
    for subject in range(40):
        assert set(foreign(dense, 100 + subject)[:2]) == {200 + subject, 300 + subject}


def test_nothing_of_the_same_or_of_an_unknown_language_is_found_by_the_model_alone() -> None:
    dense = archive_of("en", "")
    dense.add_batch([made(999, said(3), "en")])
    assert foreign(dense, 103) == []
    assert foreign(dense, 203) == []


def test_an_article_that_nobody_wrote_about_elsewhere_finds_nothing() -> None:
    dense = archive_of("en", "my")
    dense.add_batch([made(999, said(77), "en")])
    assert foreign(dense, 999) == []


def test_a_vector_that_is_replaced_is_found_by_what_it_says_now() -> None:
    dense = archive_of("en", "my", exact=10)
    dense.add_batch([made(205, said(60, "my"), "my"), made(160, said(60), "en")])
    assert 205 not in foreign(dense, 105)
    assert foreign(dense, 160)[0] == 205
    assert len(dense) == 81


def test_an_article_whose_words_no_longer_make_a_vector_is_forgotten() -> None:
    dense = archive_of("en", "my")
    dense.add_batch([made(205, b"", "my")])
    assert 205 not in foreign(dense, 105)
    assert dense.query_article(205) is None
    dense.add_batch([made(205, said(5, "my"), "my")])
    assert foreign(dense, 105)[0] == 205


def test_a_vector_of_another_width_is_left_out() -> None:
    dense = archive_of("en", "my")
    assert dense.add_batch([made(500, b"\x01\x02", "my"), made(501, bytes(WIDTH), "my")]) == 0
    assert dense.query_article(500) is None


def test_a_languages_second_batch_finds_as_its_first_did() -> None:
    at_once, one_by_one = archive_of("en", "my", "fi"), DenseIndex("m", TUNED)
    for place, language in enumerate(("en", "my", "fi"), start=1):
        for subject in range(40):
            one_by_one.add_batch([made(100 * place + subject, said(subject, language), language)])
    for article in (101, 217, 339):
        assert foreign(one_by_one, article) == foreign(at_once, article)


def test_words_from_outside_are_compared_from_the_corner_that_they_lie_in() -> None:
    dense = DenseIndex("m", reads=lambda text: said(int(text), "my"))
    assert dense.query_text("7") is None  # nothing to compare with
    dense.add_batch(
        made(100 * place + subject, said(subject, language), language)
        for place, language in enumerate(("en", "my"), start=1)
        for subject in range(40)
    )
    sense = dense.query_text("7")
    assert sense is not None
    assert [one.article_id for one in sense.find_foreign()] == [107]


def test_words_that_could_not_be_read_in_time_are_compared_with_nothing() -> None:
    dense = DenseIndex("m", reads=lambda _text: b"")
    dense.add_batch([made(1, said(1))])
    assert dense.query_text("anything") is None
    assert archive_of("en").query_text("anything") is None


def test_an_article_without_a_vector_stands_between_its_neighbours() -> None:
    dense = archive_of("en")
    sense = dense.query_article(101)
    assert sense is not None
    nearest, unknown, other = sense.rank_bonus(np.array([101, 777, 102])).tolist()
    assert nearest == pytest.approx(TUNED.share, abs=0.01)
    assert unknown == pytest.approx((nearest + other) / 2)
    assert sense.rank_bonus(np.array([777, 778])).tolist() == [0.0, 0.0]


@given(st.lists(st.integers(0, 39), max_size=20))
def test_the_model_never_takes_from_what_words_gave(subjects: Sequence[int]) -> None:
    sense = SMALL.query_article(101)
    assert sense is not None
    added = sense.rank_bonus(np.array([100 + subject for subject in subjects], np.int64))
    assert ((added >= 0) & (added <= TUNED.share + 0.01)).all()


SMALL = archive_of("en", "my")


def test_where_the_model_is_weaker_than_words_it_counts_less() -> None:
    dense = DenseIndex("m")
    dense.add_batch([made(1, said(1), "en"), made(2, said(1, "my"), "km"), made(3, said(2, "my"), "km")])
    assert dense.share_for_language(1) == TUNED.share
    assert dense.share_for_language(2) == TUNED.weaker_share < TUNED.share


@given(st.integers(1, 200), st.integers(1, 300), st.integers(1, 20))
def test_the_nearest_by_signs_are_those_with_the_fewest_that_differ(
    width: int, rows: int, wanted: int
) -> None:
    table = np.random.default_rng(width * rows).normal(size=(rows, width)).astype(np.float32)
    signs = SignBits(width)
    signs.extend(table[: rows // 2])
    signs.extend(table[rows // 2 :])
    differ = ((table > 0) != (table[0] > 0)).sum(axis=1)
    found = signs.nearest_slots(table[0], np.arange(rows), wanted)
    assert sorted(differ[found]) == sorted(differ)[:wanted]


# In the index


def index_with(db: Database, *vectors: tuple[int, bytes, str]) -> Index:
    index = Index(dense=DenseIndex("m"))
    db.run_sync(
        embeddings.save_embeddings, [made(number, vector, language) for number, vector, language in vectors]
    )
    db.read_sync(index.catch_up)
    return index


def test_without_vectors_the_answer_is_the_one_that_words_give(db: Database) -> None:
    ids = keep(db, *RIVER, *QUAKE, *OTHERS)
    plain, dense = Index(), Index(dense=DenseIndex("m"))
    db.read_sync(plain.catch_up)
    db.read_sync(dense.catch_up)
    for number in ids:
        assert dense.find_related(number, 20) == plain.find_related(number, 20)


def test_the_model_orders_what_words_found_and_adds_nothing_of_the_same_language(db: Database) -> None:
    ids = keep(db, *RIVER, *QUAKE, *OTHERS)
    plain = Index()
    db.read_sync(plain.catch_up)
    found = related(plain, ids[0])
    assert len(found) >= 2
    last = found[-1]
    vectors = [(number, said(1 if number in (ids[0], last, ids[-1]) else number), "en") for number in ids]
    index = index_with(db, *vectors)
    assert related(index, ids[0])[0] == last
    assert set(related(index, ids[0])) == set(found)


def two_languages(db: Database) -> tuple[list[int], list[int], Index]:
    """The same stories in English and in (invented) Finnish, and other articles around them."""
    english = keep(db, *RIVER[:1], *QUAKE[:1], *OTHERS)
    finnish = keep(db, *(draft(f"Uutinen{number}", f"Tapaus{number}", language="fi") for number in range(7)))
    pairs = list(zip(english, finnish, strict=True))
    index = index_with(
        db,
        *((one, said(subject), "en") for subject, (one, _) in enumerate(pairs)),
        *((other, said(subject, "fi"), "fi") for subject, (_, other) in enumerate(pairs)),
    )
    return english, finnish, index


def test_a_story_is_found_in_the_other_language(db: Database) -> None:
    english, finnish, index = two_languages(db)
    for ours, theirs in zip(english, finnish, strict=True):
        assert theirs in related(index, ours)
        assert ours in related(index, theirs)


def test_a_withdrawn_article_of_another_language_is_not_shown(db: Database) -> None:
    english, finnish, index = two_languages(db)
    db.run_sync(articles.withdraw, finnish[0], NOON)
    db.read_sync(index.catch_up)
    assert finnish[0] not in related(index, english[0])


def test_a_page_of_answers_goes_on_where_the_one_before_ended(db: Database) -> None:
    english, _, index = two_languages(db)
    whole = [hit.article_id for hit in index.find_related(english[0], 20)]
    paged = [hit.article_id for at in range(len(whole)) for hit in index.find_related(english[0], 1, at)]
    assert paged == whole


def test_stories_are_put_together_by_words_alone(db: Database) -> None:
    english, finnish, index = two_languages(db)
    assert not set(finnish) & set(index.find_neighbourhood(english[0], 20).articles)
