"""Articles: the news itself, stored once, corrected, withdrawn and found again."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    func,
    insert,
    or_,
    select,
    update,
)

from storage import identities
from storage.records import Article, ArticleState, Revision
from storage.rows import to_records
from storage.schema import articles
from storage.schema import revisions as revisions_table

#: What a correction may change; never when and where it was first published.
_CORRECTABLE = {"url", "title", "summary", "text", "author", "sections", "image_url", "image_width"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDraft:
    """An article before it is stored; all of it is plain text."""

    url: str
    title: str
    summary: str
    text: str = ""
    author: str = ""
    sections: tuple[str, ...] = ()
    language: str = ""
    image_url: str = ""
    image_width: int = 0
    published_at: datetime
    backfill: bool = False
    page_read_at: datetime | None = None
    feed_id: int | None = None  #: the feed that the content is from


def add(connection: Connection, drafts: Sequence[ArticleDraft], now: datetime) -> list[int]:
    """Insert new articles, each with its first revision; their ids, in the same order."""
    if not drafts:
        return []
    rows = [{**asdict(draft), "seen_at": now} for draft in drafts]
    query = insert(articles).returning(articles.c.id, sort_by_parameter_order=True)
    ids = list(connection.execute(query, rows).scalars())
    first = [_revision_row(number, 1, draft, now, ()) for number, draft in zip(ids, drafts, strict=True)]
    connection.execute(insert(revisions_table), first)
    return ids


def revise(
    connection: Connection, article_id: int, draft: ArticleDraft, changed: Sequence[str], now: datetime
) -> int:
    """Correct an article and store the new revision; its number.

    `changed` are the revision's words: of "title", "summary", "url", "image". The date of publication
    and the fields that a draft leaves empty stay as they are.
    """
    columns = {name: value for name, value in asdict(draft).items() if name in _CORRECTABLE and value}
    columns |= {"revision": articles.c.revision + 1, "revised_at": now}
    connection.execute(update(articles).where(articles.c.id == article_id).values(**columns))
    [article] = get_many(connection, [article_id])
    row = _revision_row(article_id, article.revision, article, now, changed)
    connection.execute(insert(revisions_table), row)
    return article.revision


def replace_content(
    connection: Connection,
    article_id: int,
    draft: ArticleDraft,
    changed: Sequence[str],
    now: datetime,
    *,
    whole: bool,
) -> None:
    """Give an article another feed's content; if `whole`, empty fields and the date of publication too.

    Makes a new revision only if `changed` says that readers see the difference.
    """
    said = {name: value for name, value in asdict(draft).items() if name != "backfill"}
    if not whole:
        said = {name: value for name, value in said.items() if value and name != "published_at"}
    if changed:
        said |= {"revision": articles.c.revision + 1, "revised_at": now}
    connection.execute(update(articles).where(articles.c.id == article_id).values(**said))
    if changed:
        [article] = get_many(connection, [article_id])
        row = _revision_row(article_id, article.revision, article, now, changed)
        connection.execute(insert(revisions_table), row)


def _revision_row(
    article_id: int, number: int, says: ArticleDraft | Article, now: datetime, changed: Sequence[str]
) -> dict[str, object]:
    words = {"title": says.title, "summary": says.summary, "url": says.url, "image_url": says.image_url}
    return {"article_id": article_id, "number": number, "seen_at": now, "changed": tuple(changed), **words}


def update_columns(connection: Connection, article_id: int, /, **columns: object) -> None:
    """Write these columns without a new revision: for what no post shows, or has shown yet."""
    connection.execute(update(articles).where(articles.c.id == article_id).values(**columns))


def list_without_page(connection: Connection, count: int) -> list[Article]:
    """The newest live articles whose own page was never read."""
    unread = (
        (articles.c.state == ArticleState.LIVE) & articles.c.page_read_at.is_(None) & (articles.c.url != "")
    )
    return _select_articles(
        connection, select(articles).where(unread).order_by(articles.c.id.desc()).limit(count)
    )


def withdraw(connection: Connection, article_id: int, now: datetime, because: str = "") -> bool:
    """Withdraw an article; False if it does not exist or was withdrawn already."""
    live = (articles.c.id == article_id) & (articles.c.state == ArticleState.LIVE)
    query = (
        update(articles)
        .where(live)
        .values(state=ArticleState.WITHDRAWN, revised_at=now, withdrawn_because=because)
    )
    return connection.execute(query).rowcount == 1


def drop_texts(connection: Connection, before: datetime, count: int) -> int:
    """Delete the texts of up to `count` articles published before then; how many. Headlines stay."""
    old = (articles.c.published_at < before) & (articles.c.text != "")
    some = select(articles.c.id).where(old).order_by(articles.c.published_at).limit(count)
    query = update(articles).where(articles.c.id.in_(some.scalar_subquery()))
    return connection.execute(query.values(text="", changed=articles.c.changed)).rowcount


def get(connection: Connection, article_id: int) -> Article | None:
    """The article, or None."""
    return next(iter(get_many(connection, [article_id])), None)


_MANY_QUERY = select(articles).where(articles.c.id.in_(bindparam("ids", expanding=True)))


def get_many(connection: Connection, article_ids: Sequence[int]) -> list[Article]:
    """The articles in the given order; unknown ids are left out."""
    rows = connection.execute(_MANY_QUERY, {"ids": list(set(article_ids))})
    found = {article.id: article for article in to_records(Article, rows)}
    return [found[number] for number in article_ids if number in found]


def get_by_url(connection: Connection, url: str) -> Article | None:
    """The article that was ever published under this link, in any of its forms, or None."""
    keys = identities.link_keys(url)
    known = identities.find_articles(connection, keys)
    numbers = (known.get(key, identities.NO_ARTICLE) for key in keys)
    if number := next((each for each in numbers if each != identities.NO_ARTICLE), None):
        return get(connection, number)
    query = select(articles.c.id).where(articles.c.url == url).order_by(articles.c.id.desc()).limit(1)
    found = connection.execute(query).scalar() if url else None
    return get(connection, found) if found else None


def list_latest(
    connection: Connection, count: int, *, offset: int = 0, section: str = "", language: str = ""
) -> list[Article]:
    """The newest live articles, one of each set of duplicates, newest published first.

    `section` is compared without regard to case; `language` by its first part (`en` finds `en-GB`).
    """
    query = select(articles).where(_is_visible())
    if section:
        query = query.where(_in_section(connection, section))
    if language:
        short = language.lower().split("-")[0]
        tag = func.lower(articles.c.language)
        query = query.where(or_(tag == short, tag.startswith(f"{short}-", autoescape=True)))
    return _select_articles(connection, _newest_first(query).limit(count).offset(offset))


def list_sections(connection: Connection, among: int = 1000) -> list[str]:
    """The sections of the newest `among` articles, the most used first."""
    query = _newest_first(select(articles.c.sections).where(_is_visible())).limit(among)
    named = Counter(name for row in connection.execute(query) for name in row.sections)
    return [name for name, _ in sorted(named.items(), key=lambda item: (-item[1], item[0].casefold()))]


def list_revisions(connection: Connection, article_id: int) -> list[Revision]:
    """The revisions in order; the first is the article as first seen."""
    query = select(revisions_table).where(revisions_table.c.article_id == article_id)
    return to_records(Revision, connection.execute(query.order_by(revisions_table.c.number)))


def _is_visible() -> ColumnElement[bool]:
    return (articles.c.state == ArticleState.LIVE) & articles.c.duplicate_of.is_(None)


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(articles.c.published_at.desc(), articles.c.id.desc())


def _in_section(connection: Connection, section: str) -> ColumnElement[bool]:
    """Match every spelling of a section in use, in the JSON as SQLAlchemy writes it."""
    spelled = {name for name in list_sections(connection) if name.casefold() == section.casefold()} | {
        section
    }
    said = cast(articles.c.sections, Text)
    return or_(*(said.contains(json.dumps(name), autoescape=True) for name in sorted(spelled)))


def _select_articles(connection: Connection, query: Select[Any]) -> list[Article]:
    return to_records(Article, connection.execute(query))
