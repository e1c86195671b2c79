"""The order, date and backlog status of new articles. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime

from jobs.ingest.dedupe import KnownItem, NewItem
from jobs.ingest.parse.model import ParsedItem
from storage.articles import ArticleDraft


def date_of(item: ParsedItem, now: datetime) -> datetime | None:
    """The publication date that an item gives, or `now` if that is in the future."""
    said = item.published or item.updated
    return min(said, now) if said else None


def oldest_first(new: Sequence[NewItem], now: datetime) -> list[NewItem]:
    """Sort items in the order of publication.

    Feeds are newest first, so the last item is the oldest. Items with equal dates keep the feed's order; an
    item without a date has that of the item above it.
    """
    dated: list[tuple[datetime, int, NewItem]] = []
    last = now
    for one in new:
        last = date_of(one.keyed.item, now) or last
        dated.append((last, -one.keyed.position, one))
    return [one for _, _, one in sorted(dated, key=lambda entry: entry[:2])]


def backlog_positions(
    new: Sequence[NewItem | KnownItem], keep: int, empty_since: datetime | None, now: datetime
) -> set[int]:
    """The positions of a first update's articles (oldest first) that are stored but not posted.

    All but the newest `keep`; if an earlier update found the feed empty, only those older than that update.
    """
    older = list(new[: max(len(new) - keep, 0)])
    if empty_since is not None:
        older = [one for one in older if (date_of(one.keyed.item, now) or empty_since) <= empty_since]
    return {one.keyed.position for one in older}


def make_draft(
    one: NewItem | KnownItem, now: datetime, kept_back: Collection[int], language: str
) -> ArticleDraft:
    """The draft of the article that an item describes."""
    item = one.keyed.item
    return ArticleDraft(
        url=item.link,
        title=item.title,
        summary=item.summary,
        text=item.text,
        author=item.author,
        sections=item.sections,
        language=item.language or language,
        image_url=item.image_url,
        image_width=item.image_width,
        published_at=date_of(item, now) or now,
        backfill=one.keyed.position in kept_back,
    )
