"""What the index does by a short cut comes out as it would the long way."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.index import Index, ranking
from storage.index.analyzer import find_places, word_terms
from storage.index.archive import Archive
from storage.index.postings import postings_of_slots
from storage.index.rerank import unique_terms
from storage.index.search import covering_slots
from storage.index.source import ArticleForIndex
from storage.index.weights import TUNED
from storage.text.normalize import normalize_text
from storage.text.tokenizers import SCRIPTS, pattern_runs, script_runs
from tests.storage.index.archive import NOON

WORDS = ("flood", "river", "dam", "rain", "town", "boat", "army", "school", "rice", "market", "road", "fire")


#: Letters that meet in words, numbers and syllables more often than by chance.
LETTERS = st.text("abIA019.,'_- ") | st.text(st.characters(max_codepoint=127))
PIECES = ("ကမ်း", "ခန့်", "ရေ", "กรุงเทพ", "น้ำท่วม", "水災", "東京", "flood", "crue", "23", "'s", " ", "။", "é")
MIXED = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text()


@given(LETTERS)
def test_ascii_is_cut_as_by_the_whole_table(text: str) -> None:
    assert script_runs(text) == pattern_runs(text)
    assert all(script is None or script is SCRIPTS[-1] for script, _, _ in script_runs(text))


@given(MIXED, st.sampled_from(["en", "my", "th", "ja", "vi", ""]), st.randoms(use_true_random=False))
def test_places_are_those_of_the_terms_with_the_keys(text: str, language: str, chance: random.Random) -> None:
    tidied = normalize_text(text)
    terms = list(word_terms(tidied, language))
    keys = frozenset(term.key for term in terms if chance.random() < 0.5)
    wanted = {(term.start, term.end) for term in terms if term.key in keys}
    assert set(find_places(keys, tidied, language)) == wanted


@given(st.integers(0, 5000), st.integers(1, 50), st.floats(0.1, 1), st.integers(0, 99))
def test_the_best_are_among_the_promising_whatever_age_takes(
    size: int, count: int, lasting: float, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    score = np.maximum(chance.normal(0, 1, size), 0)
    left = score * chance.uniform(lasting, 1, size)
    promising = ranking.possible_best(score, count, lasting)
    best = ranking.best_places(left, count)
    assert set(best.tolist()) <= set(promising.tolist())
    assert promising[ranking.best_places(left[promising], count)].tolist() == best.tolist()
    if size > 64 * 2 * count:
        assert len(promising) < np.count_nonzero(score) or lasting < 0.5


@given(st.lists(st.integers(0, 60), max_size=80))
def test_terms_are_united_as_numpy_does_it(terms: list[int]) -> None:
    first, place, holders = unique_terms(np.array(terms, np.int64))
    wanted = np.unique(terms, return_index=True, return_inverse=True, return_counts=True)
    assert [one.tolist() for one in (first, place, holders)] == [one.tolist() for one in wanted[1:]]


@given(st.sets(st.integers(0, 200), min_size=1), st.sets(st.integers(0, 200)))
def test_some_slots_are_found_in_a_long_list(held: set[int], wanted: set[int]) -> None:
    part = np.array([(slot << 8) | 3 for slot in sorted(held)], np.uint32)
    found = postings_of_slots(part, np.array(sorted(wanted), np.int64))
    assert (found >> np.uint32(8)).tolist() == sorted(held & wanted)


@pytest.fixture(scope="module")
def archive() -> Archive:
    """Articles of words from the usual to the rare, in several segments."""
    chance = random.Random(5)
    index = Index()
    for number in range(1, 301):
        said = [word for at, word in enumerate(WORDS) if chance.random() < 0.6 / (1 + at / 3)]
        index.add([ArticleForIndex(number, number, "", " ".join(said), "en", (), NOON, None, False)])
    return index.archive


@given(st.sets(st.sampled_from(WORDS), min_size=1), st.sets(st.integers(0, 299), max_size=200))
def test_no_article_with_enough_of_the_words_is_left_out(
    archive: Archive, words: set[str], hidden: set[int]
) -> None:
    field = archive.field_stats()[0]
    numbers = archive.vocabulary.find_terms(sorted({key for word in words for key in _keys(word)}))
    rare = ranking.inverse_frequency(field.document_counts[numbers], field.articles)
    order = np.argsort(-rare, kind="stable")
    numbers, rare = numbers[order], rare[order]
    may = np.ones(len(archive.documents), bool)
    may[sorted(hidden)] = False
    slots, covered, _ = covering_slots(archive, numbers, rare, may)
    everything = ranking.read_postings(archive.segments, numbers)
    had = ranking.sum_by_slot(len(may), (everything, rare[everything.term_places])) * may
    enough = (had >= TUNED.enough * had.max() - 1e-9) & (had > 0)
    assert slots.tolist() == np.flatnonzero(enough).tolist()
    assert covered == pytest.approx(had[enough])


def test_a_neighbourhood_tells_the_likeness_of_each_two(archive: Archive) -> None:
    index = Index()
    index.archive = archive
    found = index.find_neighbourhood(7, 10)
    assert found.articles[0] == 7
    assert np.allclose(found.alike, found.alike.T)
    assert np.allclose(np.diag(found.alike), 1)
    for at, one in enumerate(found.articles):
        for beside, other in enumerate(found.articles[:at]):
            evidence = index.explain_likeness(one, other)
            assert evidence is not None
            assert evidence.alike == pytest.approx(found.alike[at, beside])


def test_an_unknown_article_has_no_neighbourhood() -> None:
    found = Index().find_neighbourhood(7, 10)
    assert (found.articles, found.alike.tolist()) == ((7,), [[1.0]])


def _keys(word: str) -> list[str]:
    return [term.key for term in word_terms(word, "en")]
