"""Known articles in a feed update: their entries, and the corrections that the feed may make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from jobs.config import Authority, has_authority
from jobs.ingest import corrections
from jobs.ingest.authority import find_source_feed, may_correct, may_move
from jobs.ingest.dedupe import KeyedItem, KnownItem
from storage import articles, entries, identities, stories
from storage.articles import ArticleDraft
from storage.database import Connection
from storage.delivery import planning
from storage.entries import EntryForAuthority
from storage.records import Article, ArticleState, Entry, Feed


@dataclass(frozen=True, slots=True)
class UpdateContext:
    """The feed that is being updated, and when."""

    feed: Feed
    authority: Authority
    now: datetime
    pushed: bool = False  #: by a hub: a push says nothing about other items or about positions


@dataclass(slots=True)
class KnownUpdates:
    """The entries to store for known articles, and the articles that changed."""

    entries: list[Entry] = field(default_factory=list)
    revised: list[int] = field(default_factory=list)
    newly_listed: list[int] = field(default_factory=list)  #: shown by this feed for the first time, as news


def update_known(
    connection: Connection,
    update: UpdateContext,
    old: Sequence[KnownItem],
    known: Mapping[int, Entry],
    drafts: Mapping[int, ArticleDraft],
) -> KnownUpdates:
    """Correct the articles that the feed may correct.

    `known` maps articles to the feed's entries, `drafts` positions to drafts.
    """
    noted = KnownUpdates()
    for one in old:
        entry, draft = known.get(one.article_id), drafts[one.keyed.position]
        if entry is None:
            entry = make_entry(update, one.keyed, draft, one.article_id)
            changed = _add_presence(connection, update, entry, draft)
            noted.newly_listed += [] if entry.backlog else [one.article_id]
        else:
            changed = _correct_if_allowed(connection, update, entry, one, draft)
        noted.revised += [one.article_id] if changed else []
        noted.entries.append(_refresh_entry(update, entry, one.keyed, changes=entry.changes + changed))
    return noted


def make_entry(update: UpdateContext, named: KeyedItem, draft: ArticleDraft, article_id: int) -> Entry:
    """The entry of an article that its feed lists for the first time."""
    return Entry(
        feed_id=update.feed.id,
        article_id=article_id,
        content_hash=corrections.content_hash(named.item),
        seen_at=update.now,
        last_seen_at=entries.NO_UPDATE if update.pushed else update.now,
        position=named.position,
        changes=0,
        backlog=draft.backfill,
        published_at=draft.published_at,
        updated_at=corrections.item_date(named.item),
    )


def _refresh_entry(update: UpdateContext, entry: Entry, named: KeyedItem, changes: int) -> Entry:
    return replace(
        entry,
        content_hash=corrections.content_hash(named.item),
        last_seen_at=entry.last_seen_at if update.pushed else update.now,
        position=entry.position if update.pushed else named.position,
        changes=changes,
        updated_at=corrections.item_date(named.item),
    )


def _add_presence(connection: Connection, update: UpdateContext, entry: Entry, draft: ArticleDraft) -> bool:
    """Add a known article to this feed, which may become its source feed; whether its content changed."""
    article = articles.get(connection, entry.article_id)
    if article is None or article.state is not ArticleState.LIVE:
        return False
    mine = EntryForAuthority(update.feed.id, update.feed.url, True, entry.backlog, entry.seen_at, True)
    presences = [*entries.entries_for_authority(connection, article.id), mine]
    word = find_source_feed(presences, article.url, update.authority)
    speaks = word is mine and article.feed_id != update.feed.id
    changed = speaks and _replace_source(connection, update, article, draft, presences)
    if not entry.backlog:
        planning.reopen_planning(connection, article.id, update.now)
    return changed


def _correct_if_allowed(
    connection: Connection, update: UpdateContext, entry: Entry, one: KnownItem, draft: ArticleDraft
) -> bool:
    """Apply a correction if the feed may make it; whether there was one."""
    if not corrections.may_edit(entry, corrections.content_hash(one.keyed.item), one.moved):
        return False
    article = articles.get(connection, entry.article_id)
    if article is None:
        return False
    presences = entries.entries_for_authority(connection, article.id)
    mine = next(one for one in presences if one.feed_id == update.feed.id)
    if not may_correct(mine, presences, article.url, update.authority):
        return False
    moved = one.moved and may_move(mine, presences, article.url, draft.url, update.authority)
    if article.feed_id not in (None, update.feed.id):
        return _replace_source(connection, update, article, draft, presences, moved=moved)
    return _apply_edit(connection, update, entry, replace(one, moved=moved), article)


def _apply_edit(
    connection: Connection, update: UpdateContext, entry: Entry, one: KnownItem, article: Article
) -> bool:
    item, trail = one.keyed.item, articles.list_revisions(connection, article.id)
    edit = corrections.find_edit(entry, item, one.moved, article, trail)
    if edit.changed:
        articles.revise(connection, article.id, _edited_draft(one, article, edit), edit.changed, update.now)
        said = identities.content_key(update.feed.id, article.id, corrections.shown_parts(entry.content_hash))
        identities.add_keys(connection, {said: article.id}, update.now, update.feed.id)
    elif edit.text:
        articles.update_columns(connection, article.id, text=item.text)
    return bool(edit.changed)


def _edited_draft(one: KnownItem, article: Article, edit: corrections.Edit) -> ArticleDraft:
    """The article with the edited fields taken from the item."""
    item = one.keyed.item
    image = "image" in edit.changed
    return ArticleDraft(
        url=item.link if "url" in edit.changed else article.url,
        title=item.title if "title" in edit.changed else article.title,
        summary=item.summary if "summary" in edit.changed else article.summary,
        text=item.text if edit.text else article.text,
        author=article.author,
        sections=article.sections,
        image_url=item.image_url if image else article.image_url,
        image_width=item.image_width if image else article.image_width,
        published_at=article.published_at,
    )


def _replace_source(
    connection: Connection,
    update: UpdateContext,
    article: Article,
    draft: ArticleDraft,
    presences: Sequence[EntryForAuthority],
    *,
    moved: bool = False,
) -> bool:
    """Replace the article's content with this feed's; True if readers see a difference.

    If the previous source feed had no authority over the article, nothing of its content is kept.
    """
    covering = {one.feed_id for one in presences if has_authority(one.address, article.url, update.authority)}
    whole = article.feed_id is not None and article.feed_id not in covering
    said = replace(draft, feed_id=update.feed.id, url=draft.url if whole or moved else "")
    changed = corrections.differing_fields(article, said, whole=whole)
    articles.replace_content(connection, article.id, said, changed, update.now, whole=whole)
    if whole:
        entries.clear_content_hashes(connection, article.id, covering - {update.feed.id})
    if whole and not planning.is_posted(connection, article.id):
        stories.reset_assignment(connection, article, update.now)
    return bool(changed)
