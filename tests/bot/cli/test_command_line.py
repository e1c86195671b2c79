"""The command line: help, errors of one sentence, and exit statuses that scripts can use."""

import json
from pathlib import Path

import click

from bot.cli import SUMMARIES
from bot.cli import newswire as group
from tests.bot.cli.conftest import Newswire

TOKEN = "123456789:AAEexampleexampleexampleexampleexam"


def test_the_list_of_commands_has_the_first_sentence_of_each_commands_help() -> None:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        assert command.help
        assert command.name == name
        assert command.help.splitlines()[0] == SUMMARIES[name]


async def test_help_mentions_the_sandbox_for_users_without_a_token(newswire_process: Newswire) -> None:
    said = await newswire_process("--help")
    assert said.status == 0
    assert "newswire sandbox" in said.out


async def test_wrong_settings_exit_with_status_2_and_one_sentence_each(newswire_process: Newswire) -> None:
    said = await newswire_process("run", FETCH_SCHEDULE="soon", TIMEZONE="Mars")
    assert said.status == 2
    assert [line.partition(":")[0] for line in said.err.splitlines()] == ["FETCH_SCHEDULE", "TIMEZONE"]
    assert said.out == ""


async def test_run_without_a_token_says_where_to_get_one(newswire: Newswire) -> None:
    said = await newswire("run", FEED_URLS="https://news.example/feed")
    assert said.status == 2
    assert said.err.startswith("TELEGRAM_BOT_TOKEN: it is not set; get a token from @BotFather.")


async def test_a_file_that_is_not_a_database_is_reported_and_left_unchanged(
    newswire_process: Newswire, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("These are my notes and no database at all.\n" * 50, encoding="utf-8")
    said = await newswire_process(
        "run",
        TELEGRAM_BOT_TOKEN=TOKEN,
        FEED_URLS="https://news.example/feed",
        DATABASE_URL=f"sqlite:///{file}",
    )
    assert (said.status, said.out) == (1, "")
    assert said.err == f"DATABASE_URL: cannot use {file}: file is not a database.\n"
    assert file.read_text(encoding="utf-8").startswith("These are my notes")


async def test_status_before_the_first_run_reports_that_there_is_no_database(
    newswire: Newswire, tmp_path: Path
) -> None:
    said = await newswire("status")
    assert said.status == 1
    assert said.err == "DATABASE_URL: there is no data/newswire.db yet; newswire run makes it.\n"
    assert not (tmp_path / "data").exists()


async def test_a_feed_that_may_not_be_fetched_is_reported_with_the_reason(newswire: Newswire) -> None:
    said = await newswire("fetch", "--json", FEED_URLS="http://127.0.0.1:9/feed")
    assert said.status == 1
    [row] = json.loads(said.out)["looks"]
    assert row["came"] == "failed"
    assert "PRIVATE_NETWORKS" in row["why"]


async def test_why_reports_that_an_article_was_never_seen(newswire: Newswire) -> None:
    await newswire("fetch", FEED_URLS="http://127.0.0.1:9/feed")
    said = await newswire("why", "https://news.example/1")
    assert said.status == 1
    assert said.err.startswith("https://news.example/1 was in no feed")


async def test_wrong_use_exits_with_status_2_and_a_hint(newswire: Newswire) -> None:
    said = await newswire("preview", "javascript:alert(1)")
    assert said.status == 2
    assert "expected an address that begins with https:// or http://" in said.err
