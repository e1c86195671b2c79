"""Every message in the code is in every catalog, with the same placeholders."""

import ast
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from bot.commands import COMMANDS
from bot.locale import (
    available_languages,
    best_language,
    clock_time,
    compact_time,
    localize_digits,
    translator_for,
)

BOT = Path(__file__).parents[2] / "bot"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
YANGON = ZoneInfo("Asia/Yangon")


def messages_of_the_code() -> Iterator[str]:
    """The message ids used anywhere in `bot`, also inside f-strings; plurals by their first form."""
    for path in BOT.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and _called(call.func) in ("say", "with_count") and call.args:
                said = call.args[0]
                if isinstance(said, ast.Constant) and isinstance(said.value, str):
                    yield said.value
    for command in COMMANDS:
        yield command.summary
        yield from (usage.meaning for usage in command.usage)


def _called(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def names(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", available_languages())
def test_every_message_is_in_every_catalog(language: str) -> None:
    wanted, there = set(messages_of_the_code()), set(translator_for(language).texts)
    assert (wanted - there, there - wanted) == (set(), set())
    assert len(wanted) > 60


@pytest.mark.parametrize("language", available_languages())
def test_a_translation_has_the_same_placeholders_and_is_not_fuzzy(language: str) -> None:
    path = BOT / "locale" / language / "LC_MESSAGES" / "newswire.po"
    with path.open("rb") as file:
        catalog = read_po(file)
    for message in catalog:
        if message.id:
            texts = [message.string] if isinstance(message.string, str) else [*(message.string or ())]
            assert not message.fuzzy
            assert texts
            assert all(texts)
            assert all(names(text) == names(_key(message.id)) for text in texts), message.id


def _key(message: str | Sequence[str]) -> str:
    return message if isinstance(message, str) else message[0]


def test_an_unknown_language_falls_back_to_english() -> None:
    assert translator_for("tlh").language == "en"
    assert translator_for("").language == "en"


def test_the_first_language_with_a_catalog_is_used() -> None:
    assert best_language("", "fr", "my-MM", "en") == "my"
    assert best_language("MY_mm") == "my"
    assert best_language("xx") == "en"


def test_plurals_follow_the_language() -> None:
    assert translator_for("en").with_count("{count} article", "{count} articles", 1) == "1 article"
    assert translator_for("en").with_count("{count} article", "{count} articles", 2) == "2 articles"
    assert translator_for("my").with_count("{count} article", "{count} articles", 2) == "သတင်း ၂ ပုဒ်"


def test_a_message_without_a_translation_is_in_english() -> None:
    assert translator_for("my")("Nobody translated {this} yet", this="line") == "Nobody translated line yet"


def test_times_are_the_newsrooms_and_digits_the_languages() -> None:
    assert clock_time(NOW, YANGON, "en") == "15:30"
    assert clock_time(NOW, YANGON, "my") == "၁၅:၃၀"
    assert localize_digits("2026", "my") == "၂၀၂၆"
    assert localize_digits("2026", "en") == "2026"


def test_the_day_is_the_newsrooms_day() -> None:
    late = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)  # midnight in Yangon
    assert compact_time(late, NOW, YANGON, "en") == "00:00"
    assert compact_time(late, NOW, ZoneInfo("UTC"), "en") == "November 22, 17:30"
    assert compact_time(late, NOW, ZoneInfo("UTC"), "my") == "နိုဝင်ဘာ ၂၂, ၁၇:၃၀"
