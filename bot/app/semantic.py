"""Opens the semantic extra of the running bot, if newswire[semantic] is installed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jobs.clock import Clock
from jobs.embed.model import MODEL_VERSION, is_installed
from jobs.embed.query_vectors import QueryEmbedder
from jobs.ingest.worker_pool import WorkerPool
from storage.index.vectors.dense import DenseIndex

#: Seconds in which a worker must have embedded a few articles, even on a slow and busy machine.
DEADLINE = 60.0


@dataclass(frozen=True, slots=True)
class SemanticExtra:
    """The vectors of the index, and the worker that computes those of articles."""

    dense: DenseIndex
    worker_pool: WorkerPool


@asynccontextmanager
async def open_semantic_extra(clock: Clock) -> AsyncIterator[SemanticExtra | None]:
    """Open the extra, or None if it is not installed. Its workers, for articles and queries, end with it."""
    if not is_installed():
        yield None
        return
    article_worker = WorkerPool(clock, most=1, deadline=DEADLINE)
    query_worker = WorkerPool(clock, most=1, deadline=DEADLINE)
    try:
        query_embedder = QueryEmbedder(query_worker, asyncio.get_running_loop())
        yield SemanticExtra(DenseIndex(MODEL_VERSION, reads=query_embedder), article_worker)
    finally:
        await article_worker.close()
        await query_worker.close()
