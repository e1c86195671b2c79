"""The semantic extra in a running house: there where newswire[semantic] is installed, else None."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jobs.clock import Clock
from jobs.embed.model import MODEL_VERSION, is_installed
from jobs.embed.query_vectors import QueryEmbedder
from jobs.ingest.worker_pool import WorkerPool
from storage.index.vectors.dense import DenseIndex

#: Seconds in which a child must have read a few articles, on a slow and busy machine too.
DEADLINE = 60.0


@dataclass(frozen=True, slots=True)
class SemanticExtra:
    """The vectors for the index, and the child that makes those of articles."""

    dense: DenseIndex
    worker_pool: WorkerPool


@asynccontextmanager
async def open_semantic_extra(clock: Clock) -> AsyncIterator[SemanticExtra | None]:
    """The extra's parts; its children, one for articles and one for questions, end with it."""
    if not is_installed():
        yield None
        return
    reading = WorkerPool(clock, most=1, deadline=DEADLINE)
    asked = WorkerPool(clock, most=1, deadline=DEADLINE)
    try:
        yield SemanticExtra(
            DenseIndex(MODEL_VERSION, reads=QueryEmbedder(asked, asyncio.get_running_loop())), reading
        )
    finally:
        await reading.close()
        await asked.close()
