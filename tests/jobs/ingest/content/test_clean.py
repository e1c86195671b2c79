"""HTML becomes the text that a reader sees, without hidden text, decoded once."""

import unicodedata
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.content.clean import (
    clean_line,
    clean_paragraphs,
    clean_title,
    fold_text,
    has_tags,
    html_to_text,
    sanitize_text,
)

SEEN = [
    ("5 < 6 & 7 > 2", "5 < 6 & 7 > 2"),
    ("5 &lt; 6 &amp; 7 &gt; 2", "5 < 6 & 7 > 2"),
    ("<b>Bold</b> &amp;amp; plain", "Bold &amp; plain"),
    ("AT&amp;T", "AT&T"),
    ("<script>alert(1)</script>Headline", "Headline"),
    ("<style>p{}</style><svg><text>x</text></svg>y", "y"),
    ("&lt;script&gt; is a tag", "<script> is a tag"),
    ("</b></a> closing", "closing"),
    ("<p>One</p>\n<p>Two<br/>three</p>", "One\n\nTwo\nthree"),
    ("<p>a</p>b<ul><li>c<li>d</ul>", "a\n\nb\n\nc\n\nd"),
    ("x &nbsp; y", "x y"),
    ("<!-- hidden --><p>Seen</p><!-- torn", "Seen"),
    ("<figure><img src=x><figcaption>AFP</figcaption></figure>Text", "Text"),
]


@pytest.mark.parametrize(("source", "text"), SEEN)
def test_html_is_read_as_a_reader_sees_it(source: str, text: str) -> None:
    assert html_to_text(source) == text


def test_a_plain_headline_stands_as_it_is_and_one_in_html_is_read() -> None:
    assert clean_title("<b> literally", False) == "<b> literally"
    assert clean_title("5 < 6 & 7 > 2", True) == "5 < 6 & 7 > 2"
    assert clean_title("  Two\n lines ", False) == "Two lines"
    assert has_tags("<i>Dune</i> returns")
    assert not has_tags("5 < 6 and 7 > 2")


def test_what_cannot_be_seen_is_taken_away_and_what_joins_letters_stays() -> None:
    assert sanitize_text("\u202eevil\u202c \u2066x\u2069 a\u00adb\x00\x1b") == "evil x ab"
    assert (
        sanitize_text("tag\U000e0041 \U0001f3f4\U000e0067\U000e0062\U000e007f")
        == "tag \U0001f3f4\U000e0067\U000e0062\U000e007f"
    )
    assert sanitize_text("👩\u200d👧 می\u200cخواهم") == "👩\u200d👧 می\u200cخواهم"
    assert sanitize_text("မြန်\u200bမာ lat\u200bin") == "မြန်\u200bမာ latin"
    assert sanitize_text("abc\u200f אבג\u200f") == "abc\u200f אבג\u200f"
    assert sanitize_text("abc\u200f") == "abc"
    assert len(sanitize_text("a" + "\u0300" * 500)) < 12
    assert sanitize_text("lost \ufffd letter") == "lost  letter"


def test_lines_and_paragraphs_keep_their_shape() -> None:
    assert clean_line(" a\u2028b\u00a0 c ") == "a b c"
    assert clean_paragraphs(" a \r\n\n\n\n b\t c\n") == "a\n\nb c"


def test_four_ways_to_write_one_burmese_headline_are_one() -> None:
    ways = ["ခွင့်ပြု သည်", "ခွင\u103a\u1037ပြု သည်", " ခွင့်\u200bပြု\u00a0သည်  ", "ခွင့်ပြု  သည်\n"]
    assert len({fold_text(way) for way in ways}) == 1


def test_a_thousand_open_tags_and_comments_cost_no_time() -> None:
    assert html_to_text("<div>" * 50_000 + "end").endswith("end")
    assert html_to_text("<!--" * 50_000) == ""
    assert html_to_text("&" * 100_000 + "<b>") != ""


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_plain_text_comes_through_html_and_back(text: str) -> None:
    assert html_to_text(f"<p>{escape(text)}</p>").split() == sanitize_text(text).split()


@given(st.text(alphabet=st.characters(), max_size=200))
def test_tidying_twice_is_tidying_once(text: str) -> None:
    once = sanitize_text(text)
    assert sanitize_text(once) == once
    assert unicodedata.is_normalized("NFC", once)


@given(st.text(alphabet="<>&;/!-=\"' abpscript\n\u1019\u200d", max_size=80))
def test_no_soup_of_tags_raises(source: str) -> None:
    assert fold_text(html_to_text(source)) == fold_text(html_to_text(source))
