"""`python -m benchmarks.related.readers`: ten readers at once over a large archive, with its database.

Each asks /related and /search in turn, as the bot does: one hop to a thread, the index, the articles' rows.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.related import material
from benchmarks.related.systems import WHEN
from storage import articles
from storage.articles import Draft
from storage.database import Connection, Database, open_database
from storage.index import Index
from storage.migrations import migrate
from storage.related import neighbours
from storage.search import search


async def ask(db: Database, index: Index, texts: list[material.Text], first: int, count: int) -> list[float]:
    """One reader's questions, and the milliseconds of each."""
    times = []
    for number in range(first, first + count):
        text = texts[number * 97 % len(texts)]
        start = time.perf_counter()
        if number % 2:
            await db.read(neighbours, index, number * 97 % len(texts) + 1, 6)
        else:
            await db.read(search, index, text.title or text.body[:60], 5)
        times.append((time.perf_counter() - start) * 1000)
    return times


def store(connection: Connection, texts: list[material.Text]) -> None:
    """Keep the texts as articles, in the order of their positions."""
    drafts = [
        Draft(url="", title=text.title, summary=text.body, language="en", published_at=WHEN) for text in texts
    ]
    for start in range(0, len(drafts), 1000):
        articles.add(connection, drafts[start : start + 1000], WHEN)


async def main() -> int:
    """Fill, ask, and print the times."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.related.readers", description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=10)
    asked = parser.parse_args()
    texts = [*material.ecb("Dev"), *material.ecb("Train")]
    texts += material.distractors(asked.size - len(texts))
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(f"sqlite:///{folder}/newswire.db")
        db.run_here(migrate)
        db.run_here(store, texts)
        index = Index.open(Path(folder) / "index")
        start = time.perf_counter()
        db.read_here(index.catch_up)
        print(f"{len(index):,} articles read into the index in {time.perf_counter() - start:.0f} s")
        readers = (ask(db, index, texts, 1000 * reader, 40) for reader in range(asked.readers))
        times = [value for found in await asyncio.gather(*readers) for value in found]
        print(
            "{} readers: p50 {:.1f} ms, p95 {:.1f} ms".format(asked.readers, *np.quantile(times, (0.5, 0.95)))
        )
        db.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
