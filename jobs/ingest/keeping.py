"""One look is kept in one transaction: articles, entries, identities, corrections, the feed's state."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jobs.ingest import dedupe, edits, ordering
from jobs.ingest.dedupe import New, Old
from jobs.ingest.missing import missing
from jobs.ingest.pages import Added
from jobs.ingest.parsed import ParsedFeed
from storage import articles, entries, feeds, identities
from storage.articles import Draft
from storage.database import Connection
from storage.identities import link_keys
from storage.links import is_front_page
from storage.records import Article, Entry, Feed


@dataclass(frozen=True, slots=True)
class Kept:
    """What a look brought."""

    new: tuple[int, ...] = ()  #: to be posted or not, in the order of publication
    revised: tuple[int, ...] = ()
    seen: int = 0  #: articles that were known
    missing: tuple[int, ...] = ()  #: articles that seem to have been taken back: to be looked after
    problem: str = ""  #: why the look counts as failed although its items were taken


def unknown(connection: Connection, feed_id: int, parsed: ParsedFeed) -> tuple[New, ...]:
    """The items that would be new, and not a backlog, if the look were kept now."""
    if not entries.has_any(connection, feed_id):
        return ()
    document = dedupe.name(feed_id, parsed)
    return dedupe.recognise(document, identities.known(connection, document.keys())).new


def keep(
    connection: Connection,
    feed_id: int,
    parsed: ParsedFeed,
    backfill: int,
    now: datetime,
    state: Mapping[str, object],
    pages: Mapping[int, Added] | None = None,
) -> Kept:
    """Keep what a feed said, and `state`, the feed's columns after this look, all of it or nothing.

    `backfill` articles of a first look may be posted. `pages` holds, by an item's position, what its
    own page adds.
    """
    identities.one_at_a_time(connection)
    feed = feeds.get(connection, feed_id)
    if feed is None:
        return Kept()
    document = dedupe.name(feed_id, parsed)
    found = dedupe.recognise(document, identities.known(connection, document.keys()))
    before = entries.last_look(connection, feed_id)
    ordered = ordering.oldest_first(found.new, now)
    kept_back = ordering.backlog(ordered, backfill, feed.succeeded_at, now) if not before else set()
    drafts = _drafts(feed, ordered, kept_back, now, pages or {})
    new = articles.add(connection, drafts, now)
    identities.disown(connection, found.shared, now)
    identities.remember(connection, _keys(found.old, ordered, new, pages or {}), now)
    known, revised = _known(connection, feed_id, found.old, before, now)
    fresh = [_entry(feed_id, one, number, now) for one, number in zip(ordered, new, strict=True)]
    entries.keep(connection, [*fresh, *known])
    columns = {"last_new_at": now, **state} if new else dict(state)
    feeds.change(connection, feed_id, **columns)
    gone = _missing(connection, before, found.old, parsed)
    return Kept(tuple(new), tuple(revised), len(found.old), tuple(gone), parsed.cut)


def _drafts(
    feed: Feed, ordered: Sequence[New], kept_back: Collection[int], now: datetime, pages: Mapping[int, Added]
) -> list[Draft]:
    drafts = [ordering.draft(one, now, kept_back, feed.language) for one in ordered]
    read = [pages.get(one.named.position) for one in ordered]
    return [_with_page(draft, page, now) for draft, page in zip(drafts, read, strict=True)]


def _with_page(draft: Draft, page: Added | None, now: datetime) -> Draft:
    if page is None:
        return draft
    return replace(draft, page_read_at=now if page.read else None, **page.fields)  # type: ignore[arg-type]


def _keys(
    old: Sequence[Old], ordered: Sequence[New], new: Sequence[int], pages: Mapping[int, Added]
) -> dict[bytes, int]:
    """Which article each key names from now on; what a page calls its own address comes last."""
    fresh = list(zip(ordered, new, strict=True))
    linked = ((pages.get(one.named.position), number) for one, number in fresh)
    told = ((page.link, number) for page, number in linked if page and not is_front_page(page.link))
    keys = {key: number for link, number in told for key in link_keys(link)}
    keys |= {key: number for one, number in fresh for key in one.keys}
    return keys | {key: one.article_id for one in old for key in one.keys}


def _entry(feed_id: int, one: New, article_id: int, now: datetime) -> Entry:
    return Entry(
        feed_id=feed_id,
        article_id=article_id,
        content_hash=edits.content_hash(one.named.item),
        seen_at=now,
        last_seen_at=now,
        position=one.named.position,
        changes=0,
    )


def _known(
    connection: Connection, feed_id: int, old: Sequence[Old], last: Sequence[Entry], now: datetime
) -> tuple[list[Entry], list[int]]:
    """What is to be noted of known articles that were seen again, and which of them were corrected.

    `last` are the entries of the feed's last look; of those that were not in it the others are asked for.
    """
    before = {entry.article_id: entry for entry in last}
    others = [one.article_id for one in old if one.article_id not in before]
    if others:
        before |= entries.of_feed(connection, feed_id, others)
    revised, noted = [], []
    for one in old:
        entry, said = before.get(one.article_id), edits.content_hash(one.named.item)
        changes = entry.changes if entry else 0
        if entry is not None and edits.may_edit(entry, said, one.moved):
            edit = _correct(connection, feed_id, entry, one, now)
            changes += bool(edit.changed)
            revised += [one.article_id] if edit.changed else []
        noted.append(
            Entry(
                feed_id=feed_id,
                article_id=one.article_id,
                content_hash=said,
                seen_at=entry.seen_at if entry else now,
                last_seen_at=now,
                position=one.named.position,
                changes=changes,
            )
        )
    return noted, revised


def _correct(connection: Connection, feed_id: int, entry: Entry, one: Old, now: datetime) -> edits.Edit:
    article = articles.get(connection, one.article_id)
    if article is None:
        return edits.Edit()
    speaks = entries.speaker(connection, one.article_id) in (feed_id, None)
    trail = articles.revisions(connection, one.article_id)
    edit = edits.edit(entry, one.named.item, one.moved, article, trail, speaks)
    if edit.changed:
        articles.revise(connection, article.id, _says(one, article, edit, now), edit.changed, now)
    elif edit.text:
        articles.complete(connection, article.id, text=one.named.item.text)
    return edit


def _says(one: Old, article: Article, edit: edits.Edit, now: datetime) -> Draft:
    """The correction: what changed, as the item has it; what did not, as the article has it."""
    item = one.named.item
    image = "image" in edit.changed
    return Draft(
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


def _missing(
    connection: Connection, before: Sequence[Entry], old: Sequence[Old], parsed: ParsedFeed
) -> list[int]:
    shown = {one.article_id: one.named.position for one in old}
    if parsed.cut or not missing(before, shown):
        return []
    known = articles.many(connection, [entry.article_id for entry in before])
    return missing(before, shown, {article.id: article.published_at for article in known})
