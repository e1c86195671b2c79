"""Stories: articles on one unfolding event; an article is in one, or in none before its assignment.

An article with the same text as another one is its duplicate, and is in the same story.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, literal, select, tuple_, update

from storage import articles as archive
from storage.index import Index, Neighbourhood
from storage.records import Article, ArticleState, DeliveryState, PostKind, Story, Verdict
from storage.rows import to_record, to_records
from storage.schema import articles, decisions, deliveries, posts, stories

#: Nearest articles that are considered for a story.
CANDIDATE_COUNT = 40
#: Articles of a story that are read at most, the last ones.
MAX_MEMBERS = 500
#: The last earlier articles of a story whose posts may be replied to.
MAX_REPLY_CANDIDATES = 50

_LIVE = articles.c.state == ArticleState.LIVE


@dataclass(frozen=True, slots=True)
class StoryCandidate:
    """An article similar to a new one, and the story that it is in."""

    article_id: int
    story_id: int | None
    alike: float  #: 0 to 1: 1 is the same text
    published_at: datetime
    others: Mapping[int, float] = field(default_factory=dict)  #: its similarity to the other near ones


def get(connection: Connection, story_id: int) -> Story | None:
    """The story, or None."""
    row = connection.execute(select(stories).where(stories.c.id == story_id)).one_or_none()
    return None if row is None else to_record(Story, row)


def list_members(connection: Connection, story_id: int) -> list[Article]:
    """The story's live articles, duplicates too, the first published first; of a very long one the last."""
    newest = select(articles).where(articles.c.story_id == story_id, _LIVE)
    rows = connection.execute(newest.order_by(*_latest_first()).limit(MAX_MEMBERS))
    return to_records(Article, rows)[::-1]


def list_unassigned(connection: Connection, numbers: Sequence[int]) -> list[Article]:
    """Of these articles those to be assigned to a story, the oldest first."""
    wanted = select(articles).where(
        articles.c.id.in_(numbers),
        articles.c.story_id.is_(None),
        articles.c.backfill.is_(False),
        _LIVE,
    )
    rows = connection.execute(wanted.order_by(articles.c.published_at, articles.c.id))
    return to_records(Article, rows)


def list_planned_unassigned(connection: Connection, since: datetime, count: int) -> list[Article]:
    """Up to `count` planned articles published since then that are in no story, the oldest first."""
    wanted = select(articles).where(
        articles.c.published_at >= since,
        articles.c.story_id.is_(None),
        articles.c.planned_at.is_not(None),
        _LIVE,
    )
    rows = connection.execute(wanted.order_by(articles.c.published_at, articles.c.id).limit(count))
    return to_records(Article, rows)


def find_candidates(connection: Connection, index: Index, article_id: int) -> list[StoryCandidate]:
    """The nearest articles of the archive, the most alike first, with the stories that they are in."""
    found = index.find_neighbourhood(article_id, CANDIDATE_COUNT)
    query = select(articles.c.id, articles.c.story_id, articles.c.published_at).where(
        articles.c.id.in_(found.articles[1:]), _LIVE
    )
    return rank_candidates(
        found, {row.id: (row.story_id, row.published_at) for row in connection.execute(query)}
    )


def rank_candidates(
    found: Neighbourhood, known: Mapping[int, tuple[int | None, datetime]]
) -> list[StoryCandidate]:
    """Those of a neighbourhood whose story and time are known, the most alike first."""
    near = [
        StoryCandidate(
            article, known[article][0], row[0], known[article][1], dict(zip(found.articles, row, strict=True))
        )
        for article, row in zip(found.articles[1:], found.alike[1:].tolist(), strict=True)
        if article in known
    ]
    return sorted(near, key=lambda one: (-one.alike, one.article_id))


def create_story(connection: Connection, article: Article, now: datetime) -> int:
    """Create a story that begins with an article; its id."""
    row = {
        "title": article.title,
        "first_article_id": article.id,
        "last_article_id": article.id,
        "updated_at": now,
    }
    story_id = int(connection.execute(insert(stories).returning(stories.c.id), row).scalar_one())
    _set_story(connection, article.id, story_id)
    return story_id


def add_to_story(connection: Connection, article_id: int, story_id: int, now: datetime) -> None:
    """Add an article that is in no story to one."""
    _set_story(connection, article_id, story_id)
    refresh_story(connection, story_id, now)


def refresh_story(connection: Connection, story_id: int, now: datetime) -> None:
    """Update a story's title and ends from its live articles; an empty one stays as it is."""
    mine = select(articles.c.id, articles.c.title).where(articles.c.story_id == story_id, _LIVE)
    first = connection.execute(mine.order_by(articles.c.published_at, articles.c.id).limit(1)).first()
    last = connection.execute(mine.order_by(*_latest_first()).limit(1)).first()
    if first and last:
        ends = {"title": first.title, "first_article_id": first.id, "last_article_id": last.id}
        connection.execute(update(stories).where(stories.c.id == story_id).values(**ends, updated_at=now))


def leave_story(connection: Connection, article: Article, now: datetime) -> None:
    """Remove a withdrawn article from its story; the others stay."""
    if article.story_id is not None:
        _set_story(connection, article.id, None)
        refresh_story(connection, article.story_id, now)


def reset_assignment(connection: Connection, article: Article, now: datetime) -> None:
    """Remove an unposted article with new content from its story until it is assigned again."""
    leave_story(connection, article, now)
    if article.duplicate_of is not None:
        connection.execute(update(articles).where(articles.c.id == article.id).values(duplicate_of=None))


# By editors: only they move an article from one story to another


def split_off(connection: Connection, article_id: int, now: datetime) -> bool:
    """Make a live article, with its duplicates, a story of its own; False if it was one already."""
    article = archive.get(connection, article_id)
    if article is None or article.state is not ArticleState.LIVE:
        return False
    along = list_duplicates(connection, article_id)
    mine = {article_id, *(each.id for each in along)}
    alone = article.story_id is not None and all(
        each.id in mine for each in list_members(connection, article.story_id)
    )
    if alone and article.duplicate_of is None:
        return False
    if article.duplicate_of is not None:
        unmark_duplicate(connection, article_id)
    story_id = create_story(connection, article, now)
    for each in along:
        add_to_story(connection, each.id, story_id, now)
    if article.story_id is not None:
        refresh_story(connection, article.story_id, now)
    return True


def merge_stories(connection: Connection, one_id: int, other_id: int, now: datetime) -> bool:
    """Merge the stories of two live articles; False if they were in one already."""
    some = [
        each for each in archive.get_many(connection, [one_id, other_id]) if each.state is ArticleState.LIVE
    ]
    if len(some) < 2:
        return False
    numbers = [each.story_id or create_story(connection, each, now) for each in some]
    into, other = min(numbers), max(numbers)
    if one_id == other_id or into == other:
        return False
    mine = update(articles).where(articles.c.story_id == other)
    connection.execute(mine.values(story_id=into, changed=articles.c.changed))
    refresh_story(connection, into, now)
    return True


# Duplicates


def list_duplicates(connection: Connection, article_id: int) -> list[Article]:
    """The live duplicates of an article, in the order in which they came."""
    query = select(articles).where(articles.c.duplicate_of == article_id, _LIVE).order_by(articles.c.id)
    return to_records(Article, connection.execute(query))


def mark_duplicate(connection: Connection, article_id: int, original: int) -> None:
    """Record that an article is a duplicate of `original`."""
    connection.execute(update(articles).where(articles.c.id == article_id).values(duplicate_of=original))


def unmark_duplicate(connection: Connection, article_id: int) -> None:
    """Record that an article is no duplicate; editions that left it out for that decide again."""
    mine = decisions.c.article_id == article_id
    connection.execute(delete(decisions).where(mine, decisions.c.verdict == Verdict.DUPLICATE))
    again = update(articles).where(articles.c.id == article_id)
    connection.execute(again.values(duplicate_of=None, planned_at=None))


# Posts


def previous_message_id(connection: Connection, article: Article, chat_id: int) -> int:
    """The chat's last message about an earlier article of the same story; 0 if none.

    Deleted messages are left out, as far as their deletion is known.
    """
    if article.story_id is None:
        return 0
    moment = literal(article.published_at, articles.c.published_at.type)
    before = tuple_(articles.c.published_at, articles.c.id) < tuple_(moment, literal(article.id))
    earlier = select(articles.c.id).where(articles.c.story_id == article.story_id, _LIVE, before)
    ids = list(connection.execute(earlier.order_by(*_latest_first()).limit(MAX_REPLY_CANDIDATES)).scalars())
    if not ids:
        return 0
    said = select(posts.c.id).where(posts.c.article_id.in_(ids), posts.c.kind == PostKind.ARTICLE)
    shown = select(deliveries.c.message_id).where(
        deliveries.c.post_id.in_(list(connection.execute(said).scalars())),
        deliveries.c.chat_id == chat_id,
        deliveries.c.shown_revision > 0,
        deliveries.c.state != DeliveryState.REMOVED,
    )
    return max((number or 0 for number in connection.execute(shown).scalars()), default=0)


def _latest_first() -> tuple[ColumnElement[Any], ...]:
    return articles.c.published_at.desc(), articles.c.id.desc()


def _set_story(connection: Connection, article_id: int, story_id: int | None) -> None:
    """`changed` stays: the index does not depend on the story."""
    mine = articles.c.id == article_id
    connection.execute(update(articles).where(mine).values(story_id=story_id, changed=articles.c.changed))
