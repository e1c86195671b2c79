"""The cost of a million owed deliveries: planned in slices while others write, then claimed and settled.

    python -m benchmarks.sending.million 1000000

Run in a separate process by `benchmarks.fanout`; prints its figures as JSON.
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from benchmarks.crash.bot import follow
from storage.database import Connection, Database, open_database
from storage.delivery import claims, deliveries
from storage.delivery.claims import RequestIntent
from storage.delivery.deliveries import DeliveryResult
from storage.delivery.fanout import fan_out_slice
from storage.delivery.planning import NewPost, add_post
from storage.migrations import migrate
from storage.records import DeliveryState, Lane, PostKind
from storage.reports import delivery_backlog

SETTLED_AT_ONCE, TIMES = 200, 50


def small_write(connection: Connection) -> None:
    connection.execute(text("UPDATE chats SET reason = '' WHERE id = 1"))


async def plan(database: Database, now: datetime) -> dict[str, float]:
    """Create the deliveries of a post; how long that takes, and how long other writes and the loop wait."""
    writes: list[float] = []
    stalls: list[float] = []
    done = asyncio.Event()

    async def others() -> None:
        while not done.is_set():
            began = time.perf_counter()
            await database.run(small_write)
            writes.append(time.perf_counter() - began)
            await asyncio.sleep(0.003)

    async def loop() -> None:
        while not done.is_set():
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            stalls.append(time.perf_counter() - began - 0.001)

    besides = [asyncio.create_task(others()), asyncio.create_task(loop())]
    began = time.perf_counter()
    while await database.run(fan_out_slice, now):
        pass
    elapsed = time.perf_counter() - began
    done.set()
    await asyncio.gather(*besides)
    writes.sort()
    return {
        "plan_seconds": elapsed,
        "write_p99": writes[int(len(writes) * 0.99)],
        "write_worst": writes[-1],
        "stall_worst": max(stalls),
    }


async def settle_some(database: Database, now: datetime) -> dict[str, float]:
    """Read, claim and settle deliveries while all others are owed; deliveries a second."""
    began = time.perf_counter()
    for _ in range(TIMES):
        dues = await database.read(claims.select_due, now, SETTLED_AT_ONCE)
        await database.run(
            claims.claim_deliveries, [RequestIntent(debt.delivery.id) for debt in dues.deliveries], now
        )
        settled = [
            DeliveryResult(
                delivery_id=debt.delivery.id, state=DeliveryState.SETTLED, shown_revision=1, message_id=5
            )
            for debt in dues.deliveries
        ]
        await database.run(deliveries.settle, settled, now)
    return {"settled_a_second": SETTLED_AT_ONCE * TIMES / (time.perf_counter() - began)}


async def measure(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="newswire-million-") as folder:
        database = open_database(f"sqlite:///{Path(folder)}/newswire.db")
        database.run_sync(migrate)
        database.run_sync(follow, range(1, count + 1))
        now = datetime.now(UTC)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        new = NewPost(kind=PostKind.NOTICE, lane=Lane.ROUTINE, not_before=now, followers=True)
        database.run_sync(add_post, new, now)
        planned = await plan(database, now)
        assert sum(database.read_sync(delivery_backlog, now).owed.values()) == count, (
            "not all of them are owed"
        )
        found = {"count": count, **planned, **await settle_some(database, now)}
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        database.close()
        return {**found, "memory_before": before / 1024, "memory_after": after / 1024}


def main() -> None:
    found = asyncio.run(measure(int(sys.argv[1])))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
