"""Entities that Telegram detects in a text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.formatting.entities import utf16_length
from bot.sandbox.formatting.entity_detection import detect_entities


def found(text: str) -> list[tuple[str, str]]:
    units = text.encode("utf-16-le")
    return [(e.type, units[2 * e.offset : 2 * e.end].decode("utf-16-le")) for e in detect_entities(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/latest 5", [("bot_command", "/latest")]),
        ("/latest@newswire_bot x", [("bot_command", "/latest@newswire_bot")]),
        ("and/or 1/2 //x </b>", []),
        ("#World #2026 #a1 x#no ##", [("hashtag", "#World"), ("hashtag", "#a1")]),
        ("#one#two", []),
        ("#ข่าว", [("hashtag", "#ข")]),
        ("#မြန်မာ", [("hashtag", "#မ")]),
        ("@daily @ab a@daily", [("mention", "@daily")]),
        ("$USD $usd US$USD", [("cashtag", "$USD")]),
        ("write to desk@example.org.", [("email", "desk@example.org")]),
        ("example.org and example.nosuch", [("url", "example.org")]),
        ("https://example.nosuch/x", [("url", "https://example.nosuch/x")]),
        ("See https://example.org/a.", [("url", "https://example.org/a")]),
        ("(https://example.org/a_(b))", [("url", "https://example.org/a_(b)")]),
        ("http://127.0.0.1:8080/x#y", [("url", "http://127.0.0.1:8080/x#y")]),
        ("version 1.5, 3.14 and e.g. no", []),
        ("https://localhost/x", []),
        ("https://example.org/#tag", [("url", "https://example.org/#tag")]),
        ("😀 https://example.org/မြန်မာ x", [("url", "https://example.org/မြန်မာ")]),
    ],
)
def test_links_tags_mentions_and_commands_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@given(st.text(alphabet=st.sampled_from("a1.:/@#$ -_()[]\n?&=မြ😀xhtps")))
def test_whatever_is_found_lies_in_the_text_and_apart(text: str) -> None:
    spans = [(e.offset, e.end) for e in detect_entities(text)]
    assert spans == sorted(spans)
    assert all(begin < end <= utf16_length(text) for begin, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
