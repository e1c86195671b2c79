"""The semantic extra in a running house: there where newswire[semantic] is installed, else None."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jobs.clock import Clock
from jobs.embed.model import MODEL, installed
from jobs.embed.query_vectors import Asking
from jobs.ingest.worker_pool import Children
from storage.index.vectors.dense import Dense

#: Seconds in which a child must have read a few articles, on a slow and busy machine too.
DEADLINE = 60.0


@dataclass(frozen=True, slots=True)
class Semantic:
    """The vectors for the index, and the child that makes those of articles."""

    dense: Dense
    children: Children


@asynccontextmanager
async def semantic(clock: Clock) -> AsyncIterator[Semantic | None]:
    """The extra's parts; its children, one for articles and one for questions, end with it."""
    if not installed():
        yield None
        return
    reading = Children(clock, most=1, deadline=DEADLINE)
    asked = Children(clock, most=1, deadline=DEADLINE)
    try:
        yield Semantic(Dense(MODEL, reads=Asking(asked, asyncio.get_running_loop())), reading)
    finally:
        await reading.close()
        await asked.close()
