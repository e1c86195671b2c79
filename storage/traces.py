"""Traces: what was deleted still stands in SQLite's write-ahead log until that is written back and cut off.

`secure_delete` overwrites what is deleted in the database file itself. PostgreSQL keeps dead rows and a log
of its own for as long as it likes; see `docs/operations.md`.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine

#: PRAGMA user_version of a database that holds nothing from before `secure_delete` was set.
SWEPT = 1
#: The log is cut off at most once in so many seconds, for all who wait.
EVERY = 1.0
#: One attempt may hold up writers for so many milliseconds, while a reader of an older state ends.
PATIENCE_MS = 250
#: Attempts, and the seconds between them.
ATTEMPTS, BETWEEN = 12, 0.25


class Traces:
    """Cuts off the write-ahead log of one SQLite database. On PostgreSQL there is nothing to do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._thread = ThreadPoolExecutor(1, "newswire-erase")
        self._coming: asyncio.Future[bool] | None = None  # not begun: whoever asks before it begins shares it
        self._turn = asyncio.Lock()
        self._last = float("-inf")
        self.left = False  #: something was deleted whose traces are still to be erased

    @property
    def pending(self) -> bool:
        """Whether something that was deleted may still be in a file."""
        return self.left or self._turn.locked()

    async def erase_left(self) -> None:
        """Erase what is left, if anything is."""
        if self.left:
            await self.erase()

    async def erase(self) -> bool:
        """Whether nothing that was deleted before the call is in any file of the database any more."""
        self.left = True
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._erase_next())
        return await asyncio.shield(self._coming)

    async def _erase_next(self) -> bool:
        async with self._turn:
            await asyncio.sleep(max(0.0, self._last + EVERY - time.monotonic()))
            self._coming, self.left = None, False  # who asks from now on may have deleted something since
            self._last = time.monotonic()
            erased = await self._attempts()
            self.left = self.left or not erased
            return erased

    async def _attempts(self) -> bool:
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(BETWEEN)
            if await asyncio.get_running_loop().run_in_executor(self._thread, self.erase_here):
                return True
        return False

    def erase_here(self) -> bool:
        """One attempt, in the calling thread; False if somebody still reads an older state, or writes."""
        return not self._sqlite or self._alone(_cut_log)

    def sweep_here(self) -> bool:
        """At a start: erase what an earlier process left. False if it could not be done.

        A file that is older than `secure_delete`, or whose readers were sealed anew, is written anew, once.
        """
        return not self._sqlite or self._alone(_sweep)

    def _alone(self, work: Callable[[Any], bool]) -> bool:
        """Do it on a connection of its own, outside of any transaction."""
        connection = self._engine.raw_connection()
        try:
            cursor: Any = connection.cursor()
            try:
                return work(cursor)
            finally:
                cursor.close()
        except sqlite3.Error:
            return False
        finally:
            connection.invalidate()  # its short patience is for this alone
            connection.close()

    def close(self) -> None:
        """Wait for the attempt under way."""
        self._thread.shutdown()


def _cut_log(cursor: Any) -> bool:
    cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
    busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() or (0,)
    return not busy


def _sweep(cursor: Any) -> bool:
    [version] = cursor.execute("PRAGMA user_version").fetchone()
    if version < SWEPT:
        cursor.execute("PRAGMA temp_store=FILE")  # the copy may be larger than the memory
        cursor.execute("VACUUM")
        cursor.execute(f"PRAGMA user_version={SWEPT}")
    return _cut_log(cursor)
