"""A hashtag is made only if Telegram links all of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.hashtags import post_hashtags, section_hashtag


@pytest.mark.parametrize(
    ("section", "tag"),
    [
        ("World", "#World"),
        ("World news", "#World_news"),
        ("Arts & Culture", "#Arts_Culture"),
        ("Côte d’Ivoire", "#Côte_dIvoire"),
        ("U.S.", "#U_S"),
        ("Süd-Ost", "#Süd_Ost"),
        ("e\u0301cologie", "#écologie"),
        ("国际", "#国际"),
        ("اقتصادٌ", "#اقتصاد"),
        ("ක්‍රීඩා", "#ක්රීඩා"),
        ("2026", ""),  # no letter
        ("C++ 🎉", ""),  # an emoji ends it
        ("", ""),
        ("  — ", ""),
        ("မြန်မာ", ""),  # Telegram would link only the first letter
        ("ไทย", "#ไทย"),  # no marks above or below
        ("ข่าว", ""),
        ("x" * 49, ""),
    ],
)
def test_a_section_gets_the_hashtag_that_telegram_links_or_none(section: str, tag: str) -> None:
    assert section_hashtag(section) == tag


def test_sections_that_differ_in_case_make_one_hashtag() -> None:
    assert post_hashtags(["World", "WORLD", "Asia"]) == ("#World", "#Asia")


@given(st.lists(st.text(), max_size=50))
def test_hashtags_are_few_and_without_spaces(names: list[str]) -> None:
    line = " ".join(post_hashtags(names))
    assert len(line) <= 120
    assert all(tag.startswith("#") and " " not in tag for tag in post_hashtags(names))
