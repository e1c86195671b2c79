"""The endpoints for monitoring: /healthz, /readyz and /metrics."""

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from bot.web.health import health_routes
from bot.web.server import start_server
from storage import feeds
from storage.database import Database
from tests.conftest import MovedClock

WRONG: list[str] = []


@pytest.fixture
async def address(db: Database, clock: MovedClock) -> AsyncIterator[str]:
    WRONG.clear()
    runner = await start_server(("127.0.0.1", 0), [health_routes(db, clock, lambda: list(WRONG))])
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_an_idle_bot_is_alive_and_ready(address: str) -> None:
    assert await get(f"{address}/healthz") == (200, "alive\n")
    assert await get(f"{address}/readyz") == (200, '{"ready": true, "wrong": []}')


async def test_a_problem_of_the_bot_makes_it_unready(address: str) -> None:
    WRONG.append("Delivery has stopped.")
    status, body = await get(f"{address}/readyz")
    assert status == 503
    assert "Delivery has stopped." in body


async def test_the_metrics_count_feeds_by_state(db: Database, clock: MovedClock, address: str) -> None:
    db.run_sync(feeds.register_urls, ["https://news.example/feed"], clock.now())
    clock.move(timedelta(minutes=1).total_seconds())
    status, body = await get(f"{address}/metrics")
    assert status == 200
    assert 'newswire_feeds{state="active"} 1.0' in body
    assert 'newswire_deliveries_due{lane="breaking"} 0.0' in body
