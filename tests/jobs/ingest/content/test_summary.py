"""A standfirst is a few whole sentences that say more than the headline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.content.summary import MAX_LENGTH, _shorten, first_sentence, make_standfirst
from storage.text.segmentation import grapheme_ends

HEADLINE = "Harbour opens again"
POSTED = "The post Harbour opens again appeared first on The Gazette."
CUT = [
    ("The ferries are back since dawn. Read more…", "The ferries are back since dawn."),
    ("The ferries are back. Continue reading Harbour opens again →", "The ferries are back."),
    (f"The ferries are back. {POSTED}", "The ferries are back."),
    (f"The ferries are back […] {POSTED}", "The ferries are back…"),
    ("La mer est calme. L’article Le port rouvre est apparu en premier sur La Gazette.", "La mer est calme."),
    ("The ferries are back | Read more »", "The ferries are back"),
    ("The ferries are back (Read more)", "The ferries are back"),
    ("The ferries are back.\n\nShare on Facebook | Tweet", "The ferries are back."),
    ("သင်္ဘောများ ပြန်ထွက်သည်။ ဆက်လက်ဖတ်ရှုရန်", "သင်္ဘောများ ပြန်ထွက်သည်။"),
    ("Harbour opens again\nThe ferries are back.", "The ferries are back."),
    ("Harbour  opens again", ""),
    ("Harbour opens again…", ""),
    ("Comments", ""),
    ("The ferries went out at dawn and nobody was hurt in the storm. Then it was [...]",
     "The ferries went out at dawn and nobody was hurt in the storm."),
    ("The ferries went out at […]", "The ferries went out at…"),
]  # fmt: skip
WHOLE = [
    "He wants to read more. She does too.",
    "More than 40 people were saved.",
    "It was published on Monday.",
    "The data came from one source: a leaked memo.",
    'He said: "Learn more about it"',
    "Everyone has a share. Prices share a trend.",
    "The post office appeared first in 1890.",
]


@pytest.mark.parametrize(("summary", "expected"), CUT)
def test_what_hangs_on_a_summary_is_cut_off(summary: str, expected: str) -> None:
    assert make_standfirst(summary, HEADLINE) == expected


@pytest.mark.parametrize("summary", WHOLE)
def test_sentences_with_the_same_words_stay_whole(summary: str) -> None:
    assert make_standfirst(summary, HEADLINE) == summary


def test_a_whole_article_gives_its_first_paragraphs() -> None:
    article = "YANGON\n\n" + "\n\n".join(
        f"Paragraph {n} is long enough to say something of its own." for n in range(40)
    )
    assert make_standfirst(article, HEADLINE).startswith("Paragraph 0 is long")
    assert len(make_standfirst(article, HEADLINE)) < MAX_LENGTH


def test_what_is_too_long_ends_with_a_sentence_or_else_a_word() -> None:
    sentences = "One sentence of some length stands here. " * 40
    assert (
        _shorten(sentences, 100)
        == "One sentence of some length stands here. One sentence of some length stands here."
    )
    assert _shorten("word " * 100, 52).endswith("word…")
    burmese = "သင်္ဘောများ ပြန်ထွက်ခဲ့သည်။ " * 30
    assert _shorten(burmese, 60).endswith("။")


def test_a_missing_headline_is_the_first_sentence() -> None:
    assert first_sentence("Only a body. Second sentence.") == "Only a body"
    assert first_sentence("") == ""


@given(st.text(alphabet="abမြန်မာ။. \u1031\u103b\u0301👨\u200d👩", max_size=300), st.integers(5, 60))
def test_nothing_is_ever_longer_than_asked_or_cut_inside_a_character(text: str, length: int) -> None:
    text = " ".join(text.split())
    short = _shorten(text, length)
    assert len(grapheme_ends(short)) <= length
    kept = short.removesuffix("…").rstrip()
    if short != text and kept:
        assert text.startswith(kept)
