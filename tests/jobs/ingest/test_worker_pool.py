"""A worker that hangs, exceeds its memory or dies is replaced, and the others go on."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from jobs.clock import SystemClock
from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from jobs.ingest.parse.parser import Parser
from jobs.ingest.worker_pool import CallFailed, WorkerPool
from tests.conftest import MovedClock
from tests.jobs.ingest.newsroom import rss, story

THIS = "tests.jobs.ingest.tasks"


@pytest.fixture
async def children() -> AsyncIterator[WorkerPool]:
    made = WorkerPool(SystemClock(), most=2, deadline=30)
    yield made
    await made.close()


async def test_a_child_answers_and_is_kept(children: WorkerPool) -> None:
    assert await children.call(f"{THIS}:double", 21) == 42
    [number] = children.worker_pids()
    assert await children.call(f"{THIS}:own_number") == number != os.getpid()


async def test_a_large_parent_makes_no_large_children(children: WorkerPool) -> None:
    ballast = bytearray(300_000_000)
    first = await children.call(f"{THIS}:own_number")
    assert await children.call(f"{THIS}:own_number") == first
    assert len(ballast) == 300_000_000


async def test_a_child_that_has_grown_is_replaced_after_its_answer(children: WorkerPool) -> None:
    before = await children.call(f"{THIS}:own_number")
    assert await children.call(f"{THIS}:keep", 180_000_000) == 180_000_000
    assert await children.call(f"{THIS}:own_number") != before


async def test_a_child_that_takes_too_long_is_killed_and_replaced(clock: MovedClock) -> None:
    children = WorkerPool(clock, most=1, deadline=8)
    running = asyncio.create_task(children.call(f"{THIS}:run_away"))
    while not children.worker_pids():
        await asyncio.to_thread(len, "")
    [lost] = children.worker_pids()
    await clock.advance(9)
    assert await running == CallFailed("it took longer than 8 s")
    assert lost not in children.worker_pids()
    with pytest.raises(ProcessLookupError):
        os.kill(lost, 0)
    assert await children.call(f"{THIS}:double", 1) == 2
    await children.close()


async def test_while_one_child_is_busy_another_answers(clock: MovedClock) -> None:
    children = WorkerPool(clock, most=2)
    running = asyncio.create_task(children.call(f"{THIS}:run_away"))
    assert await children.call(f"{THIS}:double", 2) == 4
    assert not running.done()
    await clock.advance(60)
    assert isinstance(await running, CallFailed)
    await children.close()


async def test_a_child_that_eats_its_memory_fails_and_the_next_is_whole(children: WorkerPool) -> None:
    found = await children.call(f"{THIS}:eat", 400_000_000)
    assert isinstance(found, CallFailed)
    assert "memory" in found.reason
    assert await children.call(f"{THIS}:double", 3) == 6


async def test_a_child_that_dies_or_raises_is_one_documents_failure(children: WorkerPool) -> None:
    died = await children.call(f"{THIS}:die")
    assert isinstance(died, CallFailed)
    raised = await children.call(f"{THIS}:raise_it", "a reason")
    assert isinstance(raised, CallFailed)
    assert "ValueError: a reason" in raised.reason
    assert await children.call(f"{THIS}:double", 4) == 8


async def test_what_a_child_prints_does_not_get_between_its_answers(children: WorkerPool) -> None:
    assert await children.call(f"{THIS}:chatter") == "quiet"


async def test_a_child_sees_no_secret_of_its_parent(children: WorkerPool) -> None:
    names = await children.call(f"{THIS}:environment")
    assert not isinstance(names, CallFailed)
    assert not [name for name in names if "TOKEN" in name or "DATABASE" in name or "PYTEST" in name]


async def test_a_call_given_up_leaves_no_child_behind(clock: MovedClock) -> None:
    children = WorkerPool(clock, most=1)
    running = asyncio.create_task(children.call(f"{THIS}:run_away"))
    while not children.worker_pids():
        await asyncio.to_thread(len, "")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert children.worker_pids() == []


async def test_feeds_are_read_in_children(children: WorkerPool) -> None:
    parser = Parser(children)
    await parser.warm_up()
    found = await parser.parse(rss(story(1)), "", "https://news.example/feed")
    assert isinstance(found, ParsedFeed)
    assert found.items[0].title == "Headline 1"
    assert await parser.parse(b"", "", "") == ParseFailed("The response is empty (0 bytes).")
