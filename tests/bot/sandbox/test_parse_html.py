"""parse_mode=HTML is parsed as Telegram does, with its errors."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.api_error import ApiError
from bot.sandbox.formatting.entities import Entity, format_text, utf16_length
from bot.sandbox.formatting.parse_html import parse_html


def marks(text: str) -> list[tuple[str, str]]:
    """(type, text) of each entity, as Telegram stores them."""
    kept = format_text(*parse_html(text))
    units = kept.plain.encode("utf-16-le")
    return [(e.type, units[2 * e.offset : 2 * e.end].decode("utf-16-le")) for e in kept.entities]


def reason(text: str) -> str:
    with pytest.raises(ApiError) as refusal:
        parse_html(text)
    assert refusal.value.status == 400
    return refusal.value.description.removeprefix("Bad Request: can't parse entities: ")


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("b", "bold"),
        ("strong", "bold"),
        ("i", "italic"),
        ("em", "italic"),
        ("s", "strikethrough"),
        ("strike", "strikethrough"),
        ("del", "strikethrough"),
        ("u", "underline"),
        ("ins", "underline"),
        ("tg-spoiler", "spoiler"),
        ("code", "code"),
        ("pre", "pre"),
        ("blockquote", "blockquote"),
    ],
)
def test_each_tag_that_telegram_knows_marks_its_words(tag: str, kind: str) -> None:
    assert marks(f"a <{tag}>word</{tag}> b") == [(kind, "word")]
    assert marks(f"a <{tag.upper()}>word</{tag}> b") == [(kind, "word")]


@pytest.mark.parametrize("tag", ["p", "br", "br/", "div", "h1", "ul", "img", "font", "script"])
def test_any_other_tag_is_refused_with_its_byte_offset(tag: str) -> None:
    assert reason(f"<{tag}>x") == f'Unsupported start tag "{tag}" at byte offset 0'


def test_offsets_in_refusals_are_bytes_not_characters() -> None:
    assert reason("မြန်မာ😀<br>") == f'Unsupported start tag "br" at byte offset {6 * 3 + 4}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("a <", "Unclosed start tag at byte offset 2"),
        ("<>x", 'Unsupported start tag "" at byte offset 0'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<i><b>x</i></b>", 'Unmatched end tag at byte offset 7, expected "</b>", found "</i>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b>x</b y>", "Unclosed end tag at byte offset 4"),
        ('<span class="red">x</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href=http://a.b>x</a>", "Unexpected end of name token at byte offset 8"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href=", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ("<a ", 'Empty attribute name in the tag "a" at byte offset 0'),
        ('<a ="x">y</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<b/>x", 'Unsupported start tag "b/" at byte offset 0'),
        ('<tg-emoji emoji-id="0">x</tg-emoji>', "Invalid custom emoji identifier specified"),
        (
            "&#xd83d;",
            "Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units",
        ),
    ],
)
def test_what_is_wrong_is_said_in_telegrams_words(text: str, expected: str) -> None:
    assert reason(text) == expected


def test_an_empty_end_tag_closes_anything() -> None:
    assert marks("<b>one</> <i>two</>") == [("bold", "one"), ("italic", "two")]


def test_tags_nest_and_are_cut_where_others_begin() -> None:
    assert marks("<b>one <i>two</i> three</b>") == [
        ("bold", "one "),
        ("bold", "two three"),
        ("italic", "two"),
    ]


def test_a_tag_around_nothing_marks_nothing() -> None:
    assert marks("a<b></b>b") == []


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("&lt;b&gt; &amp; &quot;", '<b> & "'),
        ("&lt &gt &amp &quot", '< > & "'),
        ("&#60;&#x3c;&#x3C", "<<<"),
        ("&#128512;", "😀"),
        ("&nbsp;&mdash;&apos;&hellip;", "&nbsp;&mdash;&apos;&hellip;"),
        ("&LT; &#X3C; &#0; &#; &#x; &;", "&LT; &#X3C; &#0; &#; &#x; &;"),
        ("&#99999999999; &#1114111;", "&#99999999999; &#1114111;"),
        ("Q&A, a && b", "Q&A, a && b"),
    ],
)
def test_only_four_named_references_and_the_numeric_ones_are_decoded(given_text: str, shown: str) -> None:
    assert parse_html(given_text)[0] == shown


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "mailto:a@example.org", "http://localhost/x", "x", "ftp://a.b", "a b.c", ""],
)
def test_a_link_with_an_unacceptable_address_loses_the_link_and_keeps_the_text(url: str) -> None:
    assert parse_html(f'see <a href="{url}">here</a>')[0] == "see here"
    assert marks(f'see <a href="{url}">here</a>') == []


def test_a_link_keeps_its_address_as_telegram_writes_it() -> None:
    _, entities = parse_html('<a href="HTTP://Example.ORG?a=1&amp;b=2">x</a>')
    assert entities == [Entity("text_link", 0, 1, url="http://example.org/?a=1&b=2")]


def test_a_link_without_an_address_takes_its_words_for_one() -> None:
    assert parse_html("<a>example.org/x</a>")[1][0].url == "http://example.org/x"


def test_a_link_to_a_user_is_a_mention() -> None:
    assert parse_html('<a href="tg://user?id=42">Aye</a>')[1] == [Entity("text_mention", 0, 3, user_id=42)]


def test_unknown_attributes_are_ignored() -> None:
    text = '<a target=_blank rel="x" data-y href="https://example.org/">x</a>'
    with pytest.raises(ApiError):
        parse_html(text)
    assert marks(text.replace("=_blank", "=blank")) == [("text_link", "x")]


def test_code_keeps_its_language_only_inside_pre() -> None:
    assert parse_html('<pre><code class="language-python">x</code></pre>')[1] == [
        Entity("pre", 0, 1, language="python")
    ]
    assert parse_html('<code class="language-python">x</code>')[1] == [Entity("code", 0, 1)]


def test_code_excludes_every_other_mark() -> None:
    assert marks("<code>a <b>b</b> c</code>") == [("code", "a b c")]
    assert marks("<b>a <code>b</code> c</b>") == [("bold", "a "), ("code", "b"), ("bold", " c")]


def test_blockquotes_do_not_nest() -> None:
    assert marks("<blockquote>a<blockquote>b</blockquote>c</blockquote>") == [("blockquote", "abc")]


def test_an_expandable_blockquote_is_its_own_kind() -> None:
    assert marks("<blockquote expandable>a</blockquote>") == [("expandable_blockquote", "a")]
    assert marks('<blockquote expandable="">a</blockquote>') == [("expandable_blockquote", "a")]


def test_offsets_of_entities_count_utf16_units() -> None:
    assert parse_html("😀<b>မြန်</b>")[1] == [Entity("bold", 2, 4)]


@given(st.text())
def test_any_text_parses_or_is_refused_and_offsets_lie_in_the_text(text: str) -> None:
    try:
        plain, entities = parse_html(text)
    except ApiError:
        return
    kept = format_text(plain, entities)
    for entity in kept.entities:
        assert 0 <= entity.offset < entity.end <= utf16_length(kept.plain)


TAGS = ["b", "i", "s", "code", "pre", "blockquote", "tg-spoiler"]
WORDS = ["word", " ", "\n", "😀", "မြန်မာ", "\u202e", "\r", "\t", "&lt;", "&", "#tag", "example.org"]
PIECES = st.lists(
    st.sampled_from(
        [f"<{tag}>" for tag in TAGS]
        + [f"</{tag}>" for tag in TAGS]
        + ['<a href="https://example.org/">', "</a>", "</>", *WORDS]
    ),
    max_size=25,
)


@given(PIECES)
def test_kept_entities_nest_properly_and_never_cut_a_character(pieces: list[str]) -> None:
    try:
        plain, entities = parse_html("".join(pieces))
    except ApiError:
        return
    kept = format_text(plain, entities)
    units = kept.plain.encode("utf-16-le")
    nested: list[Entity] = []
    for entity in kept.entities:
        units[2 * entity.offset : 2 * entity.end].decode("utf-16-le")
        while nested and nested[-1].end <= entity.offset:
            nested.pop()
        assert not nested or entity.end <= nested[-1].end
        nested.append(entity)
    solid = [e for e in kept.entities if e.type in ("code", "pre", "text_link")]
    assert all(first.end <= second.offset for first, second in pairwise(solid))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029")))
def test_an_escaped_text_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_html(escaped) == (text, [])


@given(PIECES)
def test_parsing_what_was_kept_changes_nothing_more(pieces: list[str]) -> None:
    try:
        kept = format_text(*parse_html("".join(pieces)))
    except ApiError:
        return
    assert format_text(kept.plain, kept.entities) == kept
