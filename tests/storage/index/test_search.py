"""Searching as readers type: words, phrases, what must not be there, sections, dates, and mistakes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.index import Index
from storage.index.source import ArticleForIndex
from storage.search import SearchPage, search_articles
from tests.storage.index.archive import NOON, draft, found, keep
from tests.storage.text.zawgyi_writer import to_zawgyi

BURMESE = "လန်းမတော်မြို့တွင် ရေကြီးမှုကြောင့် ကျောင်းများ ပိတ်ထားသည်"


@pytest.fixture
def index(db: Database) -> Index:
    keep(
        db,
        draft("Parliament debates harbour bill", "The river police spoke.", days=1, sections=("Politics",)),
        draft(
            "Harbour police find a boat", "The boat was adrift on the river.", days=40, sections=("Local",)
        ),
        draft(
            "River police harbour doubts", "Nobody saw the boat.", days=400, sections=("Politics", "Local")
        ),
        draft("Élections générales à Montréal", "Le café était fermé.", language="fr", days=2),
        draft("လန်းမတော်မြို့ ရေကြီး", BURMESE, language="my", days=3),
        draft("ရန်ကုန် ဈေး ၂၀၂၆", "ဈေးနှုန်း ၁၅ ရာခိုင်နှုန်း တက်သည်", language="my", days=3),
        draft("Lễ hội hoa tại Hà Nội", "Người dân Hà Nội xem hoa.", language="vi", days=4),
    )
    index = Index.open(None)
    db.read_sync(index.catch_up)
    return index


def page(db: Database, index: Index, typed: str, count: int = 5, offset: int = 0) -> SearchPage:
    return db.read_sync(search_articles, index, typed, count, offset)


def numbers(page: SearchPage) -> list[int]:
    return [match.article.id for match in page.matches]


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("parliament", [1]),
        ("debating bills", [1]),
        ("boat adrift", [2]),
        ("harbour -boat", [1]),
        ("section:local police", [2, 3]),
        ("police section:Politics -boat", [1]),
        ("police from:2026-11-01", [1]),
        ("police to:2025-12-31", [3]),
        ("police from:2026-10 to:2026-10", [2]),
        ("police from:2026-10-14 to:2026-10-14", [2]),
        ("elections montreal", [4]),
        ("cafe", [4]),
        ("CAFÉ", [4]),
        ("parlaiment", [1]),
        ("parlament", [1]),
        ("ha noi", [7]),
        ("ရေကြီးမှု", [5]),
        ("ကျောင်းများပိတ်", [5]),
        ("ရန်ကုန်ဈေး", [6]),
        ("2026", [6]),
        ("၂၀၂၆", [6]),
        ("２０２６", [6]),
        ("nowhere", []),
        ("section:nowhere", []),
    ],
)
def test_what_is_typed_finds_what_was_meant(index: Index, typed: str, ids: list[int]) -> None:
    assert sorted(found(index, typed)) == ids


def test_zawgyi_is_understood(index: Index) -> None:
    assert found(index, to_zawgyi("ရေကြီးမှုကြောင့် ကျောင်းများ")) == [5]


def test_a_phrase_stands_word_for_word(db: Database, index: Index) -> None:
    assert sorted(numbers(page(db, index, '"river police"'))) == [1, 3]
    assert numbers(page(db, index, '"harbour police"')) == [2]
    assert sorted(numbers(page(db, index, 'police -"river police"'))) == [2]
    assert page(db, index, '"police river"').total == 0


def test_a_phrase_may_have_little_words_among_articles_of_other_languages(db: Database, index: Index) -> None:
    assert numbers(page(db, index, '"was adrift on the river"')) == [2]
    assert numbers(page(db, index, '"le café était fermé"')) == [4]
    assert page(db, index, '"was on the boat"').total == 0


def test_an_unfinished_phrase_is_a_phrase(db: Database, index: Index) -> None:
    assert numbers(page(db, index, '"harbour police')) == [2]


def test_best_comes_first_and_by_date_the_newest(index: Index) -> None:
    assert found(index, "harbour boat")[0] == 2
    assert found(index, "police", order="date") == [1, 2, 3]


def test_pages_follow_each_other(db: Database, index: Index) -> None:
    whole = numbers(page(db, index, "police"))
    assert [numbers(page(db, index, "police", 1, at))[0] for at in range(3)] == whole
    assert page(db, index, "police", 1, 1).total == 3
    assert numbers(page(db, index, "police", 1, 3)) == []


def test_the_words_are_marked_in_their_place(db: Database, index: Index) -> None:
    [match] = page(db, index, "adrift boats").matches[:1]
    marked = [match.text.text[start:end] for start, end in match.text.marks]
    assert marked == ["boat", "adrift"]
    [match] = page(db, index, "parlaiment").matches
    assert [match.title.text[start:end] for start, end in match.title.marks] == ["Parliament"]
    [match] = page(db, index, "ကျောင်းများပိတ်").matches
    assert any("ကျောင်း" in match.text.text[start:end] for start, end in match.text.marks)


def test_filters_alone_answer_with_the_newest(index: Index) -> None:
    assert found(index, "section:local") == [2, 3]
    assert found(index, "from:2026-11-20")[0] == 1


OPERATORS = st.sampled_from(
    [
        "section:",
        "from:",
        "to:",
        "-",
        '"',
        "from:2026",
        "to:0000-99",
        "from:9999-12-31",
        "ရေ",
        "\u200b",
        "🙂",
        "\x00",
    ]
)
TYPED = st.lists(OPERATORS | st.text(max_size=40) | st.just(" "), max_size=30).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=TYPED, offset=st.integers(0, 50), order=st.sampled_from(["best", "date"]))
def test_whatever_is_typed_is_answered(
    db: Database, index: Index, typed: str, offset: int, order: str
) -> None:
    answer = db.read_sync(search_articles, index, typed, 3, offset, order=order, now=NOON)
    assert len(answer.matches) <= 3
    assert answer.total <= len(index)
    for match in answer.matches:
        for part in (match.title, match.text):
            assert all(0 <= start < end <= len(part.text) for start, end in part.marks)
    index.find_related_to_text(typed, 3, offset)


@given(title=st.text(max_size=200), body=st.text(max_size=2000))
def test_an_article_of_any_text_is_indexed_and_found(title: str, body: str) -> None:
    index = Index.open(None)
    both = (
        ArticleForIndex(number, number, title, body, "", (title,), NOON, None, False) for number in (1, 2)
    )
    assert index.add(both) == 2
    for hit in index.find_related(1, 5):
        assert hit.article_id == 2
        assert hit.score == pytest.approx(1.0)
