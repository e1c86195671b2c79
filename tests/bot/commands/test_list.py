"""The list of commands fits Telegram's limits, and the docs match it."""

import re

import pytest

from bot.commands import COMMANDS, find_command
from bot.commands.__main__ import PAGE
from bot.commands.docs import commands_page
from bot.locale import available_languages, translator_for


def test_the_docs_are_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == commands_page(), "run `python -m bot.commands`"


def test_names_are_valid_for_telegram_and_unique() -> None:
    names = [name for command in COMMANDS for name in command.names]
    assert all(re.fullmatch("[a-z0-9_]{1,32}", name) for name in names)
    assert len(set(names)) == len(names) <= 100


@pytest.mark.parametrize("language", available_languages())
def test_the_menu_fits_in_every_language(language: str) -> None:
    assert all(1 <= len(translator_for(language)(command.summary)) <= 256 for command in COMMANDS)


def test_every_example_starts_with_its_command() -> None:
    for command in COMMANDS:
        assert {usage.example.split()[0] for usage in command.usage} == set(command.names)


def test_a_command_is_found_in_any_case() -> None:
    found = find_command("LATEST")
    assert found
    assert found.name == "latest"
    assert find_command("nothing") is None
