"""Is this an edit? New words, a new link or picture are; a new date, order or spacing is not. Pure."""

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

#: More edits of one item than this are a clock in its text, not a newsroom (lemon24/reader's figure).
MAX_CHANGES = 24
#: The same words may come back once: a correction taken back. Oftener, two caches take turns.
_MAX_REPEATS = 2
_PARTS = ("title", "summary", "image", "text")
_PART_BYTES = 8


@dataclass(frozen=True, slots=True)
class Edit:
    """What a known item says now that it did not say before."""

    changed: tuple[str, ...] = ()  #: of "title", "summary", "url", "image": worth a revision
    text: bool = False  #: the article's own text changed, which no post shows


def content_hash(item: ParsedItem) -> bytes:
    """What an item says, a part of the hash for each of `_PARTS`; dates, order and spacing left out."""
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
    """The parts of a content hash that readers see in a post."""
    return hashed[: _PARTS.index("text") * _PART_BYTES]


def item_date(item: ParsedItem) -> datetime | None:
    """When an item was changed by its own word."""
    return item.updated or item.published


def may_edit(entry: Entry, said: bytes, moved: bool) -> bool:
    """Whether it is worth comparing with the article: this feed says something else than it did before.

    `said` is the `content_hash` of what it says now.
    """
    return entry.changes < MAX_CHANGES and (moved or entry.content_hash != said)


def find_edit(
    entry: Entry, item: ParsedItem, moved: bool, article: Article, earlier: Sequence[Revision]
) -> Edit:
    """What of the article this feed, whose words it has, has changed.

    `moved` says that its link is a new one which the feed may give it, `earlier` is the audit trail.
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
    """What readers see of it, if the article has these words instead of its own.

    Unless they are to be the `whole` of it, what they leave empty stays.
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
    """Whether these very words have come and gone before, more than once."""
    now = (fold_text(item.title), fold_text(item.summary or article.summary))
    return [(fold_text(one.title), fold_text(one.summary)) for one in earlier].count(now) >= _MAX_REPEATS
