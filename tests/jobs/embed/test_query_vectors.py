"""A question gets a vector where there is time for it, and never waits where there is none."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.embed.query_vectors import CACHE_SIZE, QueryEmbedder
from jobs.ingest.worker_pool import WorkerPool
from tests.conftest import MovedClock
from tests.jobs.embed import by_hand

BY_HAND = "tests.jobs.embed.by_hand:"
#: Seconds: longer than any child takes, so that no test depends on the machine.
PATIENT = 60.0


@pytest.fixture
async def children(clock: MovedClock) -> AsyncIterator[WorkerPool]:
    some = WorkerPool(clock, most=1)
    yield some
    await some.close()


def asking(children: WorkerPool, makes: str, patience: float = PATIENT) -> QueryEmbedder:
    return QueryEmbedder(
        children, asyncio.get_running_loop(), embed_function=BY_HAND + makes, timeout=patience
    )


async def test_a_question_has_its_vector(children: WorkerPool) -> None:
    assert await asyncio.to_thread(asking(children, "vectors"), "a flood") == by_hand.vector("a flood")


async def test_a_question_that_breaks_the_model_has_none_and_the_next_one_has(children: WorkerPool) -> None:
    ask = asking(children, "fragile")
    assert await asyncio.to_thread(ask, "it kills") == b""
    assert await asyncio.to_thread(ask, "a flood") == by_hand.vector("a flood")


async def test_a_question_that_takes_too_long_is_answered_without_and_known_the_next_time(
    children: WorkerPool, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    ask = asking(children, "waiting", patience=0.0)
    assert await asyncio.to_thread(ask, str(gate)) == b""
    assert await asyncio.to_thread(ask, "a flood") == b""  # the other one is still being read
    await asyncio.to_thread(gate.write_bytes, b"")  # returns when the model has opened its end
    while not (vector := await asyncio.to_thread(ask, str(gate))):
        await asyncio.to_thread(os.sched_yield)
    assert vector == by_hand.vector(str(gate))


async def test_only_the_newest_questions_are_remembered(children: WorkerPool) -> None:
    ask = asking(children, "vectors")
    for number in range(CACHE_SIZE + 3):
        assert await asyncio.to_thread(ask, f"flood {number}")
    assert len(ask) == CACHE_SIZE
