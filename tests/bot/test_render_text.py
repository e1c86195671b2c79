"""Text is made plain, measured and cut by Telegram's rules and for human eyes."""

import re
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locale import unquote_text
from bot.render.links import render_link, safe_url
from bot.render.text import escape, shorten, to_plain_text, visible_length, visible_text
from bot.sandbox.formatting.entities import format_text
from bot.sandbox.formatting.parse_html import parse_html
from storage.text.segmentation import grapheme_ends, utf16_length

BURMESE = "ရန်ကုန်မြို့တွင် မိုးသည်းထန်စွာ ရွာသွန်းခဲ့သည်။ ကမ္ဘာ့ရာသီဥတု ပြောင်းလဲမှုကြောင့် ဖြစ်သည်။ "
TEXTS = (
    st.text() | st.text("ကခဂငစဆမန္်ြွှျါာိီုူေဲံ့း။၊ ") | st.text("<>&\"';#amp/b ") | st.text("👩‍👩‍👧🏴e\u0301\u200d ")
)


def test_spaces_of_every_kind_become_one_and_line_ends_go() -> None:
    assert to_plain_text("  Rice \n\t harvest\u2028begins\u3000early ") == "Rice harvest begins early"


def test_overrides_controls_and_hidden_letters_go_and_joiners_stay() -> None:
    assert to_plain_text("a\u202eb\u2066c\x00d\U000e0041e") == "abcde"
    assert to_plain_text("👩‍👩‍👧 ခ\u200bဂ") == "👩‍👩‍👧 ခ\u200bဂ"


def test_a_flag_spelled_in_tag_letters_stays() -> None:
    wales = "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
    assert to_plain_text(wales) == wales


def test_a_lone_surrogate_is_replaced() -> None:
    assert to_plain_text("a\ud800b") == "a\ufffdb"


def test_a_text_of_nothing_visible_is_empty() -> None:
    assert to_plain_text("\u200b\u2060 \u00a0\u202e") == ""


def test_an_accent_that_telegram_removes_survives_in_a_precomposed_letter() -> None:
    assert format_text(to_plain_text("A\u030angstro\u0308m")).plain == "Ångström"


@given(TEXTS)
def test_plain_text_stays_as_it_is_when_made_plain_again(text: str) -> None:
    assert to_plain_text(to_plain_text(text)) == to_plain_text(text)


@given(TEXTS)
def test_escaped_text_is_shown_as_it_was_written(text: str) -> None:
    seen, entities = parse_html(escape(to_plain_text(text)))
    assert (
        unquote_text(seen) == to_plain_text(text) == unquote_text(visible_text(escape(to_plain_text(text))))
    )
    assert entities == []


@given(TEXTS)
def test_plain_text_is_what_telegram_keeps_of_it(text: str) -> None:
    assert format_text(to_plain_text(text)).plain == to_plain_text(text).strip("\u00a0") or not to_plain_text(
        text
    ).strip("\u00a0")


@given(TEXTS, st.integers(0, 60))
def test_a_cut_text_fits_and_ends_between_characters(text: str, limit: int) -> None:
    cut = shorten(text, limit)
    assert utf16_length(cut) <= limit
    if cut != text and limit:
        kept = cut.removesuffix("…").rstrip()
        assert text.startswith(kept)
        assert cut.endswith("…")
        assert len(kept) in {0, *grapheme_ends(text)}


@given(st.text("ကခဂငစဆမန္်ြွှျါာိီုူေဲံ့း။၊ ", min_size=20), st.integers(4, 19))
def test_a_burmese_syllable_is_never_split(text: str, limit: int) -> None:
    kept = shorten(text, limit).removesuffix("…").rstrip()
    rest = text[len(kept) :]
    assert not kept or unicodedata.category(rest[0])[0] != "M"
    assert not kept.endswith("\u1039") or not rest[0].isalpha()  # a stacker before a space stacks nothing


def test_a_text_is_cut_after_its_last_whole_sentence() -> None:
    assert shorten(BURMESE * 2, 60) == "ရန်ကုန်မြို့တွင် မိုးသည်းထန်စွာ ရွာသွန်းခဲ့သည်။ …"
    assert shorten("The rain came. The river rose over its banks.", 30) == "The rain came. …"


def test_without_a_sentence_it_is_cut_at_a_pause() -> None:
    assert shorten("The river rose over its banks in the night", 29) == "The river rose over its…"


def test_a_stacked_consonant_stays_whole() -> None:
    assert [shorten("ကမ္ဘာကမ္ဘာ", limit) for limit in (3, 5, 6, 9)] == ["…", "…", "ကမ္ဘာ…", "ကမ္ဘာ…"]


def test_a_family_of_emoji_stays_whole() -> None:
    assert shorten("ab👩‍👩‍👧cd", 8) == "ab…"


def test_a_letter_with_a_thousand_marks_makes_cutting_neither_slow_nor_long() -> None:
    assert utf16_length(shorten("a" + "\u0301" * 100_000, 300)) <= 300


def test_length_counts_what_is_shown_in_utf16_units() -> None:
    assert visible_length(render_link(escape("<😀>"), "https://news.example/a?b=1&c=2")) == 4


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,hello",
        "file:///etc/passwd",
        "tg://resolve?domain=x",
        "https://bank.example@evil.example/",
        "https://",
        "https://[::1",
        "//news.example/a",
        "https://news.example\\@bank.example/",
        "https://evil.example\\.bank.example/",
        "https://bank.example\u202e/",
        "https://news.example/\nb",
        "https://news.example/" + "a" * 30_000,
        "",
    ],
)
def test_a_url_that_disguises_its_host_is_not_linked(url: str) -> None:
    assert safe_url(url) == ""
    assert render_link(escape("story"), url) == "story"


@pytest.mark.parametrize(
    "path",
    [
        "articles/ခန\u103a\u1037",
        "articles/cafe\u0301",
        "articles/\u212b-ridge",
        "می\u200cخواهم",
        "a b",
        "a\u00a0b\u3000c",
        "\u202egpj.exe",
        "q?w=%E1%80%81&x=%zz#ခ",
        "?#",
    ],
)
def test_a_url_is_sent_character_by_character(path: str) -> None:
    sent = safe_url(f"https://news.example/{path}")
    assert re.fullmatch("[!-~]+", sent)
    assert unquote(sent) == unquote(f"https://news.example/{path}")


@given(st.text())
def test_no_url_breaks_out_of_its_link(path: str) -> None:
    html = render_link(escape("story"), f"https://news.example/{path}")
    seen, entities = parse_html(html)
    assert seen == "story"
    assert all(entity.type == "text_link" for entity in entities)
