"""Embeds readers' questions, if that is fast: an answer never waits long for the model."""

import asyncio
import threading

from cachetools import FIFOCache

from jobs.embed.model import MAX_CHARACTERS
from jobs.ingest.worker_pool import CallFailed, WorkerPool

#: Seconds that an answer waits for the vector of its question: too few for a reader to notice.
VECTOR_TIMEOUT = 0.03
#: Vectors that are cached, for the next pages of an answer.
CACHE_SIZE = 256
_EMBED_FUNCTION = "jobs.embed.model:embed_texts"


class QueryEmbedder:
    """The vectors of questions, made in a child process. Called from threads, not from the event loop."""

    def __init__(
        self,
        workers: WorkerPool,
        loop: asyncio.AbstractEventLoop,
        *,
        embed_function: str = _EMBED_FUNCTION,
        timeout: float = VECTOR_TIMEOUT,
    ) -> None:
        self._worker_pool = workers
        self._loop = loop
        self._embed_function = embed_function
        self._timeout = timeout
        # not an LRUCache: other threads only read this one
        self._cache: FIFOCache[str, bytes] = FIFOCache(CACHE_SIZE)
        self._busy_lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._cache)

    def __call__(self, text: str) -> bytes:
        """The vector of a question; b"" if another one is being embedded, or if it takes too long.

        A vector that comes too late is cached for the next time.
        """
        text = text[:MAX_CHARACTERS]
        known = self._cache.get(text)
        if known is not None:
            return known
        if self._loop.is_closed() or not self._busy_lock.acquire(blocking=False):
            return b""
        future = asyncio.run_coroutine_threadsafe(self._embed_query(text), self._loop)
        try:
            return future.result(self._timeout)
        except TimeoutError:
            return b""

    async def _embed_query(self, text: str) -> bytes:
        try:
            answer = await self._worker_pool.call(self._embed_function, [text])
        finally:
            self._busy_lock.release()
        if isinstance(answer, CallFailed):
            return b""
        [vector] = answer
        self._cache[text] = vector
        return bytes(vector)
