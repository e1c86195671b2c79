"""A text is cleaned and trimmed and its entities are fixed as Telegram does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.formatting.entities import (
    Entity,
    FormattedText,
    add_detected,
    fix_entities,
    format_text,
    utf16_length,
)


def test_control_characters_and_tabs_become_spaces() -> None:
    assert format_text("a\tb\x00c\x1bd").plain == "a b c d"


def test_carriage_returns_and_direction_overrides_are_removed() -> None:
    assert format_text("a\r\nb\u2028c\u202ed").plain == "a\nbcd"


def test_marks_move_with_what_is_removed_before_them() -> None:
    assert format_text("😀\r\u202eab", [Entity("bold", 4, 2)]) == FormattedText(
        "😀ab", (Entity("bold", 2, 2),)
    )


def test_a_mark_around_what_is_removed_goes_with_it() -> None:
    assert format_text("a\r\rb", [Entity("bold", 1, 2)]) == FormattedText("ab", ())


def test_spaces_and_newlines_at_both_ends_are_trimmed() -> None:
    assert format_text(" \n a b \n\n").plain == "a b"


def test_marks_are_cut_with_the_trimmed_end() -> None:
    assert format_text("  ab \n", [Entity("bold", 2, 4)]) == FormattedText("ab", (Entity("bold", 0, 2),))


def test_blanks_at_the_beginning_stay_where_a_mark_covers_them() -> None:
    assert format_text(" ab", [Entity("bold", 0, 3)]).plain == " ab"


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "\u200b\u200d", "\u00a0", "\u3000 \u2003", "\ufeff", "\u2800"]
)
def test_a_text_of_nothing_but_blanks_is_empty(text: str) -> None:
    assert format_text(text, [Entity("bold", 0, len(text))]) == FormattedText()


def test_marks_of_one_kind_that_touch_become_one() -> None:
    assert fix_entities([Entity("bold", 0, 2), Entity("bold", 2, 3)]) == [Entity("bold", 0, 5)]


def test_of_two_links_that_cross_the_first_stays() -> None:
    first, second = Entity("text_link", 0, 4, url="a"), Entity("text_link", 2, 4, url="b")
    assert fix_entities([second, first]) == [first]


def test_what_telegram_finds_gives_way_to_what_was_given() -> None:
    text = FormattedText("example.org", (Entity("text_link", 0, 7, url="https://x.org/"),))
    assert add_detected(text, [Entity("url", 0, 11)]) == text


def test_bold_around_a_found_link_is_cut_at_the_link() -> None:
    text = FormattedText("see a.org now", (Entity("bold", 0, 13),))
    assert add_detected(text, [Entity("url", 4, 5)]).entities == (
        Entity("bold", 0, 4),
        Entity("url", 4, 5),
        Entity("bold", 4, 5),
        Entity("bold", 9, 4),
    )


KINDS = ["bold", "italic", "spoiler", "code", "pre", "text_link", "blockquote", "expandable_blockquote"]
ENTITIES = st.lists(
    st.builds(Entity, st.sampled_from(KINDS), st.integers(0, 12), st.integers(0, 12)), max_size=12
)


@given(st.text(min_size=24, alphabet="ab \n\r\t😀"), ENTITIES)
def test_any_entities_become_ones_that_fit_and_stay_so(plain: str, entities: list[Entity]) -> None:
    inside = [entity for entity in entities if entity.end <= len(plain)]
    units = plain.encode("utf-16-le")
    whole = [
        e
        for e in inside
        if not {0xDC} & {units[2 * place + 1] & 0xFC for place in (e.offset, e.end) if 2 * place < len(units)}
    ]
    kept = format_text(plain, whole)
    assert all(0 <= e.offset < e.end <= utf16_length(kept.plain) for e in kept.entities)
    assert format_text(kept.plain, kept.entities) == kept


@given(ENTITIES)
def test_no_kind_lies_on_itself_and_code_holds_nothing(entities: list[Entity]) -> None:
    kept = fix_entities(e for e in entities if e.length)
    for place, entity in enumerate(kept):
        for other in kept[place + 1 :]:
            overlap = other.offset < entity.end and entity.offset < other.end
            assert not (overlap and other.type == entity.type)
            assert not (overlap and entity.type in ("code", "pre") and other.type not in ("blockquote",))
