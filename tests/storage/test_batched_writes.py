"""Work that waits for the writer shares one commit, and none of it suffers for another's mistake."""

import asyncio
from datetime import UTC, datetime
from threading import Event, Lock

import pytest
from sqlalchemy import event, text

from storage import feeds
from storage.database import MAX_SHARED_COMMIT, Connection, Database

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def add(connection: Connection, name: str) -> int:
    feeds.register_urls(connection, [*(feed.url for feed in feeds.list_all(connection)), name], NOW)
    found = feeds.get_by_url(connection, name)
    assert found is not None
    return found.id


def broken(connection: Connection, name: str) -> int:
    add(connection, name)
    raise ValueError(f"{name} is broken")


def urls(db: Database) -> list[str]:
    return [feed.url for feed in db.read_sync(feeds.list_all)]


async def test_each_has_its_own_answer_and_all_of_it_is_kept(db: Database) -> None:
    names = [f"https://{number}.example/" for number in range(20)]
    numbers = await asyncio.gather(*(db.run_batched(add, name) for name in names))
    assert sorted(urls(db)) == sorted(names)
    assert len(set(numbers)) == 20


async def test_what_waits_together_is_committed_together(db: Database) -> None:
    commits = 0

    def count(_: object) -> None:
        nonlocal commits
        commits += 1

    held = Event()
    slow = [asyncio.ensure_future(db.run(lambda _: held.wait())) for _ in range(4)]  # every writer is busy
    some = [
        asyncio.ensure_future(db.run_batched(add, f"https://{n}.example/")) for n in range(MAX_SHARED_COMMIT)
    ]
    await asyncio.sleep(0)
    event.listen(db.engine, "commit", count)
    held.set()
    await asyncio.gather(*some, *slow)
    event.remove(db.engine, "commit", count)
    assert commits == 5  # the four that held the writer, and one for all the others
    assert len(urls(db)) == MAX_SHARED_COMMIT


async def test_one_that_breaks_is_undone_and_the_others_are_kept(db: Database) -> None:
    names = [f"https://{number}.example/" for number in range(5)]
    some = [db.run_batched(broken if number == 2 else add, name) for number, name in enumerate(names)]
    answers = await asyncio.gather(*some, return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, int, ValueError, int, int]
    assert sorted(urls(db)) == [name for name in names if "2" not in name]


async def test_what_nobody_waits_for_any_more_is_not_begun(db: Database) -> None:
    held = Event()
    slow = [asyncio.ensure_future(db.run(lambda _: held.wait())) for _ in range(4)]
    given_up = asyncio.ensure_future(db.run_batched(add, "https://given-up.example/"))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    held.set()
    await asyncio.gather(*slow)
    await db.run_batched(add, "https://kept.example/")
    assert urls(db) == ["https://kept.example/"]


async def test_questions_are_answered_one_after_the_other_as_they_came(db: Database) -> None:
    under_way = Lock()
    answered: list[int] = []

    def question(connection: Connection, number: int) -> None:
        assert under_way.acquire(blocking=False), "beside another"
        connection.execute(text("SELECT 1"))
        answered.append(number)
        under_way.release()

    await asyncio.gather(*(db.read_serially(question, number) for number in range(50)))
    assert answered == list(range(50))
