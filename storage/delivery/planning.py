"""Planning: what each edition decided about an article, and the posts that are owed for it.

A plan is one transaction: channels get their deliveries in it, followers get theirs afterwards in slices
(`fanout`), from a mark that the same transaction leaves on the post.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from storage import articles as articles_by_id
from storage import chats as chats_by_id
from storage.chats import BEFORE_ALL_IDS
from storage.delivery import turns
from storage.records import Article, Chat, Decision, Lane, PostKind, Verdict
from storage.schema import articles, decisions, deliveries, entries, feeds, posts

#: Planned articles of a feed that are read for the newest publication.
RECENT_COUNT = 50


@dataclass(frozen=True, slots=True)
class EntryForPlanning:
    """An article's entry in one feed, with what planning needs of it."""

    feed: str  #: its address, as the operator wrote it
    published_at: datetime  #: as this feed stated
    backlog: bool = False  #: it was in the feed's first update
    newest: datetime | None = None  #: the newest publication of this feed planned before
    planned: bool = False  #: the editions have decided since this feed showed it


@dataclass(frozen=True, slots=True)
class ArticleForPlanning:
    """An article to be decided about, with what is needed for that."""

    article: Article
    entries: tuple[EntryForPlanning, ...]  #: in each of its feeds
    posted_original: frozenset[str]  #: the editions that posted the article that it repeats
    decided: frozenset[str] = frozenset()  #: the editions that have decided about it before
    posted: frozenset[str] = frozenset()  #: those of them that posted it
    caught_up: frozenset[str] = frozenset()  #: the editions that named it in a catch-up post


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
    chats: tuple[tuple[int, datetime], ...] = ()  #: the recipients, each with its earliest time
    followers: bool = False  #: also to the edition's followers


def articles_for_planning(connection: Connection, numbers: Sequence[int]) -> list[ArticleForPlanning]:
    """These articles with what is needed to decide about them, the oldest publication first."""
    found = articles_by_id.get_many(connection, numbers) if numbers else []
    seen = _entries_by_article(connection, found)
    twins = {article.duplicate_of for article in found if article.duplicate_of}
    posted = _posted_editions(connection, twins | {article.id for article in found})
    decided = _decided_verdicts(connection, [article.id for article in found])
    rows = [
        ArticleForPlanning(
            article,
            tuple(seen.get(article.id, ())),
            frozenset(posted.get(article.duplicate_of or 0, ())),
            frozenset(decided.get(article.id, ())),
            frozenset(posted.get(article.id, ())),
            frozenset(name for name, said in decided.get(article.id, {}).items() if said is Verdict.CATCH_UP),
        )
        for article in found
    ]
    return sorted(rows, key=lambda row: (row.article.published_at, row.article.id))


def _entries_by_article(
    connection: Connection, found: Sequence[Article]
) -> dict[int, list[EntryForPlanning]]:
    """The entries of each article; one without a date has its article's."""
    query = select(entries, feeds.c.url).join(feeds, feeds.c.id == entries.c.feed_id)
    rows = list(connection.execute(query.where(entries.c.article_id.in_([one.id for one in found]))))
    newest = {number: _newest_publication(connection, number) for number in {row.feed_id for row in rows}}
    about = {article.id: article for article in found}
    seen: dict[int, list[EntryForPlanning]] = {}
    for row in rows:
        article = about[row.article_id]
        one = EntryForPlanning(
            feed=row.url,
            published_at=row.published_at or article.published_at,
            backlog=row.backlog or article.backfill,
            newest=newest[row.feed_id],
            planned=row.planned,
        )
        seen.setdefault(article.id, []).append(one)
    return seen


def _newest_publication(connection: Connection, feed_id: int) -> datetime | None:
    mine = (entries.c.feed_id == feed_id) & articles.c.planned_at.is_not(None)
    query = select(articles.c.published_at).join(entries, entries.c.article_id == articles.c.id).where(mine)
    recent = query.order_by(entries.c.article_id.desc()).limit(RECENT_COUNT)
    return max(connection.execute(recent).scalars(), default=None)


def _posted_editions(connection: Connection, article_ids: Iterable[int]) -> dict[int, set[str]]:
    said = posts.c.article_id.in_(list(article_ids)) & (posts.c.kind == PostKind.ARTICLE)
    found: dict[int, set[str]] = {}
    for row in connection.execute(select(posts.c.article_id, posts.c.edition).where(said)):
        found.setdefault(row.article_id, set()).add(row.edition)
    return found


def is_posted(connection: Connection, article_id: int) -> bool:
    """Whether any edition posted the article."""
    return bool(_posted_editions(connection, [article_id]))


def _decided_verdicts(connection: Connection, article_ids: Sequence[int]) -> dict[int, dict[str, Verdict]]:
    query = select(decisions.c.article_id, decisions.c.edition, decisions.c.verdict)
    found: dict[int, dict[str, Verdict]] = {}
    for row in connection.execute(query.where(decisions.c.article_id.in_(article_ids))):
        found.setdefault(row.article_id, {})[row.edition] = row.verdict
    return found


def reopen_planning(connection: Connection, article_id: int, now: datetime) -> None:
    """Let the editions that did not post the article decide again: another feed brings it as news.

    If nobody posted it, it counts as seen now: the time in which an editor may hold it begins again.
    """
    again = update(articles).where(articles.c.id == article_id)
    values: dict[str, object] = {"planned_at": None, "backfill": False, "changed": articles.c.changed}
    values |= {} if is_posted(connection, article_id) else {"seen_at": now}
    connection.execute(again.values(**values))


def last_routine_at(connection: Connection, chat_ids: Iterable[int]) -> dict[int, datetime]:
    """When each chat's newest routine post is, or was, due; MIN_GAP counts from it."""
    found: dict[int, datetime] = {}
    for chat_id in set(chat_ids):
        routine = (deliveries.c.chat_id == chat_id) & (deliveries.c.lane == Lane.ROUTINE)
        query = (
            select(deliveries.c.not_before)
            .where(routine)
            .order_by(deliveries.c.id.desc())
            .limit(RECENT_COUNT)
        )
        if hours := list(connection.execute(query).scalars()):
            found[chat_id] = max(hours)
    return found


def save_plan(
    connection: Connection,
    decided: Sequence[Decision],
    owed: Sequence[NewPost],
    told: Sequence[Article],
    now: datetime,
) -> list[int]:
    """Write decisions, their posts and the channels' deliveries; `told` are the articles now planned.

    An article that is planned already keeps its first plan, and an edition that posted it keeps its decision:
    nothing is posted twice. Corrections of earlier posts stay pending. The ids of the posts.
    """
    waiting = select(articles.c.id).where(articles.c.id.in_([article.id for article in told]))
    new = set(connection.execute(waiting.where(articles.c.planned_at.is_(None))).scalars())
    posted = _posted_editions(connection, new)
    for article in told:
        if article.id in new:
            values = {"planned_at": now, "changed": articles.c.changed}
            values |= {} if article.id in posted else {"told": _wanted_revision(article)}
            connection.execute(update(articles).where(articles.c.id == article.id).values(**values))
    connection.execute(update(entries).where(entries.c.article_id.in_(new)).values(planned=True))
    _save_decisions(connection, [each for each in decided if each.article_id in new])
    late = {article.id for article in told} - new
    return [add_post(connection, post, now) for post in owed if post.article_id not in late]


def _save_decisions(connection: Connection, decided: Sequence[Decision]) -> None:
    """Store these, each in place of the edition's earlier decision."""
    if decided:
        keys = tuple_(decisions.c.article_id, decisions.c.edition)
        again = keys.in_([(each.article_id, each.edition) for each in decided])
        connection.execute(delete(decisions).where(again))
        connection.execute(insert(decisions), [_decision_row(each) for each in decided])


def _decision_row(decision: Decision) -> dict[str, object]:
    return {name: getattr(decision, name) for name in Decision.__dataclass_fields__}


def _wanted_revision(article: Article) -> int:
    return 0 if article.state == "withdrawn" else article.revision


def add_post(connection: Connection, post: NewPost, now: datetime) -> int:
    """Insert a post and owe it to its chats; its id."""
    facts = {name: getattr(post, name) for name in NewPost.__dataclass_fields__}
    named = facts.pop("chats")
    facts["followers_after"] = BEFORE_ALL_IDS if facts.pop("followers") else None
    facts["feed_id"] = feed_id = turns.feed_of_article(connection, post.article_id)
    new = insert(posts).values(**facts, created_at=now).returning(posts.c.id)
    number: int = connection.execute(new).scalar_one()
    known = chats_by_id.get_many(connection, [chat_id for chat_id, _ in named])
    have_it = _chats_with_article(connection, post, dict(named))
    rows = [
        {
            "post_id": number,
            "chat_id": chat_id,
            "lane": post.lane,
            "public": is_public(known.get(chat_id)),
            "feed_id": feed_id if is_public(known.get(chat_id)) else turns.NO_FEED,
            "wanted_revision": post.revision,
            "not_before": not_before,
        }
        for chat_id, not_before in dict(named).items()
        if chat_id not in have_it
    ]
    if rows:
        connection.execute(insert(deliveries), rows)
    return number


def post_ids_of_article(connection: Connection, article_id: int) -> list[int]:
    """The article's own posts, one for each edition that posted it."""
    own = (posts.c.article_id == article_id) & (posts.c.kind == PostKind.ARTICLE)
    return list(connection.execute(select(posts.c.id).where(own)).scalars())


def _chats_with_article(connection: Connection, post: NewPost, chat_ids: Collection[int]) -> set[int]:
    """The chats that have, or are owed, the post's article already."""
    if post.article_id is None or not chat_ids:
        return set()
    same = deliveries.c.post_id.in_(post_ids_of_article(connection, post.article_id))
    query = select(deliveries.c.chat_id).where(same, deliveries.c.chat_id.in_(chat_ids))
    return set(connection.execute(query).scalars())


def is_public(chat: Chat | None) -> bool:
    """Whether it is a channel or group."""
    return chat is not None and chat.kind in chats_by_id.PUBLIC_KINDS


def add_notice(connection: Connection, operators: Iterable[int], words: str, now: datetime) -> None:
    """Owe a notice to the operators, ahead of routine posts."""
    to = tuple((chat_id, now) for chat_id in operators)
    if to:
        add_post(
            connection,
            NewPost(kind=PostKind.NOTICE, lane=Lane.BREAKING, text=words, not_before=now, chats=to),
            now,
        )


def update_posts(connection: Connection, article: Article, *, change_posts: bool = True) -> list[int]:
    """Let the article's posts show its current revision, or nothing if it is withdrawn; the ids of the posts.

    Their deliveries follow in slices (`fanout`). Without `change_posts` the change is only recorded.
    """
    revision = _wanted_revision(article)
    values = {"told": revision, "changed": articles.c.changed}
    connection.execute(update(articles).where(articles.c.id == article.id).values(**values))
    if not change_posts:
        return []
    other = (posts.c.article_id == article.id) & (posts.c.kind == PostKind.ARTICLE)
    raised = update(posts).where(other, posts.c.revision != revision)
    mark = {"revision": revision, "raised_after": BEFORE_ALL_IDS}
    if revision == 0:
        mark["followers_after"] = None  # type: ignore[assignment]
    return list(connection.execute(raised.values(**mark).returning(posts.c.id)).scalars())
