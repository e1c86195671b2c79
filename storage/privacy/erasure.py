"""Erasure: removes from the disk what remains there of deleted rows.

SQLite keeps them in its write-ahead log until that is truncated, and in the gaps of its pages
(`storage.privacy.page_gaps`); everything else is overwritten by `secure_delete`. PostgreSQL keeps dead rows
and its own log for a time of its choosing; see `docs/operations.md`.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from storage.privacy.page_gaps import clear_gaps

#: PRAGMA user_version of a database with no remains from before `secure_delete` was set.
CLEAN_VERSION = 1
#: Seconds between two erasures at least, and how many times its own duration: a large file takes long, and
#: blocks writers.
MIN_INTERVAL, MIN_IDLE_RATIO = 1.0, 4
#: Milliseconds for which one attempt may block writers while it waits for a reader of an older snapshot.
BUSY_TIMEOUT_MS = 250
#: Attempts, and the seconds between them.
MAX_ATTEMPTS, RETRY_DELAY = 12, 0.25


class Erasure:
    """Erases the remains of deleted rows from the files of a SQLite database; does nothing on other ones."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        path = engine.url.database if engine.dialect.name == "sqlite" else None
        self._path = path if path and not path.startswith((":memory:", "file:")) else None
        self._file: int | None = None
        self._last_duration = 0.0
        self._thread = ThreadPoolExecutor(1, "newswire-erase")
        self._next_run: asyncio.Future[bool] | None = None  # not started yet: calls before its start share it
        self._run_lock = asyncio.Lock()
        self._last_start = float("-inf")
        self.is_needed = False  #: something was deleted since the last erasure

    @property
    def is_pending(self) -> bool:
        """Whether something that was deleted may still be in a file."""
        return self.is_needed or self._run_lock.locked()

    async def erase_pending(self) -> None:
        """Erase the remains of deleted rows, if there are any."""
        if self.is_needed:
            await self.erase()

    async def erase(self) -> bool:
        """Whether nothing that was deleted before the call is in any file of the database any more."""
        self.is_needed = True
        if self._next_run is None:
            self._next_run = asyncio.ensure_future(self._erase_next())
        return await asyncio.shield(self._next_run)

    async def _erase_next(self) -> bool:
        async with self._run_lock:
            await asyncio.sleep(
                max(
                    0.0,
                    self._last_start
                    + max(MIN_INTERVAL, MIN_IDLE_RATIO * self._last_duration)
                    - time.monotonic(),
                )
            )
            self._next_run, self.is_needed = (
                None,
                False,
            )  # a later caller may have deleted something since
            self._last_start = time.monotonic()
            erased = await self._try_erase()
            self.is_needed = self.is_needed or not erased
            return erased

    async def _try_erase(self) -> bool:
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                await asyncio.sleep(RETRY_DELAY)
            if await asyncio.get_running_loop().run_in_executor(self._thread, self.erase_sync):
                return True
        return False

    def erase_sync(self) -> bool:
        """One attempt in the calling thread; False if another connection reads an older state or writes."""
        return self._path is None or self._run_separately(self._erase_once)

    def erase_at_start(self) -> bool:
        """Erase what an earlier process left; False on failure.

        A file from before `secure_delete`, or whose ids were encrypted since, is rewritten once.
        """
        return self._path is None or self._run_separately(self._rewrite_and_erase)

    def _run_separately(self, work: Callable[[Any], bool]) -> bool:
        """Run `work` on a connection of its own, outside of any transaction."""
        connection = self._engine.raw_connection()
        try:
            cursor: Any = connection.cursor()
            try:
                return work(cursor)
            finally:
                cursor.close()
        except (sqlite3.Error, OSError):
            return False
        finally:
            connection.invalidate()  # its busy_timeout and its page cache are not for others
            connection.close()

    def _erase_once(self, cursor: Any) -> bool:
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy and self._clear_gaps(cursor)

    def _clear_gaps(self, cursor: Any) -> bool:
        """Clear gaps while nobody writes; the final write makes every connection reread its pages."""
        assert self._path is not None
        log, began = Path(f"{self._path}-wal"), time.monotonic()
        cursor.execute("BEGIN IMMEDIATE")
        if log.exists() and log.stat().st_size:  # somebody wrote in between
            cursor.execute("ROLLBACK")
            return False
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        [page_size] = cursor.execute("PRAGMA page_size").fetchone()
        clear_gaps(self._file, page_size)
        [version] = cursor.execute("PRAGMA user_version").fetchone()
        cursor.execute(f"PRAGMA user_version={version}")
        cursor.execute("COMMIT")
        self._last_duration = time.monotonic() - began
        return True

    def _rewrite_and_erase(self, cursor: Any) -> bool:
        [version] = cursor.execute("PRAGMA user_version").fetchone()
        if version < CLEAN_VERSION:
            cursor.execute("PRAGMA temp_store=FILE")  # the copy may be larger than the memory
            cursor.execute("VACUUM")
            cursor.execute(f"PRAGMA user_version={CLEAN_VERSION}")
        return self._erase_once(cursor)

    def stop(self) -> None:
        """Wait for the attempt under way."""
        self._thread.shutdown()

    def close(self) -> None:
        """Close the file. Only once no connection is open: POSIX drops their locks with it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
