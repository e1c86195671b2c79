"""Is this an edit? New words, a new link or picture are; a new date, order or spacing is not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from jobs.ingest.content.clean import folded
from jobs.ingest.content.images import image_key
from jobs.ingest.parse.model import ParsedItem
from storage.articles import Draft
from storage.records import Article, Entry, Revision
from storage.text.urls import link_key

#: More edits of one item than this are a clock in its text, not a newsroom (lemon24/reader's figure).
MOST_CHANGES = 24
#: The same words may come back once: a correction taken back. Oftener, two caches take turns.
_RETURNS = 2
_PARTS = ("title", "summary", "image", "text")
_PART = 8


@dataclass(frozen=True, slots=True)
class Edit:
    """What a known item says now that it did not say before."""

    changed: tuple[str, ...] = ()  #: of "title", "summary", "url", "image": worth a revision
    text: bool = False  #: the article's own text changed, which no post shows


def content_hash(item: ParsedItem) -> bytes:
    """What an item says, a part of the hash for each of `_PARTS`; dates, order and spacing left out."""
    said = (item.title, item.summary, image_key(item.image_url), item.text)
    return b"".join(sha256(folded(part).encode("utf-8", "surrogatepass")).digest()[:_PART] for part in said)


def differing(before: bytes, after: bytes) -> set[str]:
    """The parts in which two content hashes differ."""
    parts = enumerate(_PARTS)
    return {part for index, part in parts if _slice(before, index) != _slice(after, index)}


def _slice(hashed: bytes, index: int) -> bytes:
    return hashed[index * _PART : (index + 1) * _PART]


def shown(hashed: bytes) -> bytes:
    """The parts of a content hash that readers see in a post."""
    return hashed[: _PARTS.index("text") * _PART]


def dated(item: ParsedItem) -> datetime | None:
    """When an item was changed by its own word."""
    return item.updated or item.published


def may_edit(entry: Entry, said: bytes, moved: bool) -> bool:
    """Whether it is worth comparing with the article: this feed says something else than it did before.

    `said` is the `content_hash` of what it says now.
    """
    return entry.changes < MOST_CHANGES and (moved or entry.content_hash != said)


def edit(entry: Entry, item: ParsedItem, moved: bool, article: Article, earlier: Sequence[Revision]) -> Edit:
    """What of the article this feed, whose words it has, has changed.

    `moved` says that its link is a new one which the feed may give it, `earlier` is the audit trail.
    """
    parts = differing(entry.content_hash, content_hash(item))
    changed = []
    if "title" in parts and folded(item.title) != folded(article.title):
        changed.append("title")
    if "summary" in parts and item.summary and folded(item.summary) != folded(article.summary):
        changed.append("summary")
    if changed and _takes_turns(item, article, earlier):
        changed = []
    if moved and item.link and link_key(item.link) != link_key(article.url):
        changed.append("url")
    if "image" in parts and item.image_url and image_key(item.image_url) != image_key(article.image_url):
        changed.append("image")
    return Edit(tuple(changed), "text" in parts and bool(item.text))


def differing_words(article: Article, says: Draft, *, whole: bool) -> tuple[str, ...]:
    """What readers see of it, if the article has these words instead of its own.

    Unless they are to be the `whole` of it, what they leave empty stays.
    """
    seen = {
        "title": folded(says.title) != folded(article.title),
        "summary": folded(says.summary) != folded(article.summary),
        "url": says.url != article.url if whole else link_key(says.url) != link_key(article.url),
        "image": image_key(says.image_url) != image_key(article.image_url),
    }
    given = {"title": says.title, "summary": says.summary, "url": says.url, "image": says.image_url}
    return tuple(name for name, differs in seen.items() if differs and (whole or given[name]))


def _takes_turns(item: ParsedItem, article: Article, earlier: Sequence[Revision]) -> bool:
    """Whether these very words have come and gone before, more than once."""
    now = (folded(item.title), folded(item.summary or article.summary))
    return [(folded(one.title), folded(one.summary)) for one in earlier].count(now) >= _RETURNS
