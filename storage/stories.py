"""Stories: articles on one unfolding event; an article is in one, or in none until it was looked at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage import articles as archive
from storage.database import record
from storage.index import Index
from storage.records import Article, ArticleState, Story
from storage.schema import articles, stories

#: Nearest articles that are looked at for a story.
NEAREST = 20


@dataclass(frozen=True, slots=True)
class Near:
    """An article that is like the one that arrives, and the story that it is in."""

    article_id: int
    story_id: int | None
    alike: float  #: 0 to 1: 1 is the same text
    published_at: datetime


#: Which story an article joins, of those of its nearest; None where it starts one.
Choose = Callable[[Article, Sequence[Near]], int | None]


def get(connection: Connection, story_id: int) -> Story | None:
    """The story, or None."""
    row = connection.execute(select(stories).where(stories.c.id == story_id)).one_or_none()
    return None if row is None else record(Story, row)


def members(connection: Connection, story_id: int) -> list[Article]:
    """The story's live articles, the first published first."""
    mine = (articles.c.story_id == story_id) & (articles.c.state == ArticleState.LIVE)
    order = (articles.c.published_at, articles.c.id)
    return [record(Article, row) for row in connection.execute(select(articles).where(mine).order_by(*order))]


def place_new(connection: Connection, index: Index, choose: Choose, count: int, now: datetime) -> int:
    """Give up to `count` articles that are in no story theirs, in the order of arrival; how many those were.

    An article that the index has not read yet waits, for its story is not known.
    """
    unplaced = select(articles.c.id).where(
        articles.c.story_id.is_(None),
        articles.c.state == ArticleState.LIVE,
        articles.c.duplicate_of.is_(None),
    )
    ids = connection.execute(unplaced.order_by(articles.c.id).limit(count)).scalars().all()
    placed = 0
    for article in archive.many(connection, [number for number in ids if index.knows(number)]):
        story_id = choose(article, near(connection, index, article.id))
        if story_id is None:
            start(connection, article, now)
        else:
            join(connection, article.id, story_id, now)
        placed += 1
    return placed


def near(connection: Connection, index: Index, article_id: int) -> list[Near]:
    """The nearest articles of the archive, the most alike first, with the stories that they are in."""
    alike = dict(index.nearest(article_id, NEAREST))
    query = select(articles.c.id, articles.c.story_id, articles.c.published_at).where(
        articles.c.id.in_(alike)
    )
    found = [Near(row.id, row.story_id, alike[row.id], row.published_at) for row in connection.execute(query)]
    return sorted(found, key=lambda one: -one.alike)


def start(connection: Connection, article: Article, now: datetime) -> int:
    """A new story that begins with an article; its number."""
    row = {
        "title": article.title,
        "first_article_id": article.id,
        "last_article_id": article.id,
        "updated_at": now,
    }
    story_id = connection.execute(insert(stories).returning(stories.c.id), row).scalar_one()
    _put(connection, article.id, story_id)
    return int(story_id)


def join(connection: Connection, article_id: int, story_id: int, now: datetime) -> None:
    """Put an article into a story, out of the one that it was in; an emptied story stays as a title."""
    _put(connection, article_id, story_id)
    mine = stories.c.id == story_id
    connection.execute(update(stories).where(mine).values(last_article_id=article_id, updated_at=now))


def split(connection: Connection, article: Article, now: datetime) -> int:
    """Take an article out of its story: it starts one of its own, whose number is returned."""
    left = article.story_id
    story_id = start(connection, article, now)
    if left is not None and (rest := members(connection, left)):
        ends = {"first_article_id": rest[0].id, "last_article_id": rest[-1].id, "updated_at": now}
        connection.execute(update(stories).where(stories.c.id == left).values(**ends))
    return story_id


def merge(connection: Connection, story_id: int, into_id: int, now: datetime) -> int:
    """Put all articles of a story into another; how many those were."""
    moved = (
        update(articles)
        .where(articles.c.story_id == story_id)
        .values(story_id=into_id, changed=articles.c.changed)
    )
    count = connection.execute(moved).rowcount
    whole = members(connection, into_id)
    if whole:
        ends = {"first_article_id": whole[0].id, "last_article_id": whole[-1].id, "updated_at": now}
        connection.execute(update(stories).where(stories.c.id == into_id).values(**ends))
    return count


def _put(connection: Connection, article_id: int, story_id: int) -> None:
    """The index need not hear of it: what it knows of the article stays as it is."""
    mine = articles.c.id == article_id
    connection.execute(update(articles).where(mine).values(story_id=story_id, changed=articles.c.changed))
