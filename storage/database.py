"""The database: runs each unit of work in one transaction.

A unit of work is a plain function whose first argument is the connection. `Database.run` uses one
thread hop and one transaction for it; nothing else in Newswire opens a connection.
"""

import asyncio
import fcntl
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, SQLAlchemyError

from storage.privacy import file_modes
from storage.privacy.encryption import ChatIdCipher, use_cipher
from storage.privacy.erasure import Erasure

P = ParamSpec("P")
T = TypeVar("T")

#: Readers at once beside the one writer; in WAL mode SQLite lets them run concurrently.
READER_THREADS = 4
#: Units of work that share a commit at most: others wait for the writer meanwhile.
MAX_SHARED_COMMIT = 8


class StorageError(Exception):
    """The database cannot be used; the message says why, in one sentence."""


class DatabaseBusy(StorageError):
    """Another process already works on this database file."""


class ReadersKeyError(StorageError):
    """The readers' key is missing or does not fit the database; the message says so, in one sentence."""


class Database:
    """One database, reached by `run` (one transaction that may write) and `read` (one that does not)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._writer = ThreadPoolExecutor(1 if self._sqlite else READER_THREADS, "newswire-write")
        self._readers = ThreadPoolExecutor(READER_THREADS, "newswire-read")
        self._serial_reader = ThreadPoolExecutor(1, "newswire-answer")
        self._lock_file: int | None = None
        self._shared_queue: deque[tuple[Future[Any], Callable[[Connection], Any]]] = deque()
        self.erasure = Erasure(engine)

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, ...)` in one transaction: all of it is committed, or nothing."""
        return await asyncio.get_running_loop().run_in_executor(
            self._writer, partial(self.run_sync, work, *args, **kwargs)
        )

    async def run_batched(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`run` for frequent small work: what is waiting for the writer shares one commit.

        No call returns before the shared commit. If one of them fails, each is run once more, alone.
        """
        future: Future[T] = Future()
        self._shared_queue.append((future, partial(_call_work, work, args, kwargs)))
        self._writer.submit(self._run_batch)
        return await asyncio.wrap_future(future)

    def _run_batch(self) -> None:
        """Run what is waiting in one transaction; often nothing, because an earlier call has run it."""
        some: list[tuple[Future[Any], Callable[[Connection], Any]]] = []
        while len(some) < MAX_SHARED_COMMIT:
            try:
                future, work = self._shared_queue.popleft()
            except IndexError:
                break
            if future.set_running_or_notify_cancel():
                some.append((future, work))
        if len(some) > 1:
            with suppress(Exception):  # running each alone shows which one fails
                answers = self.run_sync(_run_all, [work for _, work in some])
                for (future, _), answer in zip(some, answers, strict=True):
                    future.set_result(answer)
                return
        for future, work in some:
            self._run_alone(future, work)

    def _run_alone(self, future: Future[T], work: Callable[[Connection], T]) -> None:
        try:
            future.set_result(self.run_sync(work))
        except Exception as error:
            future.set_exception(error)

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, ...)`, which only reads, concurrently with the writer."""
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, partial(self.read_sync, work, *args, **kwargs)
        )

    async def read_serially(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`read` for queries that are bound by the CPU: one after the other, in order.

        In parallel they would only compete for the interpreter.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._serial_reader, partial(self.read_sync, work, *args, **kwargs)
        )

    def run_sync(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`run` in the calling thread, for the command line and tests."""
        with self.engine.connect().execution_options(newswire_writes=True) as connection, connection.begin():
            return work(connection, *args, **kwargs)

    def read_sync(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`read` in the calling thread."""
        with self.engine.connect() as connection, connection.begin():
            return work(connection, *args, **kwargs)

    def acquire_lock(self) -> None:
        """Make this process the only one that works on a SQLite file.

        Raises:
            DatabaseBusy: another process holds the lock. It ends with the process.
        """
        path = self.engine.url.database
        if not self._sqlite or not path or path == ":memory:" or self._lock_file is not None:
            return
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise DatabaseBusy(
                f"DATABASE_URL: another newswire already works on {path}; stop it first."
            ) from None
        self._lock_file = handle

    def close(self) -> None:
        """Wait for the work under way, then close all connections and release the lock."""
        self._writer.shutdown()
        self._readers.shutdown()
        self._serial_reader.shutdown()
        self.erasure.stop()
        self.engine.dispose()
        self.erasure.close()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None


def _call_work(
    work: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], connection: Connection
) -> T:
    return work(connection, *args, **kwargs)


def _run_all(connection: Connection, some: list[Callable[[Connection], Any]]) -> list[Any]:
    return [work(connection) for work in some]


def open_database(url: str, *, must_exist: bool = False, readers_key: bytes | None = None) -> Database:
    """The database at `url` (`sqlite:///file` or `postgresql://...`), reachable and really a database.

    With `readers_key` private chats' ids are encrypted; see `storage.readers_key.use_key`.

    Raises:
        StorageError: it cannot be opened, or `must_exist` and there is no such file.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        sqlite = parsed.get_backend_name() == "sqlite"
        if sqlite and parsed.database and not parsed.database.startswith((":memory:", "file:")):
            if must_exist and not Path(parsed.database).exists():
                raise StorageError(f"DATABASE_URL: there is no {parsed.database} yet; newswire run makes it.")
            _restrict_permissions(Path(parsed.database))
        pool = {} if sqlite else {"pool_size": 2 * READER_THREADS, "pool_pre_ping": True}
        engine = create_engine(parsed, hide_parameters=True, **pool)
        use_cipher(engine.dialect, ChatIdCipher(readers_key) if readers_key else None)
        if sqlite:
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master" if sqlite else "SELECT 1")
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise StorageError(
            f"DATABASE_URL: {first_error_line(error)}; sqlite:///path or postgresql://... is wanted."
        ) from error
    except OSError as error:
        raise StorageError(
            f"DATABASE_URL: cannot make {parsed.database} or its folder: {error.strerror}."
        ) from error
    except DatabaseError as error:
        shown = parsed.database if sqlite else parsed.render_as_string(hide_password=True)
        raise StorageError(f"DATABASE_URL: cannot use {shown}: {first_error_line(error)}.") from error
    return Database(engine)


def _restrict_permissions(path: Path) -> None:
    """Make the database, SQLite's files beside it and a new folder accessible to their owner only.

    Raises OSError.
    """
    file_modes.make_folder(path.parent)
    file_modes.make_private(path)
    for suffix in file_modes.SQLITE_SUFFIXES:
        file_modes.restrict_to_owner(path.with_name(path.name + suffix))


def first_error_line(error: BaseException) -> str:
    """The first line of what the database said, without its full stop."""
    cause = error.orig if isinstance(error, DatabaseError) and error.orig else error
    with suppress(IndexError):
        return str(cause).strip().splitlines()[0].rstrip(".")
    return type(cause).__name__


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Set WAL mode, and FULL: a commit before a send must survive a power cut, or the send is repeated."""
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, never by the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "cache_size=-4000",  # KB, for each connection: the system keeps the file in memory anyhow
        "secure_delete=ON",  # what is deleted is overwritten, in free pages, too
        "temp_store=MEMORY",  # what is sorted leaves no file
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at once, so that no transaction fails half-way because it cannot get it."""
    writes = connection.get_execution_options().get("newswire_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


__all__ = [
    "Connection",
    "Database",
    "DatabaseBusy",
    "ReadersKeyError",
    "SQLAlchemyError",
    "StorageError",
    "first_error_line",
    "open_database",
]
