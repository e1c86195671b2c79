"""Is this known? An item is known if its guid or its normalised link is known, for ever. Pure.

A guid means something in its own feed alone, a link everywhere: but what another feed claims of it only so
far as `jobs.ingest.identity_claims` believes it. A key that several items of one document
share names none of them: a constant guid, the site's front page as everybody's link.
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

#: So many items with one link and each its own guid and title: the link is the site's, not theirs. Two are
#: one story whose guid was bumped, as the BBC's are.
_MIN_SHARING = 3


@dataclass(frozen=True, slots=True)
class KeyedItem:
    """An item, where it stands in its feed, and the keys that it may be known by."""

    item: ParsedItem
    position: int
    guid: bytes | None
    link: bytes | None
    composed: bytes | None  #: of the link in the one Unicode form that has fewest letters, if it has another
    feed_link: bytes | None  #: of the link in this feed alone: where it may not say whose the link is
    content_key: bytes  #: of all that it says: for an item that nothing else tells from others
    title: str  #: folded, for comparing

    def __iter__(self) -> Iterator[bytes]:
        keys = (self.guid, self.link, self.composed, self.feed_link, self.content_key)
        yield from (key for key in keys if key)


@dataclass(frozen=True, slots=True)
class KeyedDocument:
    """A document's items with their keys, and the keys that name none of them."""

    items: tuple[KeyedItem, ...]
    shared_keys: frozenset[bytes]

    @property
    def by_link(self) -> dict[bytes, KeyedItem]:
        """The items by the keys of their links: the only keys that mean something outside their feed."""
        return {key: named for named in self.items for key in (named.link, named.composed) if key}

    def all_keys(self) -> set[bytes]:
        return {key for named in self.items for key in named}


@dataclass(frozen=True, slots=True)
class NewItem:
    """Nobody has seen it."""

    keyed: KeyedItem
    keys: frozenset[bytes]  #: all that it is known by from now on, its repeats' keys too


@dataclass(frozen=True, slots=True)
class KnownItem:
    """It is a known article's."""

    keyed: KeyedItem
    article_id: int
    keys: frozenset[bytes]  #: those that the article was not yet known by
    moved: bool = False  #: under its known guid it has a link that nobody has seen


@dataclass(frozen=True, slots=True)
class DedupeResult:
    """What a document holds, each article once, in the document's order."""

    new: tuple[NewItem, ...] = ()
    known: tuple[KnownItem, ...] = ()
    repeats: int = 0  #: items that say again what the same document has said
    shared_keys: frozenset[bytes] = field(default_factory=frozenset)


def key_items(feed_id: int, feed: ParsedFeed) -> KeyedDocument:
    """The keys of a feed's items. A site's own address is no article's link."""
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
    """Guids of items that differ in their links and in their titles: no story has two of both at once."""
    seen: defaultdict[bytes, set[tuple[bytes | None, str]]] = defaultdict(set)
    for named in items:
        if named.guid:
            seen[named.guid].add((named.link, named.title))
    for guid, said in seen.items():
        links, titles = {link for link, _ in said}, {title for _, title in said}
        if len(titles) > 1 and (len(links) > 1 or links == {None}):
            yield guid


def _find_shared_links(items: Iterable[KeyedItem]) -> Iterator[bytes]:
    """Links of several items that differ in all else; a guid's fragment (`#0`, `#3`) is no difference."""
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
    """Which items are new, given the articles that `document.keys()` are known as.

    `claimed` are links by which another feed's article may be joined where nothing else is known of an item.
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
    """The items in groups: those that share a key, or that a chain of such items leads to."""
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
    """The keys that tell this item from others, the feed's own word first."""
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
    """A known article's item; of several in one document the first speaks, the others only add keys."""
    unseen = frozenset(key for key in keys if key not in known and key != named.feed_link)
    if before is not None:
        return KnownItem(before.keyed, article, before.keys | unseen, before.moved)
    by_guid = named.guid is not None and known.get(named.guid) == article
    moved = named.link in unseen and (named.composed is None or named.composed in unseen)
    return KnownItem(named, article, unseen, by_guid and moved and named.feed_link not in known)
