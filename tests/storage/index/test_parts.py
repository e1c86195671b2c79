"""The index's parts, each by what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.index.analyzer import analyze_article, word_terms
from storage.index.arrays import GrowingArray, KeyMap
from storage.index.fuzzy import is_one_letter_off, letter_bits
from storage.index.postings import Segment, build_segment, merge_due_segments, merge_segments, posting_slices
from storage.index.query_parser import MAX_LENGTH, MAX_WORDS, parse_query
from storage.index.snippets import make_snippet
from storage.text.normalize import fold_text, normalize_text
from storage.text.tokenizers import burmese_syllables

KEYS = st.integers(0, 2**64 - 1)
POSTINGS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 255)), min_size=1, max_size=40)


@given(st.lists(KEYS, unique=True, max_size=60), st.lists(KEYS, max_size=10), st.integers(0, 60))
def test_a_key_map_answers_as_a_dict_does(keys: list[int], others: list[int], settled: int) -> None:
    known = {key: place for place, key in enumerate(keys)}
    found = KeyMap()
    for place, key in enumerate(keys):
        found.put(key, place)
        if place == settled:
            found.merge_recent()
    asked = keys + others
    assert found.get_many(asked).tolist() == [known.get(key, -1) for key in asked]
    assert [found.get(key) for key in asked] == [known.get(key, -1) for key in asked]
    found.remove(keys[:3])
    assert [found.get(key) for key in keys] == [-1] * len(keys[:3]) + list(known.values())[3:]


def test_a_key_that_moves_is_found_in_its_new_place() -> None:
    found = KeyMap()
    found.put(7, 1)
    found.merge_recent()
    found.put(7, 2)
    assert found.get(7) == found.get_many([7])[0] == 2
    found.merge_recent()
    assert found.get(7) == 2
    assert len(found) == 1


@given(st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=50), max_size=10))
def test_a_growing_array_holds_what_was_put_in(parts: list[list[int]]) -> None:
    growing = GrowingArray(np.int32)
    seen = []
    for part in parts:
        growing.extend(np.array(part, np.int32))
        seen += part
        assert growing.view.tolist() == seen


def made(first: int, articles: list[list[tuple[int, int]]]) -> Segment:
    rows = [
        (term, first + at, count) for at, terms in enumerate(articles) for term, count in dict(terms).items()
    ]
    terms = np.array([row[0] for row in rows], np.int32)
    return build_segment(terms, np.array([(row[1] << 8) | row[2] for row in rows], np.uint32))


def told(parts: tuple[Segment, ...]) -> dict[int, list[tuple[int, int]]]:
    """Every term's postings, as slots and counts."""
    answer: dict[int, list[tuple[int, int]]] = {}
    terms = np.arange(31, dtype=np.int32)
    for part, term in zip(*posting_slices(parts, terms), strict=True):
        answer.setdefault(term, []).extend((int(p) >> 8, int(p) & 255) for p in part)
    return answer


@given(st.lists(POSTINGS, min_size=1, max_size=6), st.lists(POSTINGS, min_size=1, max_size=6))
def test_merged_segments_tell_what_both_told(
    older: list[list[tuple[int, int]]], newer: list[list[tuple[int, int]]]
) -> None:
    first, second = made(0, older), made(len(older), newer)
    assert (
        told((merge_segments(first, second),))
        == told((first, second))
        == told(merge_due_segments((first, second)))
    )


@given(st.text(max_size=300))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold_text(normalize_text(text))
    assert fold_text(once) == once


@given(st.text(max_size=300), st.sampled_from(["", "en", "fr", "my", "vi", "th", "xx"]))
def test_terms_stand_in_the_text_and_say_something(text: str, language: str) -> None:
    tidied_text = normalize_text(text)
    for term in word_terms(tidied_text, language):
        assert 0 <= term.start <= term.end <= len(tidied_text)
        assert term.key
    analysed = analyze_article(text, text, language)
    assert all(count > 0 for count in analysed.words.values())
    assert analysed.words.keys() <= analysed.shown.keys()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cafés", "CAFES"),
        ("၁၂၃", "123"),
        ("Ｙａｎｇｏｎ", "yangon"),
        ("မြန်\u200bမာ", "မြန်မာ"),
        ("ဝန့်", "ဝန\u103a\u1037"),
        ("ёлка", "елка"),
        ("مُحَمَّد", "محمد"),
        ("Straße", "STRASSE"),
    ],
)
def test_spellings_that_mean_the_same_fold_to_the_same(one: str, other: str) -> None:
    assert fold_text(normalize_text(one)) == fold_text(normalize_text(other))


@pytest.mark.parametrize(
    ("run", "pieces"),
    [
        ("မြန်မာနိုင်ငံ", ["မြန်", "မာ", "နိုင်", "ငံ"]),
        ("ကျောင်းသား", ["ကျောင်း", "သား"]),
        ("တက္ကသိုလ်", ["တက္က", "သိုလ်"]),
        ("အင်္ဂလန်", ["အင်္ဂ", "လန်"]),
        ("ဝန်ကြီးချုပ်", ["ဝန်", "ကြီး", "ချုပ်"]),
    ],
)
def test_burmese_is_cut_into_syllables_and_never_inside_a_stack(run: str, pieces: list[str]) -> None:
    assert burmese_syllables(run) == pieces


@given(st.text("abcdefghij", min_size=5, max_size=12), st.integers(0, 11), st.sampled_from("xyz"))
def test_one_wrong_missing_extra_or_swapped_letter_is_one_letter_off(word: str, at: int, letter: str) -> None:
    at %= len(word) - 1
    wrong, missing = word[:at] + letter + word[at + 1 :], word[:at] + word[at + 1 :]
    extra, swapped = word[:at] + letter + word[at:], word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    for typed in (word, wrong, missing, extra, swapped):
        assert is_one_letter_off(typed, word)
        assert (letter_bits(typed) & ~letter_bits(word)).bit_count() <= 1
    assert not is_one_letter_off("xyz" + word, word)


def test_a_question_is_read_no_further_than_its_bounds() -> None:
    assert len(parse_query("ab " * 1000).words) <= MAX_WORDS
    assert sum(map(len, parse_query("a" * 5000).words)) <= MAX_LENGTH


@given(st.text(max_size=400), st.sets(st.sampled_from(["quake", "ရေ", "a", "the"])))
def test_a_snippet_marks_places_that_it_has(text: str, keys: set[str]) -> None:
    made_of = make_snippet(f"{text} quake ရေကြီး {text}", frozenset(keys), "en", 60)
    assert len(made_of.text) <= 60 + 80
    last = 0
    for start, end in made_of.marks:
        assert last <= start < end <= len(made_of.text)
        last = end
