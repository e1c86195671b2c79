"""Reads what a reader asks about, if it can at once: an answer never waits long for the model."""

import asyncio
import threading
from collections import OrderedDict

from jobs.embed.model import READ
from jobs.ingest.worker_pool import Children, Failed

#: Seconds that an answer waits for the vector of its question, as little as a reader notices.
PATIENCE = 0.03
#: Questions whose vectors are remembered, for the next page of the same answer.
REMEMBERED = 256
_MAKES = "jobs.embed.model:vectors"


class Asking:
    """The vectors of questions, made in a child. To be called from threads other than the event loop's."""

    def __init__(
        self,
        children: Children,
        loop: asyncio.AbstractEventLoop,
        *,
        makes: str = _MAKES,
        patience: float = PATIENCE,
    ) -> None:
        self._children = children
        self._loop = loop
        self._makes = makes
        self._patience = patience
        self._known: OrderedDict[str, bytes] = OrderedDict()
        self._free = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def __call__(self, text: str) -> bytes:
        """The vector of some words; nothing where another question is being read, or this one takes too long.

        What comes too late is remembered for the next time.
        """
        text = text[:READ]
        known = self._known.get(text)
        if known is not None:
            return known
        if self._loop.is_closed() or not self._free.acquire(blocking=False):
            return b""
        future = asyncio.run_coroutine_threadsafe(self._read(text), self._loop)
        try:
            return future.result(self._patience)
        except TimeoutError:
            return b""

    async def _read(self, text: str) -> bytes:
        try:
            answer = await self._children.call(self._makes, [text])
        finally:
            self._free.release()
        if isinstance(answer, Failed):
            return b""
        [vector] = answer
        self._known[text] = vector
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return bytes(vector)
