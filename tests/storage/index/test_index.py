"""The index beside a database: it hears of everything, heals, and tells only what may be told."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from storage import articles, schema
from storage.database import Connection, Database
from storage.index import Index
from tests.storage.index.archive import NOON, OTHERS, QUAKE, RIVER, correct, draft, found, keep, related


@pytest.fixture
def ids(db: Database) -> list[int]:
    return keep(db, *RIVER, *QUAKE, *OTHERS)


def caught_up(db: Database, index: Index | None = None) -> Index:
    index = Index.open(None) if index is None else index
    db.read_sync(index.catch_up)
    return index


def test_articles_on_one_event_are_related_and_others_are_not(db: Database, ids: list[int]) -> None:
    index = caught_up(db)
    assert set(related(index, ids[0])) == {ids[1], ids[2]}
    assert related(index, ids[3]) == [ids[4]]
    assert related(index, ids[5]) == []


def test_related_articles_say_which_words_they_share(db: Database, ids: list[int]) -> None:
    [hit] = caught_up(db).find_related(ids[3], 5)
    assert 0 < hit.score < 1
    why = caught_up(db).explain_likeness(ids[3], ids[4])
    assert why is not None
    assert "minhla" in {each.word for each in why.shared}


def test_what_each_shared_word_counts_adds_up_to_the_likeness(db: Database, ids: list[int]) -> None:
    index = caught_up(db)
    for one in ids:
        for hit in index.find_related(one, 10):
            why, back = (
                index.explain_likeness(one, hit.article_id),
                index.explain_likeness(hit.article_id, one),
            )
            assert why is not None
            assert back is not None
            assert why.alike == pytest.approx(hit.score) == pytest.approx(back.alike)
            assert sum(each.weight for each in why.shared) == pytest.approx(hit.score)
            assert (why.part, why.part_of_other) == pytest.approx((back.part_of_other, back.part))
            assert 0 < why.part <= 1


def test_names_are_told_from_words_and_each_is_there_once(db: Database, ids: list[int]) -> None:
    why = caught_up(db).explain_likeness(ids[0], ids[1])
    assert why is not None
    kinds = {each.word: each.name for each in why.shared}
    assert len(kinds) == len(why.shared)
    assert kinds["sittaung"]
    assert kinds["lanmadaw"]
    assert not kinds["river"]
    assert caught_up(db).explain_likeness(ids[0], 999) is None


def test_an_article_says_all_of_what_it_says_itself(db: Database, ids: list[int]) -> None:
    why = caught_up(db).explain_likeness(ids[0], ids[0])
    assert why is not None
    assert (why.part, why.part_of_other) == pytest.approx((1, 1))


def test_nothing_is_read_twice(db: Database, ids: list[int]) -> None:
    index = Index.open(None)
    assert db.read_sync(index.catch_up) == len(ids)
    assert db.read_sync(index.catch_up) == 0


def test_a_new_article_is_found_after_the_next_catch_up(db: Database, ids: list[int]) -> None:
    index = caught_up(db)
    [new] = keep(db, draft("Sittaung dam to be rebuilt", "Lanmadaw gets a new dam after the flood."))
    assert db.read_sync(index.catch_up) == 1
    assert new in related(index, ids[0])
    assert found(index, "rebuilt") == [new]


def test_a_corrected_article_is_found_by_its_new_words_only(db: Database, ids: list[int]) -> None:
    index = caught_up(db)
    db.run_sync(correct, ids[0], draft("Ferry sinks off Kyaikkami", "The ferry went down in a storm."))
    assert db.read_sync(index.catch_up) == 1
    assert found(index, "kyaikkami") == [ids[0]]
    assert ids[0] not in found(index, "sittaung")
    assert ids[0] not in related(index, ids[1])
    assert len(index) == len(ids)


def test_a_withdrawn_article_is_no_longer_told(db: Database, ids: list[int]) -> None:
    index = caught_up(db)
    db.run_sync(articles.withdraw, ids[1], NOON)
    caught_up(db, index)
    assert related(index, ids[0]) == [ids[2]]
    assert ids[1] not in found(index, "sittaung")


def test_a_duplicate_is_not_told_beside_its_original(db: Database, ids: list[int]) -> None:
    def mark(connection: Connection) -> None:
        one = schema.articles.c.id == ids[1]
        connection.execute(update(schema.articles).where(one).values(duplicate_of=ids[0]))

    db.run_sync(mark)
    index = caught_up(db)
    assert related(index, ids[0]) == [ids[2]]
    assert related(index, ids[1]) == [ids[2]]
    assert ids[1] not in found(index, "sittaung")


def test_deleted_articles_are_forgotten_at_the_next_start(
    db: Database, ids: list[int], tmp_path: Path
) -> None:
    caught_up(db, Index.open(tmp_path / "newswire.index")).save()

    def forget(connection: Connection) -> None:
        connection.execute(delete(schema.revisions).where(schema.revisions.c.article_id == ids[1]))
        connection.execute(delete(schema.articles).where(schema.articles.c.id == ids[1]))

    db.run_sync(forget)
    index = Index.open(tmp_path / "newswire.index")
    assert db.read_sync(index.catch_up) == 1
    assert related(index, ids[0]) == [ids[2]]
    assert related(index, ids[1]) == []


def test_a_saved_index_answers_as_before_and_reads_on_from_there(
    db: Database, ids: list[int], tmp_path: Path
) -> None:
    path = tmp_path / "newswire.index"
    index = caught_up(db, Index.open(path))
    index.save()
    [new] = keep(db, draft("Minhla quake: school closed", "The quake cracked a school in Minhla."))
    again = Index.open(path)
    assert len(again) == len(ids)
    assert again.find_related(ids[0], 5) == index.find_related(ids[0], 5)
    assert db.read_sync(again.catch_up) == 1
    assert new in related(again, ids[3])


@pytest.mark.parametrize("harm", ["torn", "flipped", "emptied", "foreign"])
def test_a_harmed_copy_is_noticed_and_made_anew(
    db: Database, ids: list[int], tmp_path: Path, harm: str
) -> None:
    path = tmp_path / "newswire.index"
    caught_up(db, Index.open(path)).save()
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "torn": whole[:middle],
            "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "emptied": b"",
            "foreign": b"SQLite format 3\x00" + whole,
        }[harm]
    )
    again = Index.open(path)
    assert len(again) == 0
    assert db.read_sync(again.catch_up) == len(ids)
    assert set(related(again, ids[0])) == {ids[1], ids[2]}


def test_a_copy_of_another_archive_is_put_right(db: Database, ids: list[int], tmp_path: Path) -> None:
    """A database restored from a backup has fewer and other changes than the copy has seen."""
    path = tmp_path / "newswire.index"
    caught_up(db, Index.open(path)).save()

    def go_back(connection: Connection) -> None:
        connection.execute(delete(schema.revisions))
        connection.execute(delete(schema.articles))
        articles.add(connection, [draft("Heron seen at the lake"), draft("A heron at the lake again")], NOON)

    db.run_sync(go_back)
    index = Index.open(path)
    db.read_sync(index.catch_up)
    assert len(index) == 2
    assert found(index, "sittaung") == []
    assert len(found(index, "heron")) == 2


def test_an_article_committed_late_is_not_missed(db: Database, ids: list[int]) -> None:
    """Two writers at once: who began first may commit last (PostgreSQL; SQLite lets them wait)."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    index = caught_up(db)
    with db.engine.connect() as slow, slow.begin():
        [late] = articles.add(slow, [draft("Slow heron lands", "A heron took its time.")], NOON)
        [early] = keep(db, draft("Fast heron lands", "A heron was in a hurry."))
        caught_up(db, index)
        assert found(index, "heron") == [early]
    caught_up(db, index)
    assert sorted(found(index, "heron")) == sorted([late, early])


def test_many_segments_are_merged_without_losing_anything(db: Database) -> None:
    index = Index.open(None)
    names = [f"Town{number:03}" for number in range(60)]
    for name in names:
        keep(db, draft(f"Market opens in {name}", f"Traders came to {name}."))
        caught_up(db, index)
    assert len(index.archive.segments) < 8
    assert all(len(found(index, name)) == 1 for name in names)


def test_readers_may_ask_while_another_thread_writes(db: Database, ids: list[int]) -> None:
    index = caught_up(db)
    failures: list[BaseException] = []
    stop = threading.Event()

    def ask() -> None:
        try:
            while not stop.is_set():
                assert related(index, ids[3])
                assert found(index, "quake")
        except BaseException as error:
            failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    for number in range(40):
        keep(db, draft(f"Quake number {number} in Minhla", f"Quake, again: {number}."))
        caught_up(db, index)
    stop.set()
    asking.join()
    assert not failures
    assert len(found(index, "quake")) == 20
