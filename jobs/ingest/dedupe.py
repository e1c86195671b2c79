"""Deduplication: an item is known if its guid or its normalized link has ever been seen. Pure.

A guid is valid only within its own feed. A link is valid everywhere, but another feed's claim to it counts
only as far as `jobs.ingest.identity_claims` trusts it. A key shared by several items of one document (a
constant guid, the site's front page as every link) identifies none of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType

from jobs.ingest.content.clean import fold_text
from jobs.ingest.parse.model import ParsedFeed, ParsedItem
from storage.identities import NO_ARTICLE, guid_key, link_keys, own_link_key
from storage.text.urls import is_front_page, normalize_url

#: If this many items have one link but different guids and titles, the link belongs to the site. Two such
#: items are one story whose guid was bumped, as the BBC does.
_MIN_SHARING = 3


@dataclass(frozen=True, slots=True)
class KeyedItem:
    """An item, its position in the feed, and the keys that may identify it."""

    item: ParsedItem
    position: int
    guid: bytes | None
    link: bytes | None
    composed: bytes | None  #: of the link in composed form (NFC), if that differs
    feed_link: bytes | None  #: of the link within this feed: used if the feed may not claim the link for all
    content_key: bytes  #: of the whole content: for an item without any other key
    title: str  #: folded for comparison

    def __iter__(self) -> Iterator[bytes]:
        keys = (self.guid, self.link, self.composed, self.feed_link, self.content_key)
        yield from (key for key in keys if key)


@dataclass(frozen=True, slots=True)
class KeyedDocument:
    """A document's items with their keys, and the keys that are shared and so identify none of them."""

    items: tuple[KeyedItem, ...]
    shared_keys: frozenset[bytes]

    @property
    def by_link(self) -> dict[bytes, KeyedItem]:
        """The items by the keys of their links, the only keys that are valid outside their feed."""
        return {key: named for named in self.items for key in (named.link, named.composed) if key}

    def all_keys(self) -> set[bytes]:
        return {key for named in self.items for key in named}


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item that no feed has listed before."""

    keyed: KeyedItem
    keys: frozenset[bytes]  #: all its keys, including those of its repeats in the document


@dataclass(frozen=True, slots=True)
class KnownItem:
    """An item of a known article."""

    keyed: KeyedItem
    article_id: int
    keys: frozenset[bytes]  #: the new ones
    moved: bool = False  #: its guid is known and its link is new


@dataclass(frozen=True, slots=True)
class DedupeResult:
    """The articles in a document, each once, in the document's order."""

    new: tuple[NewItem, ...] = ()
    known: tuple[KnownItem, ...] = ()
    repeats: int = 0  #: items that repeat another one of the same document
    shared_keys: frozenset[bytes] = field(default_factory=frozenset)


def key_items(feed_id: int, feed: ParsedFeed) -> KeyedDocument:
    """Compute the keys of a feed's items. A link to the site's front page is not used as a key."""
    site = normalize_url(feed.link)
    items = tuple(_key_item(feed_id, item, position, site) for position, item in enumerate(feed.items))
    return KeyedDocument(items, frozenset(_find_shared_guids(items)) | frozenset(_find_shared_links(items)))


def _key_item(feed_id: int, item: ParsedItem, position: int, site: str) -> KeyedItem:
    telling = item.link and not is_front_page(item.link) and normalize_url(item.link) != site
    link, composed, *_ = (*(link_keys(item.link) if telling else ()), None, None)
    title = fold_text(item.title)
    words = f"whole\0{feed_id}\0{item.guid}\0{normalize_url(item.link)}\0{title}"
    return KeyedItem(
        item=item,
        position=position,
        guid=guid_key(feed_id, item.guid) if item.guid else None,
        link=link,
        composed=composed,
        feed_link=own_link_key(feed_id, item.link) if telling else None,
        content_key=sha256(words.encode("utf-8", "surrogatepass")).digest(),
        title=title,
    )


def _find_shared_guids(items: Iterable[KeyedItem]) -> Iterator[bytes]:
    """Guids of items whose links and titles both differ: such items are different stories."""
    seen: defaultdict[bytes, set[tuple[bytes | None, str]]] = defaultdict(set)
    for named in items:
        if named.guid:
            seen[named.guid].add((named.link, named.title))
    for guid, said in seen.items():
        links, titles = {link for link, _ in said}, {title for _, title in said}
        if len(titles) > 1 and (len(links) > 1 or links == {None}):
            yield guid


def _find_shared_links(items: Iterable[KeyedItem]) -> Iterator[bytes]:
    """Links of items that differ in everything else, not counting the fragment of a guid (`#0`, `#3`)."""
    seen: defaultdict[bytes, list[tuple[str, str]]] = defaultdict(list)
    for named in items:
        for link in filter(None, (named.link, named.composed)):
            seen[link].append((named.item.guid.partition("#")[0], named.title))
    for link, said in seen.items():
        guids, titles = {guid for guid, _ in said if guid}, {title for _, title in said}
        unlike = min(len(guids) or len(titles), len(titles))
        if unlike >= _MIN_SHARING:
            yield link


def match_items(
    document: KeyedDocument, known: Mapping[bytes, int], claimed: Mapping[bytes, int] = MappingProxyType({})
) -> DedupeResult:
    """Tell new items from known ones, given the articles that the document's keys identify.

    `claimed` holds links of other feeds' articles; they are used for items without any other known key.
    """
    ambiguous = frozenset(key for key, article in known.items() if article == NO_ARTICLE)
    telling = [
        (named, _identifying_keys(named, document.shared_keys | ambiguous)) for named in document.items
    ]
    new: list[NewItem] = []
    old: dict[int, KnownItem] = {}
    for members in _group_by_key(telling):
        anyones = _find_article(members, known) or _find_article(members, claimed)
        if anyones is None:
            every = {key for named, keys in members for key in (*keys, named.content_key)}
            every -= {named.feed_link for named, _ in members if named.feed_link}
            new.append(NewItem(members[0][0], frozenset(every)))
            continue
        for named, keys in members:
            article = next((known[key] for key in keys if key in known), anyones)
            old[article] = _match_known(named, article, keys, known, old.get(article))
    repeats = len(document.items) - len(new) - len(old)
    return DedupeResult(tuple(new), tuple(old.values()), repeats, document.shared_keys - ambiguous)


ItemKeys = tuple[KeyedItem, list[bytes]]


def _find_article(members: Sequence[ItemKeys], known: Mapping[bytes, int]) -> int | None:
    return next((known[key] for _, keys in members for key in keys if key in known), None)


def _group_by_key(items: Sequence[ItemKeys]) -> list[list[ItemKeys]]:
    """Group the items that share a key, directly or through other items."""
    above: dict[bytes, bytes] = {}

    def find_root(key: bytes) -> bytes:
        while (higher := above.get(key, key)) != key:
            key = higher
        return key

    for _, keys in items:
        for key in keys[1:]:
            above[find_root(key)] = find_root(keys[0])
    groups: dict[bytes, list[ItemKeys]] = {}
    for item in items:
        groups.setdefault(find_root(item[1][0]), []).append(item)
    return list(groups.values())


def _identifying_keys(named: KeyedItem, shared: frozenset[bytes] | set[bytes]) -> list[bytes]:
    """The keys that identify this item, its guid first."""
    shares_link = bool(shared & {named.link, named.feed_link})
    links = () if shares_link else tuple(filter(None, (named.link, named.composed, named.feed_link)))
    keys = [key for key in (named.guid, *links) if key and key not in shared]
    return keys or [named.content_key]


def _match_known(
    named: KeyedItem,
    article: int,
    keys: Sequence[bytes],
    known: Mapping[bytes, int],
    before: KnownItem | None,
) -> KnownItem:
    """The item of a known article; of several in one document, the first counts and the others add keys."""
    unseen = frozenset(key for key in keys if key not in known and key != named.feed_link)
    if before is not None:
        return KnownItem(before.keyed, article, before.keys | unseen, before.moved)
    by_guid = named.guid is not None and known.get(named.guid) == article
    moved = named.link in unseen and (named.composed is None or named.composed in unseen)
    return KnownItem(named, article, unseen, by_guid and moved and named.feed_link not in known)
