"""Is this a correction? New wording, a new link or image is; a new date, order or spacing is not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from jobs.ingest.content.clean import fold_text
from jobs.ingest.content.images import image_key
from jobs.ingest.parse.model import ParsedItem
from storage.articles import ArticleDraft
from storage.records import Article, Entry, Revision
from storage.text.urls import link_key

#: An item that changes more often contains something like a clock (the limit that lemon24/reader uses).
MAX_CHANGES = 24
#: The same wording may come back once, if a correction is reverted; more often, two caches alternate.
_MAX_REPEATS = 2
_PARTS = ("title", "summary", "image", "text")
_PART_BYTES = 8


@dataclass(frozen=True, slots=True)
class Edit:
    """The differences between a known item and what its feed said before."""

    changed: tuple[str, ...] = ()  #: of "title", "summary", "url", "image": worth a revision
    text: bool = False  #: the article's own text changed, which no post shows


def content_hash(item: ParsedItem) -> bytes:
    """A hash of an item's content: 8 bytes for each of `_PARTS`, ignoring dates, order and spacing."""
    said = (item.title, item.summary, image_key(item.image_url), item.text)
    return b"".join(
        sha256(fold_text(part).encode("utf-8", "surrogatepass")).digest()[:_PART_BYTES] for part in said
    )


def differing_parts(before: bytes, after: bytes) -> set[str]:
    """The parts in which two content hashes differ."""
    parts = enumerate(_PARTS)
    return {part for index, part in parts if _part_hash(before, index) != _part_hash(after, index)}


def _part_hash(hashed: bytes, index: int) -> bytes:
    return hashed[index * _PART_BYTES : (index + 1) * _PART_BYTES]


def shown_parts(hashed: bytes) -> bytes:
    """The part of a content hash that covers what a post shows."""
    return hashed[: _PARTS.index("text") * _PART_BYTES]


def item_date(item: ParsedItem) -> datetime | None:
    """When the item says that it was last changed."""
    return item.updated or item.published


def may_edit(entry: Entry, said: bytes, moved: bool) -> bool:
    """Whether the item differs from what this feed said before, so that it must be compared with the article.

    `said` is the item's current `content_hash`.
    """
    return entry.changes < MAX_CHANGES and (moved or entry.content_hash != said)


def find_edit(
    entry: Entry, item: ParsedItem, moved: bool, article: Article, earlier: Sequence[Revision]
) -> Edit:
    """The edit that the article's source feed made.

    `moved`: the item has a new link that the feed may give to the article; `earlier`: the article's
    revisions.
    """
    parts = differing_parts(entry.content_hash, content_hash(item))
    changed = []
    if "title" in parts and fold_text(item.title) != fold_text(article.title):
        changed.append("title")
    if "summary" in parts and item.summary and fold_text(item.summary) != fold_text(article.summary):
        changed.append("summary")
    if changed and _is_alternating(item, article, earlier):
        changed = []
    if moved and item.link and link_key(item.link) != link_key(article.url):
        changed.append("url")
    if "image" in parts and item.image_url and image_key(item.image_url) != image_key(article.image_url):
        changed.append("image")
    return Edit(tuple(changed), "text" in parts and bool(item.text))


def differing_fields(article: Article, says: ArticleDraft, *, whole: bool) -> tuple[str, ...]:
    """The fields that readers would see change if the draft replaced the article's content.

    Empty fields of the draft are ignored unless it replaces the `whole` article.
    """
    seen = {
        "title": fold_text(says.title) != fold_text(article.title),
        "summary": fold_text(says.summary) != fold_text(article.summary),
        "url": says.url != article.url if whole else link_key(says.url) != link_key(article.url),
        "image": image_key(says.image_url) != image_key(article.image_url),
    }
    given = {"title": says.title, "summary": says.summary, "url": says.url, "image": says.image_url}
    return tuple(name for name, differs in seen.items() if differs and (whole or given[name]))


def _is_alternating(item: ParsedItem, article: Article, earlier: Sequence[Revision]) -> bool:
    """Whether exactly this wording has been used and replaced more than once."""
    now = (fold_text(item.title), fold_text(item.summary or article.summary))
    return [(fold_text(one.title), fold_text(one.summary)) for one in earlier].count(now) >= _MAX_REPEATS
