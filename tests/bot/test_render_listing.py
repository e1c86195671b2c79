"""A list of articles always fits into one message, whatever the headlines."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render import Html, ListLine, bold, escape, highlight_text, render_list
from bot.sandbox.formatting.entities import utf16_length
from bot.sandbox.formatting.parse_html import parse_html
from tests.bot.articles import NOW, article

YANGON = ZoneInfo("Asia/Yangon")
TITLE = bold(escape("Latest news"))


def listed(*lines: ListLine, language: str = "en") -> str:
    return render_list(TITLE, lines, language=language, timezone=YANGON, now=NOW)


def test_a_line_has_number_linked_headline_section_and_time() -> None:
    assert listed(ListLine(article()), ListLine(article(title="5 < 6", sections=()))) == (
        "<b>Latest news</b>\n\n"
        '1. <a href="https://news.example/rice-harvest">Rice harvest begins early</a>\n'
        "<i>World news · 13:40</i>\n\n"
        '2. <a href="https://news.example/rice-harvest">5 &lt; 6</a>\n<i>13:40</i>'
    )


def test_a_burmese_list_counts_in_burmese() -> None:
    assert "၁။ <a" in listed(ListLine(article()), language="my")


def test_a_snippet_stands_below_its_headline() -> None:
    line = ListLine(article(), highlight_text("the <early> rice", [(4, 11)]))
    assert "early</a>\nthe <b>&lt;early&gt;</b> rice\n<i>" in listed(line)


def test_articles_beyond_the_limit_are_counted() -> None:
    text = listed(*[ListLine(article(published_at=NOW - timedelta(days=400)))] * 43)
    assert text.count("<a ") == 40
    assert text.endswith("and 3 more articles")


def test_marks_stay_in_place_when_hidden_letters_go() -> None:
    assert highlight_text("a\u202eb rice c", [(4, 8)]) == "ab <b>rice</b> c"
    assert highlight_text("rice " * 20, [(at, at + 4) for at in range(0, 100, 5)]).count("<b>") == 8


@given(
    count=st.integers(1, 60),
    said=st.fixed_dictionaries(
        {
            "title": st.text(min_size=1, max_size=30).map(lambda text: text * 20),
            "url": st.integers(1, 2500).map(lambda size: "https://news.example/" + '&"' * (size // 2)),
            "sections": st.lists(st.text(max_size=60), max_size=2).map(tuple),
            "published_at": st.sampled_from([NOW, NOW - timedelta(days=3), NOW - timedelta(days=500)]),
        }
    ),
    language=st.sampled_from(["en", "my"]),
)
def test_any_list_fits(count: int, said: dict[str, Any], language: str) -> None:
    html = listed(*[ListLine(article(**said), Html("<b>rice</b> " * 3))] * count, language=language)
    text, _ = parse_html(html)
    assert utf16_length(text) <= 4096
    assert len(html.encode()) <= 32_768


@pytest.mark.parametrize("count", [1, 20, 40])
def test_every_line_says_something(count: int) -> None:
    lines = [ListLine(article(title="Rice harvest begins early in the delta"))] * count
    text, _ = parse_html(listed(*lines))
    assert text.count("Rice harvest begins") == count
