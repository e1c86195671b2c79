"""Every article is read by the model once, whatever happens on the way."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.embed.pipeline import BATCH_SIZE, Embedder
from jobs.ingest.worker_pool import WorkerPool
from storage import articles, embeddings
from storage.articles import ArticleDraft
from storage.database import Connection, Database
from storage.index import Index
from storage.index.vectors.dense import DenseIndex
from storage.records import Embedding
from tests.conftest import MovedClock
from tests.jobs.embed import by_hand

BY_HAND = "tests.jobs.embed.by_hand:"


@pytest.fixture
async def children(clock: MovedClock) -> AsyncIterator[WorkerPool]:
    some = WorkerPool(clock, most=1)
    yield some
    await some.close()


class Room:
    """A database and a model by hand."""

    def __init__(self, db: Database, children: WorkerPool, clock: MovedClock) -> None:
        self.db, self.children, self.clock = db, children, clock
        self.told = asyncio.Event()

    def embedder(self, makes: str = "vectors", model: str = "by hand") -> Embedder:
        return Embedder(
            self.db, self.children, self.clock, self.told.set, model=model, embed_function=BY_HAND + makes
        )

    def publish(self, *titles: str, language: str = "en") -> list[int]:
        drafts = [
            ArticleDraft(
                url=f"https://news.example/{title}",
                title=title,
                summary="",
                language=language,
                published_at=self.clock.now(),
            )
            for title in titles
        ]
        return self.db.run_sync(articles.add, drafts, self.clock.now())

    def kept(self) -> dict[int, bytes]:
        def read(connection: Connection) -> list[Embedding]:
            return [one for batch in embeddings.embeddings_since(connection, "by hand", 0) for one in batch]

        return {one.article_id: one.vector for one in self.db.read_sync(read)}


@pytest.fixture
def room(db: Database, children: WorkerPool, clock: MovedClock) -> Room:
    return Room(db, children, clock)


async def test_new_articles_get_a_vector_and_who_shows_them_is_told(room: Room) -> None:
    flood, quake = room.publish("A flood", "A quake")
    assert await room.embedder().embed_unread() == 2
    assert room.kept() == {flood: by_hand.vector("A flood"), quake: by_hand.vector("A quake")}
    assert room.told.is_set()


async def test_an_article_is_read_once(room: Room) -> None:
    room.publish("A flood")
    embedder = room.embedder()
    await embedder.embed_unread()
    assert await embedder.embed_unread() == 0
    assert room.children.worker_pids() != []
    assert await room.embedder().embed_unread() == 0  # nor by a later start


async def test_a_corrected_article_is_read_again(room: Room) -> None:
    [article] = room.publish("A flood")
    embedder = room.embedder()
    await embedder.embed_unread()
    now = room.clock.now()
    says = ArticleDraft(
        url="https://news.example/x", title="A quake", summary="", language="en", published_at=now
    )
    room.db.run_sync(articles.revise, article, says, ("title",), now)
    assert await embedder.embed_unread() == 1
    assert room.kept() == {article: by_hand.vector("A quake")}


async def test_an_article_that_says_the_same_is_not_read_again(room: Room) -> None:
    [article] = room.publish("A flood")
    await room.embedder().embed_unread()
    room.db.run_sync(articles.update_columns, article, planned_at=room.clock.now())
    assert await room.embedder("unusable").embed_unread() == 0
    assert room.db.read_sync(embeddings.articles_for_embedding, "by hand", 0, 1) == []


async def test_an_article_in_a_language_that_the_model_never_saw_costs_no_reading(room: Room) -> None:
    [article] = room.publish("A flood", language="bo")
    assert await room.embedder("unusable").embed_unread() == 1
    assert room.kept() == {article: b""}
    assert await room.embedder("unusable").embed_unread() == 0


async def test_a_text_that_breaks_or_kills_the_model_costs_only_its_own_vector(room: Room) -> None:
    titles = ("A flood", "It breaks the model", "A quake", "It kills the model", "A budget")
    flood, breaks, quake, kills, budget = room.publish(*titles)
    assert await room.embedder("fragile").embed_unread() == 5
    kept = room.kept()
    assert (kept[breaks], kept[kills]) == (b"", b"")
    assert all(kept[number] for number in (flood, quake, budget))
    assert await room.embedder("fragile").embed_unread() == 0


async def test_a_model_that_reads_nothing_leaves_the_articles_for_later(room: Room) -> None:
    [article] = room.publish("A flood")
    assert await room.embedder("unusable").embed_unread() == 0
    assert room.kept() == {}
    assert await room.embedder().embed_unread() == 1
    assert list(room.kept()) == [article]


async def test_another_model_reads_everything_anew(room: Room) -> None:
    room.publish("A flood", "A quake")
    await room.embedder().embed_unread()
    assert await room.embedder(model="another").embed_unread() == 2


async def test_what_is_left_when_it_is_stopped_is_read_at_the_next_start(room: Room, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    [held] = room.publish(f"{gate}")
    ids = room.publish(*(f"Flood {number}" for number in range(BATCH_SIZE)))
    running = asyncio.create_task(room.embedder("waiting").embed_unread())
    await room.told.wait()
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    assert sorted(room.kept()) == ids
    assert await room.embedder().embed_unread() == 1
    assert sorted(room.kept()) == [held, *ids]


class Hurried(MovedClock):
    """A clock on which three seconds pass whenever somebody looks."""

    def monotonic(self) -> float:
        self.move(3.0)
        return super().monotonic()


async def test_a_long_archive_is_read_in_slices_of_time(room: Room) -> None:
    room.publish(*(f"Flood {number}" for number in range(3 * BATCH_SIZE)))
    room.clock = Hurried()
    embedder = room.embedder()
    made = []
    while count := await embedder.embed_unread():
        made.append(count)
    assert made == [2 * BATCH_SIZE, BATCH_SIZE]


async def test_a_story_told_in_two_languages_is_found_once_both_are_read(room: Room) -> None:
    index = Index(dense=DenseIndex("by hand"))
    ours = room.publish("Flood in the valley", "Quake near the coast", "Budget passed", "Chess title kept")
    theirs = room.publish("Eulf", "Ebbe", "Tahsuah", "Hcahcs", language="fi")
    room.db.read_sync(index.catch_up)
    assert index.find_related(ours[0], 5) == []
    await room.embedder().embed_unread()
    room.db.read_sync(index.catch_up)
    assert [hit.article_id for hit in index.find_related(ours[0], 5)] == [theirs[0]]
    assert [hit.article_id for hit in index.find_related(theirs[2], 5)] == [ours[2]]
