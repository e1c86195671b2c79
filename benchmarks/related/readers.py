"""Response times for ten readers at once over a large archive.

First the queries alone (a thread, the index, the articles' rows), each reader without a pause. Then through
`newswire run` in front of a fake Telegram, from a reader's message to its answer: each reader types /related
and /search once a second, which is Telegram's rate limit for a chat, first spread over the second and then
all ten at once. Run: `python -m benchmarks.related.readers`.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from rich.progress import Progress
from sqlalchemy import update

from benchmarks.related import material
from benchmarks.sending.newsroom import FIRST_READER, answer_times, fake_telegram_process, newsroom
from bot.app.interpreter import tune_interpreter
from storage import articles
from storage.articles import ArticleDraft
from storage.database import Connection, Database, open_database
from storage.index import Index
from storage.migrations import migrate
from storage.related import related_articles
from storage.schema import articles as articles_table
from storage.search import search_articles

#: Too old to be assigned to stories.
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
#: Queries of each reader.
QUESTIONS = 40
#: Seconds between two queries of a reader: a private chat gets one message a second.
PAUSE = 1.1


async def main() -> int:
    """Fill the archive, run the queries, and print the times."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.related.readers", description=__doc__)
    parser.add_argument("--size", type=int, default=100_000, help="articles in the archive")
    parser.add_argument("--readers", type=int, default=10)
    asked = parser.parse_args()
    texts = [*material.ecb("Dev"), *material.ecb("Train")]
    texts += material.distractors(asked.size - len(texts))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        db = open_database(f"sqlite:///{folder}/newswire.db")
        db.run_sync(migrate)
        db.run_sync(store, texts)
        index = Index.open(folder / "newswire.index")
        start = time.perf_counter()
        db.read_sync(index.catch_up)
        print(f"{len(index):,} articles added to the index in {time.perf_counter() - start:.0f} s")
        index.save()
        tune_interpreter()
        print_times("queries alone, without pauses", await alone(db, index, texts, asked.readers))
        db.close()
        del index
        for together, when in ((False, "one a second each"), (True, "the same, all at once")):
            with tempfile.TemporaryDirectory() as copy:  # the database of a bot that has not run yet
                shutil.copytree(folder, copy, dirs_exist_ok=True)
                times = await through_the_bot(Path(copy), texts, asked.readers, together=together)
            print_times(f"through the bot, {when}", times)
    return 0


def store(connection: Connection, texts: list[material.Text]) -> None:
    """Store the texts in order, as articles that were posted long ago."""
    drafts = [
        ArticleDraft(
            url=f"https://news.example/{number}",
            title=text.title or text.body[:60],
            summary=text.body,
            language="en",
            published_at=LONG_AGO,
        )
        for number, text in enumerate(texts, start=1)
    ]
    for start in range(0, len(drafts), 1000):
        articles.add(connection, drafts[start : start + 1000], LONG_AGO)
    settled = {"planned_at": LONG_AGO, "told": 1, "changed": articles_table.c.changed}
    connection.execute(update(articles_table).values(**settled))


def print_times(what: str, milliseconds: list[float]) -> None:
    middle, high, most = np.quantile(milliseconds, (0.5, 0.95, 1))
    print(f"{what}: p50 {middle:.1f}, p95 {high:.1f}, max {most:.1f} ms ({len(milliseconds)} queries)")


async def alone(db: Database, index: Index, texts: list[material.Text], readers: int) -> list[float]:
    """Milliseconds of each query, without the bot."""

    async def ask(reader: int) -> list[float]:
        times = []
        for turn in range(QUESTIONS):
            number = which(texts, reader, turn)
            start = time.perf_counter()
            if turn % 2:
                await db.read_serially(related_articles, index, number, 6)
            else:
                await db.read_serially(search_articles, index, words(texts, number), 5)
            times.append((time.perf_counter() - start) * 1000)
        return times

    return [value for times in await asyncio.gather(*map(ask, range(readers))) for value in times]


async def through_the_bot(
    folder: Path, texts: list[material.Text], readers: int, *, together: bool
) -> list[float]:
    """Milliseconds from each message to its answer. `together`: all readers at once, not over a second."""
    people = range(FIRST_READER, FIRST_READER + readers)
    settings = {"RATE_OVERALL": "1000/s", "ALLOW_PAID_BROADCAST": "yes", "FETCH_SCHEDULE": "5m"}
    async with (
        fake_telegram_process(readers, latency=0) as telegram,
        newsroom(folder, telegram, range(people.start, people.start), settings),
    ):

        async def ask(reader: int, bar: Callable[[], None]) -> None:
            await asyncio.sleep(0 if together else PAUSE * reader / readers)
            for turn in range(QUESTIONS):
                number = which(texts, reader, turn)
                question = f"/related id:{number}" if turn % 2 else f"/search {words(texts, number)}"
                said = telegram.post("do/say", user_id=people[reader], chat_id=people[reader], text=question)
                await asyncio.gather(said, asyncio.sleep(PAUSE))
                bar()

        with Progress(transient=True) as progress:
            task = progress.add_task("queries", total=readers * QUESTIONS)
            await asyncio.gather(*(ask(reader, partial(progress.advance, task)) for reader in range(readers)))
        times = await answer_times(telegram, people)
    if len(times) != readers * QUESTIONS:
        raise SystemExit(f"{readers * QUESTIONS - len(times)} queries were not answered in time")
    return [seconds * 1000 for seconds in times]


def which(texts: list[material.Text], reader: int, turn: int) -> int:
    """The article of a reader's query, a different one each time."""
    return (1000 * reader + turn) * 97 % len(texts) + 1


def words(texts: list[material.Text], number: int) -> str:
    """The words of a search for the article."""
    text = texts[number - 1]
    return (text.title or text.body[:60]).replace("\n", " ")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
