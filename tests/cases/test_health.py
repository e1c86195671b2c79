"""/readyz reports every failure, of the database too, as 503 with a sentence, never as 500."""

import asyncio
import json
import socket
import sqlite3
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.app.container import open_container
from bot.app.runtime import run_bot
from bot.config import Settings
from bot.sandbox.transport.in_process import InProcessRequest
from bot.web.health import health_routes
from bot.web.server import start_server
from jobs.clock import SystemClock
from storage.database import Database, StorageError
from tests.conftest import MovedClock
from tests.stories.house import world
from tests.stories.operator import free_port, get, newsroom, running
from tests.stories.test_newsroom_goes_live import feed, item

TABLES = ("feeds", "articles", "deliveries", "chats")


class Broken(Database):
    """A database whose reads raise `error`, if it is set."""

    error: BaseException | None = None

    async def read(self, *args: Any, **more: Any) -> Any:
        if self.error:
            raise self.error
        return await super().read(*args, **more)


@asynccontextmanager
async def monitored(
    db: Database, clock: MovedClock, silent_for: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[str]:
    runner = await start_server(("127.0.0.1", 0), [health_routes(db, clock, list, silent_for)])
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def ready(address: str) -> tuple[int, Any]:
    status, body = await get(f"{address}/readyz")
    return status, json.loads(body)


@pytest.mark.slow
async def test_r1_missing_tables_are_reported_until_they_are_back(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    async with newsroom(tmp_path) as room:
        room.site.says(feed(item(1, "The river rises")))
        async with running(tmp_path, "run", **room.settings(HTTP_ADDRESS=address)) as bot:
            await bot.until_it_says("feeds updated")
            assert await ready(f"http://{address}") == (200, {"ready": True, "wrong": []})
            with sqlite3.connect(tmp_path / "newswire.db", isolation_level=None) as other:
                other.execute("PRAGMA legacy_alter_table=ON")
                for table in TABLES:
                    other.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
                for _ in range(3):
                    status, body = await ready(f"http://{address}")
                    assert status == 503
                    assert body["ready"] is False
                    assert "The database cannot be read: no such table" in " ".join(body["wrong"])
                    status, said = await get(f"http://{address}/metrics")
                    assert (status, said.rstrip("\n") in body["wrong"]) == (503, True)
                    assert await get(f"http://{address}/healthz") == (200, "alive\n")
                for table in TABLES:
                    other.execute(f"ALTER TABLE {table}_away RENAME TO {table}")
            other.close()
            assert await ready(f"http://{address}") == (200, {"ready": True, "wrong": []})
            assert (await get(f"http://{address}/metrics"))[0] == 200
            room.site.says(feed(item(1, "The river rises"), item(2, "The bridge is closed")))
            await room.telegram.until_shown(room.telegram.channels[0], "The bridge is closed")
            assert len([line for line in bot.lines if "not ready" in line]) == 1
            assert len([line for line in bot.lines if "database read again" in line]) == 1
            assert not [line for line in bot.lines if "Traceback" in line]


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT", {}, Exception("disk I/O error")),
        StorageError("DATABASE_URL: it is gone."),
        OSError(28, "No space left on device"),
        ZeroDivisionError("division by zero"),
        MemoryError(),
    ],
)
async def test_r1_any_failure_is_a_503_with_a_sentence_and_one_log_record(
    db: Database, clock: MovedClock, error: BaseException
) -> None:
    broken = Broken(db.engine)
    async with monitored(broken, clock) as address:
        with capture_logs() as logged:
            for _ in range(2):
                broken.error = error
                for _ in range(3):
                    status, body = await ready(address)
                    assert (status, body["ready"], len(body["wrong"])) == (503, False, 1)
                    assert body["wrong"][0].startswith("The database cannot be read: ")
                    assert await get(f"{address}/metrics") == (503, body["wrong"][0] + "\n")
                broken.error = None
                assert await ready(address) == (200, {"ready": True, "wrong": []})
        assert [line["log_level"] for line in logged] == ["error", "info"] * 2
    broken.close()


async def test_r1_a_hung_database_is_reported_after_two_seconds_and_blocks_one_thread(
    db: Database, clock: MovedClock
) -> None:
    release, asked = threading.Event(), list[int]()

    class Hanging(Database):
        async def read(self, *args: Any, **more: Any) -> Any:
            asked.append(1)
            await asyncio.to_thread(release.wait)
            return await super().read(*args, **more)

    hanging = Hanging(db.engine)
    async with monitored(hanging, clock) as address:
        for _ in range(5):
            asking = asyncio.create_task(ready(address))
            while not asking.done():
                await clock.advance(0.5)
            wrong = {"ready": False, "wrong": ["The database has not answered for 2 s."]}
            assert await asking == (503, wrong)
        assert len(asked) == 1
        assert await get(f"{address}/healthz") == (200, "alive\n")
        release.set()
        while (await ready(address))[0] != 200:
            pass
    hanging.close()


async def test_r1_a_loop_without_a_heartbeat_is_dead_after_half_a_minute(
    db: Database, clock: MovedClock
) -> None:
    silence = 29.0
    async with monitored(db, clock, lambda: silence) as address:
        assert await get(f"{address}/healthz") == (200, "alive\n")
        silence = 31.0
        assert await get(f"{address}/healthz") == (503, "The event loop has been blocked for 31 s.\n")
        assert (await ready(address))[0] == 503


class Ahead(SystemClock):
    """The system clock, shifted by `ahead` seconds."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


async def test_r1_healthz_is_served_by_a_thread_while_the_loop_is_blocked(tmp_path: Path) -> None:
    clock, port, stop = Ahead(), free_port(), asyncio.Event()
    async with world() as around:
        around.site.says(feed())
        given: dict[str, Any] = {
            "telegram_bot_token": around.box.token,
            "channels": (around.channel.id,),
            "feed_urls": (around.site.url(),),
            "database_url": f"sqlite:///{tmp_path / 'newswire.db'}",
            "http_address": ("127.0.0.1", port),
        }
        async with open_container(
            Settings(**given), clock=clock, request=InProcessRequest(around.box)
        ) as house:
            living = asyncio.create_task(run_bot(house, stop))
            while not listens(port):  # noqa: ASYNC110 — until it listens
                await asyncio.sleep(0)
            with ThreadPoolExecutor(1) as elsewhere:

                def status_while_blocked() -> int:
                    """Return the status of /healthz while this event loop is blocked."""
                    return elsewhere.submit(status_of, f"http://127.0.0.1:{port}/healthz").result(30)

                assert status_while_blocked() == 200
                clock.ahead = 31.0
                assert status_while_blocked() == 503
                clock.ahead = 0.0
                assert status_while_blocked() == 200
            stop.set()
            await living


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
