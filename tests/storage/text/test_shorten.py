"""Text is shortened between characters and syllables, never inside one, whatever the limit counts."""

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from storage.index.snippets import make_snippet
from storage.text.segmentation import grapheme_ends, utf16_length
from storage.text.shorten import LengthUnit, cut_before, cut_positions, shorten_text

#: A syllable as the Unicode chart of Burmese describes it: stacked consonants, medials, vowels, tones, and
#: the consonants with an asat that close it.
SYLLABLE = regex.compile(
    "[က-အ](?:\u1039[က-အ])*[\u103b-\u103e]*[\u102b-\u1032\u1036-\u1038]*(?:[က-အ]\u1037?\u103a[\u1037\u1038]?)*"
)
SYLLABLES = ["မြန်", "မာ", "နိုင်", "ငံ", "ကမ္ဘာ", "ရန်", "ကုန်", "မြို့", "တွင်", "သည်း", "ကျောင်း", "စက္ကူ", "သတ္တ", "ခွဲ"]
CHARACTERS = ["a", "é", "e\u0301", "👩‍👩‍👧", "🇲🇲", "𝒳", "क्षि", "각", " ", ". ", "။ "]

unspaced = st.lists(st.sampled_from(SYLLABLES), min_size=10, max_size=60)
mixed = st.lists(st.sampled_from(SYLLABLES + CHARACTERS), max_size=80).map("".join)
units = st.sampled_from(LengthUnit)


def size(text: str, unit: LengthUnit) -> int:
    return utf16_length(text) if unit is LengthUnit.UTF16 else len(grapheme_ends(text))


@given(unspaced, st.integers(1, 80), units)
def test_no_burmese_syllable_is_halved_in_text_without_spaces(
    syllables: list[str], limit: int, unit: LengthUnit
) -> None:
    text = "".join(syllables)
    kept = shorten_text(text, limit, unit).removesuffix("…")
    boundaries = {0}
    for syllable in syllables:
        boundaries.add(max(boundaries) + len(syllable))
    assert text.startswith(kept)
    assert len(kept) in boundaries


@given(mixed, st.integers(1, 60), units)
def test_no_character_or_surrogate_pair_is_halved(text: str, limit: int, unit: LengthUnit) -> None:
    short = shorten_text(text, limit, unit)
    assert size(short, unit) <= limit
    short.encode("utf-16-le")
    if short != text:
        kept = short.removesuffix("…")
        assert text.startswith(kept)
        assert len(kept) in {0, *grapheme_ends(text)}


@given(st.text(), st.integers(-1, 60), units)
def test_any_text_fits_and_begins_as_it_did(text: str, limit: int, unit: LengthUnit) -> None:
    short = shorten_text(text, limit, unit)
    assert size(short, unit) <= max(limit, 0)
    assert short == text or text.startswith(short.removesuffix("…"))


@given(mixed, units)
def test_a_text_that_fits_is_left_as_it_is(text: str, unit: LengthUnit) -> None:
    assert shorten_text(text, size(text, unit), unit) == text


@given(unspaced, st.integers(0, 300))
def test_a_snippet_of_text_without_spaces_begins_and_ends_between_syllables(
    syllables: list[str], at: int
) -> None:
    text = "".join(syllables * 4)
    word = syllables[at % len(syllables)]
    shown = make_snippet(text, frozenset({word}), "my", 40).text.removeprefix("… ").removesuffix(" …")
    assert shown in text
    assert SYLLABLE.match(shown)
    assert unicodedata.category(shown[0])[0] != "M"
    assert "".join(SYLLABLE.findall(shown)) == shown


@given(mixed, st.integers(0, 100))
def test_the_place_to_cut_before_an_offset_is_one_of_the_places_to_cut(text: str, offset: int) -> None:
    assert cut_before(text, offset) in {0, *cut_positions(text), len(text)}
    assert cut_before(text, offset) <= offset


@pytest.mark.parametrize(
    ("limit", "short"),
    [(16, "The rain came. …"), (15, "The rain came.…"), (40, "The rain came. The river rose. …")],
)
def test_a_sentence_is_kept_whole_if_its_suffix_fits(limit: int, short: str) -> None:
    text = "The rain came. The river rose. The bridge held."
    assert shorten_text(text, limit, LengthUnit.UTF16, sentence_suffix=" …") == short


def test_a_limit_may_count_what_readers_count() -> None:
    family = "👩‍👩‍👧"
    assert shorten_text(family * 9, 4, LengthUnit.CHARACTERS) == family * 3 + "…"
    assert shorten_text(family * 9, 20, LengthUnit.UTF16) == family * 2 + "…"


def test_a_letter_under_a_mountain_of_marks_is_cut_quickly() -> None:
    assert shorten_text("a" + "\u0301" * 100_000, 300, LengthUnit.CHARACTERS) == "…"
