"""Words and sections of the settings, found in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.publish.keyword_match import find_term
from tests.jobs.publish.test_rules import story

QUAKE = "ရန်ကုန်မြို့တွင် ငလျင်လှုပ်ခတ်မှုကြောင့် လူသုံးဦး သေဆုံး"


@pytest.mark.parametrize(
    ("term", "title", "fits"),
    [
        ("flood", "Flood in the north", True),
        ("FLOOD", "A flood, again", True),
        ("flood", "Floods in the north", False),
        ("flood*", "Floods in the north", True),
        ("war", "A warm day", False),
        ("war", "Software grows", False),
        ("war", "The war: day 3", True),
        ("aung san suu kyi", "Aung San Suu Kyi speaks", True),
        ("covid-19", "Covid-19 returns", True),
        ("straße", "Neue STRASSE", True),
        ("é", "Café e\u0301 ouvert", True),
        ("выборы", "Выборы прошли", True),
        ("выбор", "Выборы прошли", False),
        ("ငလျင်", QUAKE, True),
        ("လူ", QUAKE, True),
        ("ကျား", QUAKE, False),
        ("地震", "四川省发生地震", True),
        ("ร้อน", "อากาศร้อนมาก", True),
        ("", "anything", False),
        ("*", "anything", False),
    ],
)
def test_a_term_is_found_as_whole_words(term: str, title: str, fits: bool) -> None:
    assert bool(find_term((term,), story(title=title, summary=""))) is fits


def test_a_term_may_be_a_sections_name_and_only_a_whole_one() -> None:
    news = story(title="x", summary="", sections=("World News", "ကမ္ဘာ"))
    assert find_term(("world news",), news) == "world news"
    assert find_term(("ကမ္ဘာ",), news) == "ကမ္ဘာ"
    assert find_term(("world",), news) == ""


def test_the_standfirst_counts_and_the_first_term_is_told() -> None:
    news = story(title="Rain", summary="The river rises.")
    assert find_term(("snow", "river", "rain"), news) == "river"


def test_half_a_burmese_syllable_is_no_word() -> None:
    assert find_term(("မြ",), story(title="မြို့", summary="")) == ""


@given(st.text(max_size=80), st.text(max_size=10))
def test_no_text_and_no_term_make_it_fail(title: str, term: str) -> None:
    assert find_term((term,), story(title=title)) in ("", term)


@given(st.lists(st.sampled_from(["river", "rises", "again", "ငလျင်", "north"]), min_size=1, max_size=6))
def test_every_word_of_a_spaced_headline_is_found(words: list[str]) -> None:
    news = story(title=" ".join(words), summary="")
    assert all(find_term((word,), news) for word in words)
