"""Decisions: what each edition made of an article, and the posts that are owed for it.

A plan is one transaction, whatever the number of readers: channels get their deliveries in it, followers
get theirs afterwards in slices (`spread`), from a mark that the same transaction left on the post.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, text, update

from storage import articles as articles_by_id
from storage import chats as chats_by_id
from storage.chats import FIRST
from storage.records import Article, Chat, Decision, Lane, Post, PostKind, Verdict
from storage.rows import record, records
from storage.schema import UNTOLD, articles, decisions, deliveries, entries, feeds, posts

#: Planned articles of a feed that are looked at for the newest publication.
RECENT = 50


@dataclass(frozen=True, slots=True)
class Unplanned:
    """An article about which no edition has decided, with what is needed to decide."""

    article: Article
    feeds: frozenset[str]  #: the addresses of its feeds, as the operator wrote them
    newest: datetime | None  #: the newest publication of these feeds planned before
    posted_twins: frozenset[str]  #: the editions that posted the article that it repeats
    decided: frozenset[str] = frozenset()  #: the editions that have decided about it before, and keep to that
    posted: frozenset[str] = frozenset()  #: those of them that posted it


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """A post to be owed."""

    kind: PostKind
    lane: Lane
    not_before: datetime
    edition: str = ""
    article_id: int | None = None
    text: str = ""
    silent: bool = False
    revision: int = 1
    chats: tuple[tuple[int, datetime], ...] = ()  #: who gets it, not before when
    followers: bool = False  #: the edition's followers get it too


def unplanned(connection: Connection, count: int) -> list[Unplanned]:
    """Up to `count` articles without a plan, the oldest publication first."""
    query = select(articles.c.id).where(text("articles.planned_at IS NULL")).order_by(articles.c.id)
    numbers = list(connection.execute(query.limit(count)).scalars())
    if not numbers:
        return []
    found = articles_by_id.many(connection, numbers)
    sources = _feeds(connection, [article.id for article in found])
    newest = {number: _newest(connection, number) for number in {n for row in sources.values() for n in row}}
    twins = {article.duplicate_of for article in found if article.duplicate_of}
    posted = _posted(connection, twins | {article.id for article in found})
    decided = _decided(connection, [article.id for article in found])
    rows = [
        Unplanned(
            article,
            frozenset(sources.get(article.id, {}).values()),
            max((when for n in sources.get(article.id, {}) if (when := newest[n])), default=None),
            frozenset(posted.get(article.duplicate_of or 0, ())),
            frozenset(decided.get(article.id, ())),
            frozenset(posted.get(article.id, ())),
        )
        for article in found
    ]
    return sorted(rows, key=lambda row: (row.article.published_at, row.article.id))


def _feeds(connection: Connection, article_ids: Sequence[int]) -> dict[int, dict[int, str]]:
    query = select(entries.c.article_id, feeds.c.id, feeds.c.url).join(feeds, feeds.c.id == entries.c.feed_id)
    found: dict[int, dict[int, str]] = {}
    for row in connection.execute(query.where(entries.c.article_id.in_(article_ids))):
        found.setdefault(row.article_id, {})[row.id] = row.url
    return found


def _newest(connection: Connection, feed_id: int) -> datetime | None:
    mine = (entries.c.feed_id == feed_id) & articles.c.planned_at.is_not(None)
    query = select(articles.c.published_at).join(entries, entries.c.article_id == articles.c.id).where(mine)
    recent = query.order_by(entries.c.article_id.desc()).limit(RECENT)
    return max(connection.execute(recent).scalars(), default=None)


def _posted(connection: Connection, article_ids: Iterable[int]) -> dict[int, set[str]]:
    said = posts.c.article_id.in_(list(article_ids)) & (posts.c.kind == PostKind.ARTICLE)
    found: dict[int, set[str]] = {}
    for row in connection.execute(select(posts.c.article_id, posts.c.edition).where(said)):
        found.setdefault(row.article_id, set()).add(row.edition)
    return found


def _decided(connection: Connection, article_ids: Sequence[int]) -> dict[int, set[str]]:
    query = select(decisions.c.article_id, decisions.c.edition)
    found: dict[int, set[str]] = {}
    for row in connection.execute(query.where(decisions.c.article_id.in_(article_ids))):
        found.setdefault(row.article_id, set()).add(row.edition)
    return found


def last_routine(connection: Connection, chat_ids: Iterable[int]) -> dict[int, datetime]:
    """When each chat's newest routine post is, or was, due: what MIN_GAP counts from."""
    found: dict[int, datetime] = {}
    for chat_id in set(chat_ids):
        routine = (deliveries.c.chat_id == chat_id) & (deliveries.c.lane == Lane.ROUTINE)
        query = select(deliveries.c.not_before).where(routine).order_by(deliveries.c.id.desc()).limit(RECENT)
        if hours := list(connection.execute(query).scalars()):
            found[chat_id] = max(hours)
    return found


def plan(
    connection: Connection,
    decided: Sequence[Decision],
    owed: Sequence[NewPost],
    told: Sequence[Article],
    now: datetime,
) -> list[int]:
    """Write decisions, their posts and the channels' deliveries; `told` are the articles now planned.

    An article that is planned already keeps its first plan, and an edition its first decision, so that
    nothing is ever posted twice. The numbers of the posts.
    """
    waiting = select(articles.c.id).where(articles.c.id.in_([article.id for article in told]))
    new = set(connection.execute(waiting.where(articles.c.planned_at.is_(None))).scalars())
    for article in told:
        if article.id in new:
            mine = articles.c.id == article.id
            values = {"planned_at": now, "told": _revision(article), "changed": articles.c.changed}
            connection.execute(update(articles).where(mine).values(**values))
    rows = [_decision(each) for each in decided if each.article_id in new]
    if rows:
        connection.execute(insert(decisions), rows)
    late = {article.id for article in told} - new
    return [owe(connection, post, now) for post in owed if post.article_id not in late]


def _decision(decision: Decision) -> dict[str, object]:
    return {name: getattr(decision, name) for name in Decision.__dataclass_fields__}


def _revision(article: Article) -> int:
    return 0 if article.state == "withdrawn" else article.revision


def owe(connection: Connection, post: NewPost, now: datetime) -> int:
    """Keep a post and owe it to its chats; its number."""
    facts = {name: getattr(post, name) for name in NewPost.__dataclass_fields__}
    named = facts.pop("chats")
    facts["followers_after"] = FIRST if facts.pop("followers") else None
    new = insert(posts).values(**facts, created_at=now).returning(posts.c.id)
    number: int = connection.execute(new).scalar_one()
    known = chats_by_id.many(connection, [chat_id for chat_id, _ in named])
    rows = [
        {
            "post_id": number,
            "chat_id": chat_id,
            "lane": post.lane,
            "public": is_public(known.get(chat_id)),
            "wanted_revision": post.revision,
            "not_before": not_before,
        }
        for chat_id, not_before in dict(named).items()
    ]
    if rows:
        connection.execute(insert(deliveries), rows)
    return number


def is_public(chat: Chat | None) -> bool:
    """Whether many read what is said there."""
    return chat is not None and chat.kind in chats_by_id.PUBLIC


def notice(connection: Connection, operators: Iterable[int], words: str, now: datetime) -> None:
    """Owe a notice to the operators, ahead of routine posts."""
    to = tuple((chat_id, now) for chat_id in operators)
    if to:
        owe(
            connection,
            NewPost(kind=PostKind.NOTICE, lane=Lane.BREAKING, text=words, not_before=now, chats=to),
            now,
        )


def untold(connection: Connection, count: int) -> list[Article]:
    """Up to `count` planned articles that were corrected or withdrawn since the chats were told."""
    query = select(articles.c.id).where(text(UNTOLD)).order_by(articles.c.id).limit(count)
    return articles_by_id.many(connection, list(connection.execute(query).scalars()))


def tell(connection: Connection, article: Article, *, change_posts: bool = True) -> list[int]:
    """The article's posts shall show what it says now, or nothing where it is withdrawn; their numbers.

    Their deliveries follow in slices (`spread`). Without `change_posts` the change is only noted.
    """
    revision = _revision(article)
    values = {"told": revision, "changed": articles.c.changed}
    connection.execute(update(articles).where(articles.c.id == article.id).values(**values))
    if not change_posts:
        return []
    other = (posts.c.article_id == article.id) & (posts.c.kind == PostKind.ARTICLE)
    raised = update(posts).where(other, posts.c.revision != revision)
    mark = {"revision": revision, "raised_after": FIRST}
    if revision == 0:
        mark["followers_after"] = None  # type: ignore[assignment]
    return list(connection.execute(raised.values(**mark).returning(posts.c.id)).scalars())


def hurry(connection: Connection, article_id: int, now: datetime) -> int:
    """Make an article's posts breaking: what is unsent goes ahead of everything, now; how many posts."""
    mine = (posts.c.article_id == article_id) & (posts.c.kind == PostKind.ARTICLE)
    values = {"lane": Lane.BREAKING, "silent": False, "not_before": now, "raised_after": FIRST}
    return connection.execute(update(posts).where(mine).values(**values)).rowcount


def verdicts(connection: Connection, article_id: int) -> list[Decision]:
    """What the editions decided about an article."""
    query = select(decisions).where(decisions.c.article_id == article_id).order_by(decisions.c.edition)
    return records(Decision, connection.execute(query))


def counted(connection: Connection, since: datetime) -> dict[Verdict, int]:
    """How often each verdict was given since then."""
    query = select(decisions.c.verdict, func.count()).where(decisions.c.decided_at >= since)
    return {row[0]: row[1] for row in connection.execute(query.group_by(decisions.c.verdict))}


def post(connection: Connection, post_id: int) -> Post | None:
    """The post, or None."""
    row = connection.execute(select(posts).where(posts.c.id == post_id)).first()
    return record(Post, row) if row else None
