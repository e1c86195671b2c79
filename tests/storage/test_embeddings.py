"""What a model made of the articles is kept, replaced and found again."""

from datetime import UTC, datetime

from storage import articles, embeddings
from storage.articles import ArticleDraft
from storage.database import Connection, Database
from storage.index import source
from storage.records import Embedding

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def keep_articles(db: Database, count: int) -> list[int]:
    drafts = [
        ArticleDraft(url=f"https://news.example/{n}", title=f"Headline {n}", summary="", published_at=NOW)
        for n in range(count)
    ]
    return db.run_sync(articles.add, drafts, NOW)


def made(article_id: int, change: int = 1, vector: bytes = b"\x01\x7f", model: str = "m") -> Embedding:
    return Embedding(
        article_id=article_id, model=model, article_change=change, digest=b"d", language="en", vector=vector
    )


def unread(db: Database, since: int = 0, model: str = "m", count: int = 10) -> list[int]:
    return [one.article_id for one in db.read_sync(embeddings.articles_for_embedding, model, since, count)]


def everything(connection: Connection, change: int = 0) -> list[Embedding]:
    return [one for batch in embeddings.embeddings_since(connection, "m", change) for one in batch]


def read(db: Database, *article_ids: int) -> None:
    """As if the model had read these articles as they are now."""
    changes = db.read_sync(source.changes_by_id)
    db.run_sync(embeddings.save_embeddings, [made(number, changes[number]) for number in article_ids])


def test_the_newest_article_is_read_first(db: Database) -> None:
    first, second, third = keep_articles(db, 3)
    assert unread(db) == [third, second, first]
    assert unread(db, count=2) == [third, second]


def test_an_article_that_was_read_is_unread_again_when_it_is_written_to(db: Database) -> None:
    first, second = keep_articles(db, 2)
    read(db, first, second)
    assert unread(db) == []
    db.run_sync(articles.update_columns, first, text="More of it.")
    [again] = db.read_sync(embeddings.articles_for_embedding, "m", 0, 10)
    assert (again.article_id, again.text, again.digest) == (first, "More of it.", b"d")


def test_an_article_written_to_without_new_words_is_read_without_the_model(db: Database) -> None:
    [first] = keep_articles(db, 1)
    read(db, first)
    db.run_sync(articles.update_columns, first, planned_at=NOW)
    [again] = db.read_sync(embeddings.articles_for_embedding, "m", 0, 10)
    db.run_sync(embeddings.mark_unchanged, first, again.change)
    assert unread(db) == []


def test_what_another_model_read_is_unread(db: Database) -> None:
    [first] = keep_articles(db, 1)
    read(db, first)
    assert unread(db, model="another") == [first]
    assert db.read_sync(embeddings.count_unembedded, "another") == 1
    assert db.read_sync(embeddings.count_unembedded, "m") == 0


def test_a_withdrawn_article_is_not_read(db: Database) -> None:
    [first] = keep_articles(db, 1)
    db.run_sync(articles.withdraw, first, NOW)
    assert unread(db) == []


def test_only_what_changed_since_is_looked_at(db: Database) -> None:
    keep_articles(db, 1)
    horizon = db.read_sync(source.article_horizon)
    [later] = keep_articles(db, 1)
    assert unread(db, since=horizon) == [later]


def test_a_vector_takes_the_place_of_the_one_before_and_is_seen_by_who_reads_on(db: Database) -> None:
    first, second = keep_articles(db, 2)
    read(db, first, second)
    horizon = db.read_sync(embeddings.embedding_horizon)
    assert db.read_sync(everything, horizon) == []
    for number in (second, first):
        db.run_sync(embeddings.save_embeddings, [made(number, vector=b"\x05\x06")])
    assert [one.article_id for one in db.read_sync(everything, horizon)] == [second, first]
    assert [one.vector for one in db.read_sync(everything)] == [b"\x05\x06", b"\x05\x06"]


def test_a_vector_of_an_article_that_is_gone_is_not_kept(db: Database) -> None:
    [first] = keep_articles(db, 1)
    db.run_sync(embeddings.save_embeddings, [made(first), made(first + 7)])
    assert [one.article_id for one in db.read_sync(everything)] == [first]


def test_an_archive_is_read_in_batches_without_leaving_anything_out(db: Database) -> None:
    ids = keep_articles(db, embeddings.BATCH_SIZE + 5)
    db.run_sync(embeddings.save_embeddings, [made(number) for number in ids])
    assert sorted(one.article_id for one in db.read_sync(everything)) == ids
