"""Store a feed update in one transaction: articles, entries, identities, corrections, the feed's state."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from jobs.config import Authority, FetchPolicy, has_authority
from jobs.ingest import authority, corrections, dedupe, identity_claims, item_order, known_articles
from jobs.ingest.dedupe import DedupeResult, KeyedDocument, KeyedItem, KnownItem, NewItem
from jobs.ingest.identity_claims import Claims
from jobs.ingest.known_articles import KnownUpdates, UpdateContext
from jobs.ingest.page.enrich import PageFields
from jobs.ingest.parse.model import ParsedFeed
from jobs.ingest.removals import find_missing
from jobs.ingest.websub import push_age
from jobs.ingest.websub.push_age import PushAge
from storage import articles, entries, feeds, identities
from storage.articles import ArticleDraft
from storage.database import Connection
from storage.entries import EntryForAuthority
from storage.identities import content_key
from storage.records import Article, ArticleState, Entry, Feed
from storage.text.urls import is_front_page, link_keys, site_of


@dataclass(frozen=True, slots=True)
class StoreResult:
    """The articles that a feed update added or changed."""

    new: tuple[int, ...] = ()  #: including those not to be posted, in the order of publication
    revised: tuple[int, ...] = ()
    seen: int = 0  #: articles that were known
    missing: tuple[int, ...] = ()  #: articles that may have been withdrawn: their pages must be checked
    newly_listed: tuple[int, ...] = ()  #: known from other feeds, and listed as news by this one
    doubtful: bool = False  #: some of the push may be old: the feed must be updated


class PushMode(StrEnum):
    """At which stage a push is stored: nothing that may be old is stored at once."""

    FIRST = "first"  #: when it arrives
    AFTER_UPDATE = "after update"  #: the feed has been updated since, and overrules the push
    WITHOUT_UPDATE = "without update"  #: that failed: the last update overrules the push


def find_news(
    connection: Connection, feed_id: int, parsed: ParsedFeed, named: Authority
) -> tuple[KeyedItem, ...]:
    """The items that would be news, and not backlog, if the document were stored now."""
    feed = feeds.get(connection, feed_id)
    if feed is None or not entries.has_entries(connection, feed_id):
        return ()
    _, found = _match_document(connection, feed, dedupe.key_items(feed_id, parsed), named)
    shown = entries.entries_of_feed(connection, feed_id, [one.article_id for one in found.known])
    brought = [one.keyed for one in found.known if one.article_id not in shown]
    return (*(one.keyed for one in found.new), *brought)


def store_update(
    connection: Connection,
    feed_id: int,
    parsed: ParsedFeed,
    policy: FetchPolicy,
    now: datetime,
    state: Mapping[str, object],
    pages: Mapping[int, PageFields] | None = None,
    push: PushMode | None = None,
) -> StoreResult:
    """Store a feed's document and `state`, the feed's columns after this update.

    `pages` maps positions of items to what their own pages add. Of a push only what is surely new is stored.
    """
    identities.lock_identities(connection)
    feed = feeds.get(connection, feed_id)
    if feed is None:
        return StoreResult()
    update = UpdateContext(feed, policy.authority, now, pushed=push is not None)
    document = dedupe.key_items(feed_id, parsed)
    known, found = _match_document(connection, feed, document, policy.authority)
    before = entries.latest_entries(connection, feed_id)
    shown, doubtful = _load_entries(connection, feed_id, found, before), False
    if push is not None:
        found, doubtful = _filter_push(connection, update, found, shown, push)
    ordered = item_order.oldest_first(found.new, now)
    kept_back = _find_backlog(found, ordered, policy.backfill, update) if not before else set()
    drafts = _make_drafts(feed, [*ordered, *found.known], kept_back, now, pages or {})
    new = articles.add(connection, [drafts[one.keyed.position] for one in ordered], now)
    numbered = list(zip(ordered, new, strict=True))
    _store_identities(connection, update, document, found, numbered, known, pages or {})
    noted = _store_entries(connection, update, found, numbered, shown, drafts)
    feeds.update_columns(connection, feed_id, **({"last_new_at": now, **state} if new else state))
    gone = _find_withdrawn(connection, update, before, found.known, parsed) if push is None else []
    revised, brought = tuple(noted.revised), tuple(noted.newly_listed)
    return StoreResult(tuple(new), revised, len(found.known), tuple(gone), brought, doubtful)


def _store_entries(
    connection: Connection,
    update: UpdateContext,
    found: DedupeResult,
    new: Sequence[tuple[NewItem, int]],
    shown: Mapping[int, Entry],
    drafts: Mapping[int, ArticleDraft],
) -> KnownUpdates:
    """Store the feed's entries of new and known articles, and correct the known ones."""
    noted = known_articles.update_known(connection, update, found.known, shown, drafts)
    fresh = [
        known_articles.make_entry(update, one.keyed, drafts[one.keyed.position], number)
        for one, number in new
    ]
    entries.save_entries(connection, [*fresh, *noted.entries])
    return noted


def _match_document(
    connection: Connection, feed: Feed, document: KeyedDocument, named: Authority
) -> tuple[Claims, DedupeResult]:
    known = identity_claims.read_claims(connection, feed, document, named)
    return known, dedupe.match_items(document, known.known, known.joinable)


def _find_backlog(
    found: DedupeResult, ordered: Sequence[NewItem], backfill: int, update: UpdateContext
) -> set[int]:
    """The positions of a first update's backlog: known articles, and new ones but the newest `backfill`."""
    empty_since = update.feed.succeeded_at
    old = item_order.backlog_positions(found.known, 0, empty_since, update.now)
    return old | item_order.backlog_positions(ordered, backfill, empty_since, update.now)


def _make_drafts(
    feed: Feed,
    items: Sequence[NewItem | KnownItem],
    kept_back: Collection[int],
    now: datetime,
    pages: Mapping[int, PageFields],
) -> dict[int, ArticleDraft]:
    """The drafts of the items by position."""
    found = {one.keyed.position: item_order.make_draft(one, now, kept_back, feed.language) for one in items}
    return {
        position: replace(_add_page_fields(draft, pages.get(position), now), feed_id=feed.id)
        for position, draft in found.items()
    }


def _add_page_fields(draft: ArticleDraft, page: PageFields | None, now: datetime) -> ArticleDraft:
    if page is None:
        return draft
    return replace(draft, page_read_at=now if page.read else None, **page.fields)  # type: ignore[arg-type]


def _store_identities(
    connection: Connection,
    update: UpdateContext,
    document: KeyedDocument,
    found: DedupeResult,
    new: Sequence[tuple[NewItem, int]],
    known: Claims,
    pages: Mapping[int, PageFields],
) -> None:
    """Store which article each key identifies; the links that pages call their own are stored last."""
    feed, named, now = update.feed, update.authority, update.now
    identity_claims.mark_ambiguous(connection, feed, document, found.shared_keys, known, named, now)
    keys = {key: number for one, number in new for key in one.keys}
    keys |= {key: one.article_id for one in found.known for key in one.keys}
    joined = set(known.joinable.values())
    public = {number for _, number in new}
    public |= {
        one.article_id
        for one in found.known
        if one.article_id in joined or _may_publish_link(connection, update, one)
    }
    identity_claims.store_claims(connection, feed, document, keys, public, known, named, now)
    linked = ((one, pages.get(one.keyed.position), number) for one, number in new)
    own = {
        key: number
        for one, page, number in linked
        if page and not is_front_page(page.page_url) and _is_own_link(update, one, page.page_url)
        for key in link_keys(page.page_url)
    }
    identities.add_keys(connection, own, now, feed.id)


def _may_publish_link(connection: Connection, update: UpdateContext, one: KnownItem) -> bool:
    """Whether a known article has a new link that this feed may claim for all feeds."""
    if one.keyed.link not in one.keys:
        return False
    article, presences = (
        articles.get(connection, one.article_id),
        entries.entries_for_authority(connection, one.article_id),
    )
    mine = next((each for each in presences if each.feed_id == update.feed.id), None)
    if article is None or mine is None:
        return False
    return authority.may_move(mine, presences, article.url, one.keyed.item.link, update.authority)


def _is_own_link(update: UpdateContext, one: NewItem, link: str) -> bool:
    """Whether a page's own link is on the item's site, or on one that the feed covers."""
    same = site_of(link) == site_of(one.keyed.item.link)
    return same or has_authority(update.feed.url, link, update.authority)


def _load_entries(
    connection: Connection, feed_id: int, found: DedupeResult, last: Sequence[Entry]
) -> dict[int, Entry]:
    """The feed's entries of known articles; those not in the last update are read from the database."""
    known = {entry.article_id: entry for entry in last}
    others = [one.article_id for one in found.known if one.article_id not in known]
    return known | (entries.entries_of_feed(connection, feed_id, others) if others else {})


def _filter_push(
    connection: Connection,
    update: UpdateContext,
    found: DedupeResult,
    shown: Mapping[int, Entry],
    push: PushMode,
) -> tuple[DedupeResult, bool]:
    """The part of a push that is surely newer, and whether there is more that may be."""
    differing = {
        one.article_id: content_key(
            update.feed.id, one.article_id, corrections.shown_parts(corrections.content_hash(one.keyed.item))
        )
        for one in found.known
        if one.article_id in shown
    }
    said = identities.find_articles(connection, differing.values())
    taken, refused = [one for one in found.known if one.article_id not in shown], dict[bytes, int]()
    doubtful = False
    for one in (each for each in found.known if each.article_id in shown):
        entry, key = shown[one.article_id], differing[one.article_id]
        how_old = push_age.classify_push(entry, one.keyed.item, moved=one.moved, said_before=key in said)
        if how_old is PushAge.UNSURE and push is not PushMode.FIRST:
            if not entries.is_in_last_update(connection, entry):
                how_old = PushAge.NEWER
            elif push is PushMode.AFTER_UPDATE:
                refused[key] = one.article_id
        taken += [one] if how_old is PushAge.NEWER else []
        doubtful |= how_old in (PushAge.OLDER, PushAge.UNSURE)
    identities.add_keys(connection, refused, update.now, update.feed.id)
    return replace(found, known=tuple(taken)), doubtful


def _find_withdrawn(
    connection: Connection,
    update: UpdateContext,
    before: Sequence[Entry],
    old: Sequence[KnownItem],
    parsed: ParsedFeed,
) -> list[int]:
    shown = {one.article_id: one.keyed.position for one in old}
    if parsed.cut or not find_missing(before, shown):
        return []
    known = {one.id: one for one in articles.get_many(connection, [entry.article_id for entry in before])}
    gone = find_missing(before, shown, {article.id: article.published_at for article in known.values()})
    return [
        number
        for number in gone
        if _can_withdraw(connection, update.feed.id, known[number], update.authority)
    ]


def _can_withdraw(connection: Connection, feed_id: int, article: Article, named: Authority) -> bool:
    presences: Sequence[EntryForAuthority] = entries.entries_for_authority(connection, article.id)
    mine = next((one for one in presences if one.feed_id == feed_id), None)
    return mine is not None and authority.may_withdraw(mine, presences, article.url, named)


def withdraw_missing(
    connection: Connection,
    suspect: Article,
    because: str,
    now: datetime,
    feed_id: int,
    named: Authority,
) -> bool:
    """Withdraw an article that its feed no longer shows and whose page is gone; False if that changed.

    While the page was fetched, the article may have got another link, or another source feed.
    """
    identities.lock_identities(connection)
    article = articles.get(connection, suspect.id)
    if article is None or article.url != suspect.url or article.state is not ArticleState.LIVE:
        return False
    if not _can_withdraw(connection, feed_id, article, named):
        return False
    return articles.withdraw(connection, article.id, now, f"{identity_claims.PAGE_GONE}{because}")
