"""Shared by all tests: both databases, and a clock that the test moves."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sqlalchemy import Engine

from bot.telegram import use_timedeltas
from storage.database import Database, open_database
from storage.migrations import migrate
from storage.schema import metadata

#: THOROUGH=1 asks for more examples, more seeds and every file of the corpus: before a release, and at night.
THOROUGH = bool(os.environ.get("THOROUGH"))

use_timedeltas()

# No test depends on how fast the machine is.
hypothesis.settings.register_profile(
    "house",
    deadline=None,
    max_examples=300 if THOROUGH else 40,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("house")

STORAGE = Path(__file__).parent / "storage"
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


#: Deletes what the test before left: TRUNCATE makes new files for every table, which takes 30 times as long.
EMPTY_POSTGRES = f"""
DO $$ DECLARE used name; BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);  -- foreign keys are not checked
    {" ".join(f"DELETE FROM {table.name};" for table in metadata.sorted_tables)}
    FOR used IN SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL LOOP
        EXECUTE 'ALTER SEQUENCE ' || quote_ident(used) || ' RESTART';
    END LOOP;
END $$
"""


class MovedClock:
    """A clock that stands still until the test moves it with `advance`."""

    def __init__(self, now: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)) -> None:
        self.settle: Callable[[], Awaitable[None]] = (
            settle  #: `quiet` is quicker, for tests where everything happens on the loop
        )
        self._start = self._now = now
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + timedelta(seconds=seconds), woken))
        await woken

    def move(self, seconds: float) -> None:
        """Move time at once, for code that does not sleep."""
        self._now += timedelta(seconds=seconds)

    async def advance(self, seconds: float) -> None:
        """Move time, waking sleepers in their order and letting each run before the next."""
        goal = self._now + timedelta(seconds=seconds)
        while True:
            await self.settle()
            self._sleepers = [(at, woken) for at, woken in self._sleepers if not woken.done()]
            due = sorted((at, index) for index, (at, _) in enumerate(self._sleepers) if at <= goal)
            if not due:
                break
            at, index = due[0]
            self._now = max(self._now, at)
            self._sleepers.pop(index)[1].set_result(None)
        self._now = goal
        await self.settle()


async def settle(rounds: int = 20) -> None:
    """Let everything that can run without time passing run."""
    for _ in range(rounds):
        await asyncio.sleep(0)


async def quiet() -> None:
    """Let everything that can run without time passing run, where it needs no thread and no network."""
    loop: Any = asyncio.get_running_loop()
    await asyncio.sleep(0)
    while loop._ready:  # noqa: ASYNC110 — what waits for its turn; nothing public tells
        await asyncio.sleep(0)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Outside of tests/storage a test meets PostgreSQL with its first parameters; the others are slow."""
    met = set()
    for item in items:
        if item.get_closest_marker("postgres") and STORAGE not in item.path.parents:
            name = item.nodeid.partition("[")[0]
            if name in met:
                item.add_marker(pytest.mark.slow)
            met.add(name)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def seldom_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages of delivery that nothing wakes look every ten minutes, not twice a minute: for whole hours."""
    for stages in ("pipeline", "dispatcher", "reconcile"):
        monkeypatch.setattr(f"jobs.publish.{stages}.IDLE_DELAY", 600.0)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server of this test run's own, without a database name."""
    if POSTGRES is None:
        pytest.skip("PostgreSQL's initdb is not on this machine")
    folder = Path(tempfile.mkdtemp(prefix="newswire-pg-"))
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_postgres:
        shutil.chown(folder, "postgres")

    def run(*command: str) -> None:
        subprocess.run([*as_postgres, *command], check=True, capture_output=True, cwd=folder)

    run(f"{POSTGRES}/initdb", "-D", f"{folder}/db", "-A", "trust", "-U", "newswire", "--no-sync")
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": folder,
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "autovacuum": "off",
        "jit": "off",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    run(f"{POSTGRES}/pg_ctl", "-D", f"{folder}/db", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        yield f"postgresql://newswire@/{{name}}?host={folder}"
    finally:
        run(f"{POSTGRES}/pg_ctl", "-D", f"{folder}/db", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database, migrated once: each test works on a fresh copy."""
    path = tmp_path_factory.mktemp("migrated") / "newswire.db"
    database = open_database(f"sqlite:///{path}")
    database.run_sync(migrate)
    database.close()
    return path


# The engines live as long as the tests do, since each of them learns every statement anew.


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The engine of a SQLite file that every test finds empty."""
    return open_database(f"sqlite:///{tmp_path_factory.mktemp('database')}/newswire.db").engine


@pytest.fixture(scope="session")
def postgres_engine(postgres_server: str) -> Iterator[Engine]:
    """The engine of a migrated PostgreSQL database that every test finds empty."""
    database = open_database(postgres_server.format(name="postgres"))
    database.run_sync(migrate)
    yield database.engine
    database.close()


@pytest.fixture
def archive(sqlite_engine: Engine, migrated_file: Path) -> Iterator[Database]:
    """An empty, migrated SQLite database, for tests whose subject is not the database."""
    sqlite_engine.dispose()  # no connection to the file that goes
    path = Path(str(sqlite_engine.url.database))
    for old in path.parent.iterdir():
        old.unlink()
    shutil.copy(migrated_file, path)
    database = Database(sqlite_engine)
    yield database
    database.close()


@pytest.fixture
def postgres(postgres_engine: Engine) -> Iterator[Database]:
    """An empty, migrated PostgreSQL database."""
    with postgres_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(  # processes that died in the test before may still hold something
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.exec_driver_sql(EMPTY_POSTGRES)
    database = Database(postgres_engine)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def db(request: pytest.FixtureRequest) -> Database:
    """An empty, migrated database: the test runs once on SQLite and once on PostgreSQL."""
    database: Database = request.getfixturevalue("archive" if request.param == "sqlite" else "postgres")
    return database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])])
def db_of_hours(request: pytest.FixtureRequest) -> Database:
    """`db` for a test in which hours pass: on PostgreSQL only where all tests run."""
    database: Database = request.getfixturevalue("archive" if request.param == "sqlite" else "postgres")
    return database
