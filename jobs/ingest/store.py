"""One look is kept in one transaction: articles, entries, identities, corrections, the feed's state."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from jobs.config import Authority, Fetching, covers
from jobs.ingest import authority, corrections, dedupe, identity_claims, item_order, known_articles
from jobs.ingest.dedupe import Document, Found, Named, New, Old
from jobs.ingest.identity_claims import Claims
from jobs.ingest.known_articles import Look, Noted
from jobs.ingest.page.enrich import Added
from jobs.ingest.parse.model import ParsedFeed
from jobs.ingest.removals import missing
from jobs.ingest.websub import push_age
from jobs.ingest.websub.push_age import Age
from storage import articles, entries, feeds, identities
from storage.articles import Draft
from storage.database import Connection
from storage.entries import Presence
from storage.identities import words_key
from storage.records import Article, ArticleState, Entry, Feed
from storage.text.urls import is_front_page, link_keys, site


@dataclass(frozen=True, slots=True)
class Kept:
    """What a look brought."""

    new: tuple[int, ...] = ()  #: to be posted or not, in the order of publication
    revised: tuple[int, ...] = ()
    seen: int = 0  #: articles that were known
    missing: tuple[int, ...] = ()  #: articles that seem to have been taken back: to be looked after
    problem: str = ""  #: why the look counts as failed although its items were taken
    brought: tuple[int, ...] = ()  #: known by other feeds' words, and news by this one's
    doubtful: bool = False  #: pushed, and perhaps old: a reason to look


class Push(StrEnum):
    """How a push is kept: nothing of it is believed that may be old."""

    FIRST = "first"  #: as it comes
    AFTER_LOOK = "after look"  #: the feed was looked at since, and has the last word on what it shows
    WITHOUT_LOOK = "without look"  #: it could not be: the last look has the last word


def unknown(connection: Connection, feed_id: int, parsed: ParsedFeed, named: Authority) -> tuple[Named, ...]:
    """The items that would be news by this feed's word, and not a backlog, if the look were kept now."""
    feed = feeds.get(connection, feed_id)
    if feed is None or not entries.has_any(connection, feed_id):
        return ()
    _, found = _recognise(connection, feed, dedupe.name(feed_id, parsed), named)
    shown = entries.of_feed(connection, feed_id, [one.article_id for one in found.old])
    brought = [one.named for one in found.old if one.article_id not in shown]
    return (*(one.named for one in found.new), *brought)


def keep(
    connection: Connection,
    feed_id: int,
    parsed: ParsedFeed,
    policy: Fetching,
    now: datetime,
    state: Mapping[str, object],
    pages: Mapping[int, Added] | None = None,
    push: Push | None = None,
) -> Kept:
    """Keep what a feed said, and `state`, the feed's columns after this look, all of it or nothing.

    `pages` holds, by an item's position, what its own page adds. Of a push only what is new for sure is kept.
    """
    identities.one_at_a_time(connection)
    feed = feeds.get(connection, feed_id)
    if feed is None:
        return Kept()
    look = Look(feed, policy.authority, now, pushed=push is not None)
    document = dedupe.name(feed_id, parsed)
    known, found = _recognise(connection, feed, document, policy.authority)
    before = entries.last_look(connection, feed_id)
    shown, doubtful = _entries(connection, feed_id, found, before), False
    if push is not None:
        found, doubtful = _believed(connection, look, found, shown, push)
    ordered = item_order.oldest_first(found.new, now)
    kept_back = _kept_back(found, ordered, policy.backfill, look) if not before else set()
    drafts = _drafts(feed, [*ordered, *found.old], kept_back, now, pages or {})
    new = articles.add(connection, [drafts[one.named.position] for one in ordered], now)
    numbered = list(zip(ordered, new, strict=True))
    _claim(connection, look, document, found, numbered, known, pages or {})
    noted = _note(connection, look, found, numbered, shown, drafts)
    feeds.change(connection, feed_id, **({"last_new_at": now, **state} if new else state))
    gone = _missing(connection, look, before, found.old, parsed) if push is None else []
    revised, brought = tuple(noted.revised), tuple(noted.brought)
    return Kept(tuple(new), revised, len(found.old), tuple(gone), parsed.cut, brought, doubtful)


def _note(
    connection: Connection,
    look: Look,
    found: Found,
    new: Sequence[tuple[New, int]],
    shown: Mapping[int, Entry],
    drafts: Mapping[int, Draft],
) -> Noted:
    """Keep the feed's entries, of new articles and of known ones; those are corrected."""
    noted = known_articles.note(connection, look, found.old, shown, drafts)
    fresh = [
        known_articles.first_entry(look, one.named, drafts[one.named.position], number) for one, number in new
    ]
    entries.keep(connection, [*fresh, *noted.entries])
    return noted


def _recognise(
    connection: Connection, feed: Feed, document: Document, named: Authority
) -> tuple[Claims, Found]:
    known = identity_claims.read(connection, feed, document, named)
    return known, dedupe.recognise(document, known.known, known.claimed)


def _kept_back(found: Found, ordered: Sequence[New], backfill: int, look: Look) -> set[int]:
    """Of a first look the positions of what is no news: what is known anyway, and the new but for a few."""
    empty_since = look.feed.succeeded_at
    old = item_order.backlog(found.old, 0, empty_since, look.now)
    return old | item_order.backlog(ordered, backfill, empty_since, look.now)


def _drafts(
    feed: Feed,
    items: Sequence[New | Old],
    kept_back: Collection[int],
    now: datetime,
    pages: Mapping[int, Added],
) -> dict[int, Draft]:
    """Each item as an article in this feed's words, by its position."""
    found = {one.named.position: item_order.draft(one, now, kept_back, feed.language) for one in items}
    return {
        position: replace(_with_page(draft, pages.get(position), now), feed_id=feed.id)
        for position, draft in found.items()
    }


def _with_page(draft: Draft, page: Added | None, now: datetime) -> Draft:
    if page is None:
        return draft
    return replace(draft, page_read_at=now if page.read else None, **page.fields)  # type: ignore[arg-type]


def _claim(
    connection: Connection,
    look: Look,
    document: Document,
    found: Found,
    new: Sequence[tuple[New, int]],
    known: Claims,
    pages: Mapping[int, Added],
) -> None:
    """Keep which article each key names from now on, as far as this feed may say so for others.

    What a page calls its own address comes last.
    """
    feed, named, now = look.feed, look.authority, look.now
    identity_claims.disown(connection, feed, document, found.shared, known, named, now)
    keys = {key: number for one, number in new for key in one.keys}
    keys |= {key: one.article_id for one in found.old for key in one.keys}
    joined = set(known.claimed.values())
    public = {number for _, number in new}
    public |= {
        one.article_id for one in found.old if one.article_id in joined or _may_move(connection, look, one)
    }
    identity_claims.claim(connection, feed, document, keys, public, known, named, now)
    linked = ((one, pages.get(one.named.position), number) for one, number in new)
    own = {
        key: number
        for one, page, number in linked
        if page and not is_front_page(page.link) and _is_its_own(look, one, page.link)
        for key in link_keys(page.link)
    }
    identities.remember(connection, own, now, feed.id)


def _may_move(connection: Connection, look: Look, one: Old) -> bool:
    """Whether a known article has a new link, and this feed may give it that for everybody."""
    if one.named.link not in one.keys:
        return False
    article, presences = (
        articles.get(connection, one.article_id),
        entries.presences(connection, one.article_id),
    )
    mine = next((each for each in presences if each.feed_id == look.feed.id), None)
    if article is None or mine is None:
        return False
    return authority.may_move(mine, presences, article.url, one.named.item.link, look.authority)


def _is_its_own(look: Look, one: New, link: str) -> bool:
    """Whether what a page calls its address is its site's to say: a redirect may lead to anybody's."""
    same = site(link) == site(one.named.item.link)
    return same or covers(look.feed.url, link, look.authority)


def _entries(connection: Connection, feed_id: int, found: Found, last: Sequence[Entry]) -> dict[int, Entry]:
    """The feed's entries of what it shows again; of those not in its last look the others are asked for."""
    known = {entry.article_id: entry for entry in last}
    others = [one.article_id for one in found.old if one.article_id not in known]
    return known | (entries.of_feed(connection, feed_id, others) if others else {})


def _believed(
    connection: Connection, look: Look, found: Found, shown: Mapping[int, Entry], push: Push
) -> tuple[Found, bool]:
    """What of a push is newer for sure, and whether there is more that may be."""
    differing = {
        one.article_id: words_key(
            look.feed.id, one.article_id, corrections.shown(corrections.content_hash(one.named.item))
        )
        for one in found.old
        if one.article_id in shown
    }
    said = identities.known(connection, differing.values())
    taken, refused = [one for one in found.old if one.article_id not in shown], dict[bytes, int]()
    doubtful = False
    for one in (each for each in found.old if each.article_id in shown):
        entry, key = shown[one.article_id], differing[one.article_id]
        how_old = push_age.age(entry, one.named.item, moved=one.moved, said_before=key in said)
        if how_old is Age.UNSURE and push is not Push.FIRST:
            if not entries.is_shown(connection, entry):
                how_old = Age.NEWER
            elif push is Push.AFTER_LOOK:
                refused[key] = one.article_id
        taken += [one] if how_old is Age.NEWER else []
        doubtful |= how_old in (Age.OLDER, Age.UNSURE)
    identities.remember(connection, refused, look.now, look.feed.id)
    return replace(found, old=tuple(taken)), doubtful


def _missing(
    connection: Connection, look: Look, before: Sequence[Entry], old: Sequence[Old], parsed: ParsedFeed
) -> list[int]:
    shown = {one.article_id: one.named.position for one in old}
    if parsed.cut or not missing(before, shown):
        return []
    known = {one.id: one for one in articles.many(connection, [entry.article_id for entry in before])}
    gone = missing(before, shown, {article.id: article.published_at for article in known.values()})
    return [
        number for number in gone if _may_withdraw(connection, look.feed.id, known[number], look.authority)
    ]


def _may_withdraw(connection: Connection, feed_id: int, article: Article, named: Authority) -> bool:
    presences: Sequence[Presence] = entries.presences(connection, article.id)
    mine = next((one for one in presences if one.feed_id == feed_id), None)
    return mine is not None and authority.may_withdraw(mine, presences, article.url, named)


def take_back(
    connection: Connection,
    suspect: Article,
    because: str,
    now: datetime,
    feed_id: int,
    named: Authority,
) -> bool:
    """Withdraw an article that its feed no longer shows and whose page is gone; False if that has changed.

    The page was asked for beside everything else: meanwhile the article may have got another link, or the
    word on it may have gone to another feed.
    """
    identities.one_at_a_time(connection)
    article = articles.get(connection, suspect.id)
    if article is None or article.url != suspect.url or article.state is not ArticleState.LIVE:
        return False
    if not _may_withdraw(connection, feed_id, article, named):
        return False
    return articles.withdraw(connection, article.id, now, f"{identity_claims.PAGE_GONE}{because}")
