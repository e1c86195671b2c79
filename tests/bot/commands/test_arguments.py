"""Numbers, pages, links and sections are parsed as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.arguments import (
    find_section,
    first_link,
    fits_button,
    parse_number,
    section_handle,
    split_page,
)

SECTIONS = ["World news", "Business", "ကမ္ဘာ့သတင်း", "2026", "Arts & Culture", "World cup"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("၅", 5),
        ("٥", 5),
        ("-3", -3),
        ("+3", 3),
        ("", None),
        ("5a", None),
        ("9" * 7, None),
        ("½", None),
    ],
)
def test_numbers_are_read_in_any_digits(text: str, value: int | None) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize(
    ("words", "rest", "offset"),
    [
        ("5 world @10", "5 world", 10),
        ("@10", "", 10),
        ("world", "world", 0),
        ("me@10", "me@10", 0),
        ("@bbc", "@bbc", 0),
        ("x @9999", "x", 1000),
        ("@10 x", "@10 x", 0),
        ("", "", 0),
    ],
)
def test_the_page_is_read_from_the_end(words: str, rest: str, offset: int) -> None:
    assert split_page(words) == (rest, offset)


@pytest.mark.parametrize(
    ("words", "link"),
    [
        ("https://news.example/1", "https://news.example/1"),
        ("look: (https://news.example/1).", "https://news.example/1"),
        ("HTTPS://news.example/1", "HTTPS://news.example/1"),
        ("news.example/1", "https://news.example/1"),
        ("news.example", "https://news.example"),
        ("သတင်း https://news.example/၁။", "https://news.example/၁"),
        ("a sentence. Another", ""),
        ("javascript:alert(1)", ""),
        ("3.5", ""),
        ("", ""),
    ],
)
def test_a_link_is_found_as_it_is_written(words: str, link: str) -> None:
    assert first_link(words) == link


@pytest.mark.parametrize(
    ("wanted", "section"),
    [
        ("world news", "World news"),
        ("#World_news", "World news"),
        ("BUS", "Business"),
        ("ကမ္ဘာ့သတင်း", "ကမ္ဘာ့သတင်း"),
        ("ကမ္ဘာ့", "ကမ္ဘာ့သတင်း"),
        ("arts culture", "Arts & Culture"),
        ("2026", "2026"),
        ("world", None),  # two sections start like this
        ("moon", None),
        ("#", None),
        ("", None),
    ],
)
def test_a_section_is_found_by_name_hashtag_or_prefix(wanted: str, section: str | None) -> None:
    assert find_section(wanted, SECTIONS) == section


@given(st.lists(st.text(min_size=1), min_size=1, max_size=20, unique=True))
def test_a_handle_finds_its_own_section(sections: list[str]) -> None:
    for section in sections:
        found = find_section(section_handle(section), sections)
        assert found == section
        assert fits_button(f"latest 20 {section_handle(section)} @1000")
