"""Operators' commands: /status, /why, /retract."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage import articles, chats, feeds, job_runs
from storage.database import Connection, Database
from storage.records import ArticleState, ChatKind, ChatState
from tests.bot.newsroom import Newsroom
from tests.conftest import MovedClock


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    room = Newsroom(archive, clock)
    room.publish("Rice harvest begins", summary="Three weeks early.")
    return room


def trouble(connection: Connection, room: Newsroom) -> None:
    now = room.clock.now()
    feeds.register_urls(connection, ["https://news.example/feed", "https://two.example/<feed>"], now)
    [first, _] = feeds.list_all(connection)
    feeds.update_columns(connection, first.id, failures=3, last_error="answered <b>500</b>")
    chat = replace(chats.empty_chat(-1005, ChatKind.CHANNEL, now), title="Daily & Co")
    chats.upsert_chat(connection, chat)
    chats.update_columns(connection, -1005, state=ChatState.PAUSED, reason="the bot may not post there")
    run = job_runs.start_run(connection, "fetch", now - timedelta(minutes=2))
    job_runs.finish_run(connection, run, now, {}, error="")


async def test_status_shows_what_is_failing(room: Newsroom) -> None:
    room.db.run_sync(trouble, room)
    text = (await room.operator().types("/status")).text
    assert "Feeds: 2 of 2 active" in text
    assert "https://news.example/feed · active · 3 failed updates in a row; last success: never" in text
    assert "answered <b>500</b>" in text
    assert "Backlog: breaking 0, routine 0, digest 0" in text
    assert "Daily & Co · the bot may not post there" in text
    assert "fetch · 15:28 · done" in text


async def test_why_shows_an_articles_history(room: Newsroom) -> None:
    channel = room.box.add_channel("News")
    article = room.publish("Rice harvest ends")
    post = await room.post(article, channel.id)
    text = (await room.operator().types(f"/why {article.url}")).text
    assert text.startswith(
        "Rice harvest ends\nPublished November 23, 2026, 05:32\nFirst seen November 23, 2026, 15:30"
    )
    assert "No edition has decided on it yet." in text
    assert f"{channel.id} · settled · #{post} · November 23, 2026, 15:30" in text


async def test_why_takes_a_number_from_the_last_list_or_a_reply(room: Newsroom) -> None:
    operator = room.operator()
    listed = await operator.types("/latest")
    assert (await operator.types("/why 1")).text.startswith("Rice harvest begins")
    assert (await operator.types("/why", reply_to=listed.message.id)).text.startswith("Rice harvest begins")


@pytest.mark.parametrize("typed", ["/why", "/why rice harvest", "/retract", "/retract rice harvest"])
async def test_words_are_never_a_guess_at_an_article(room: Newsroom, typed: str) -> None:
    answer = await room.operator().types(typed)
    assert answer.text == "Which article? Put its link after the command, or reply to its post."
    assert room.changes == 0


async def test_retract_withdraws_stores_the_reason_and_wakes_the_publisher(room: Newsroom) -> None:
    operator = room.operator()
    await operator.types("/retract https://news.example/1 wrong photo & name")
    answer = await operator.presses("Withdraw")
    assert answer.text == "“Rice harvest begins” is withdrawn and is being removed from every chat."
    kept = room.db.read_sync(articles.get, 1)
    assert kept
    assert (kept.state, kept.withdrawn_because) == (ArticleState.WITHDRAWN, "wrong photo & name")
    assert room.changes == 1
    assert (await operator.types("/latest")).text == "There is no news yet."
    again = await operator.types("/retract https://news.example/1")
    assert again.text == "“Rice harvest begins” is already withdrawn."
    assert room.changes == 1
    assert "Withdrawn. wrong photo & name" in (await operator.types("/why https://news.example/1")).text


async def test_an_operator_in_a_group_is_an_ordinary_reader(room: Newsroom) -> None:
    operator = room.operator()
    group = room.box.add_supergroup("Talk", [operator.user_id])
    answer = await operator.in_chat(group.id).types("/retract@newswire_bot https://news.example/1")
    assert answer.text.startswith("I don't know /retract.")
    assert room.changes == 0


async def test_help_shows_operators_their_commands(room: Newsroom) -> None:
    assert "/retract https://… wrong photo" in (await room.operator().types("/help")).text
