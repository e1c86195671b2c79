"""Which article each key identifies, and which feed claimed it: no feed can claim another's articles.

A guid, and a link within one feed, belong to that feed. A link is claimed for all feeds by the feed that
stored it first, or by one with authority over its host, which no other feed can override.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

from jobs.config import Authority, has_authority
from jobs.ingest.dedupe import KeyedDocument, KeyedItem
from storage import articles, entries, feeds, identities
from storage.database import Connection
from storage.identities import NO_ARTICLE, IdentityClaim
from storage.records import Article, ArticleState, Feed
from storage.text.urls import link_keys, normalize_url, site_of


@dataclass(frozen=True, slots=True)
class Claims:
    """The articles that the keys of a document identify."""

    known: Mapping[bytes, int]  #: claimed by this feed, or by one that it trusts
    #: Links of other feeds' articles, of which this feed may add an entry.
    joinable: Mapping[bytes, int] = field(default_factory=dict)
    taken: frozenset[bytes] = frozenset()  #: links claimed by other feeds, trusted or not


def read_claims(connection: Connection, feed: Feed, document: KeyedDocument, authority: Authority) -> Claims:
    """Read which articles the keys of a feed's document identify."""
    found, links = identities.find_claims(connection, document.all_keys()), document.by_link
    others = {found[key].feed_id for key in links if key in found} - {None, feed.id}
    if not others:
        return Claims({key: claim.article_id for key, claim in found.items()})
    addresses = feeds.get_addresses(connection, [number for number in others if number is not None])
    foreign = {
        key: found[key]
        for key, named in links.items()
        if key in found and not _is_believed(found[key], named, feed, addresses, authority)
    }
    known = {key: claim.article_id for key, claim in found.items() if key not in foreign}
    taken = frozenset(key for key in links if key in found and found[key].feed_id not in (None, feed.id))
    return Claims(known, _find_joinable(connection, feed, foreign), taken)


def _is_believed(
    claim: IdentityClaim, named: KeyedItem, feed: Feed, addresses: Mapping[int, str], authority: Authority
) -> bool:
    """Whether a feed trusts another feed's claim to a link: one of its own site, or of the link's site."""
    if claim.feed_id is None or claim.feed_id == feed.id:
        return True
    address, link = addresses.get(claim.feed_id, ""), named.item.link
    same = site_of(address) == site_of(feed.url)
    return same or any(has_authority(address, one, authority) for one in (link, normalize_url(link)))


def _find_joinable(
    connection: Connection, feed: Feed, foreign: Mapping[bytes, IdentityClaim]
) -> dict[bytes, int]:
    """The other feeds' articles that have such a link now and no entry in this feed."""
    numbers = sorted({claim.article_id for claim in foreign.values()} - {NO_ARTICLE})
    if not numbers:
        return {}
    mine = entries.entries_of_feed(connection, feed.id, numbers)
    open_ = {
        one.id: one for one in articles.get_many(connection, numbers) if one.id not in mine and _is_open(one)
    }
    return {
        key: claim.article_id
        for key, claim in foreign.items()
        if claim.article_id in open_ and key in link_keys(open_[claim.article_id].url)
    }


#: How the reason of a withdrawal begins if the article's page is gone.
PAGE_GONE = "Its page is gone: "


def _is_open(article: Article) -> bool:
    """Another feed may restore an article whose page was gone, but not one that an editor withdrew."""
    return article.state is ArticleState.LIVE or not article.withdrawn_because.startswith(PAGE_GONE)


def store_claims(
    connection: Connection,
    feed: Feed,
    document: KeyedDocument,
    keys: Mapping[bytes, int],
    public: Set[int],
    claims: Claims,
    authority: Authority,
    now: datetime,
) -> None:
    """Store the article that each key identifies, as claimed by a feed.

    `public` are the articles whose links this feed may claim for all feeds; other links are claimed within
    this feed only.
    """
    links = document.by_link
    ours = {key for key in keys if key in links and has_authority(feed.url, links[key].item.link, authority)}
    said = {key: number for key, number in keys.items() if key not in links}
    over: dict[bytes, int] = {}
    for key in keys.keys() & links.keys():
        if keys[key] in public and key in ours:
            over[key] = keys[key]
        elif keys[key] in public and key not in claims.taken:
            said[key] = keys[key]
        elif (own := links[key].feed_link) is not None:
            said[own] = keys[key]
    identities.add_keys(connection, said, now, feed.id)
    identities.reassign_keys(connection, over, now, feed.id)


def mark_ambiguous(
    connection: Connection,
    feed: Feed,
    document: KeyedDocument,
    keys: Iterable[bytes],
    claims: Claims,
    authority: Authority,
    now: datetime,
) -> None:
    """Mark keys as identifying no article: for this feed, and for all if it has authority over the link."""
    links, nobodys = document.by_link, set[bytes]()
    for key in keys:
        named = links.get(key)
        free = named is None or key not in claims.taken or has_authority(feed.url, named.item.link, authority)
        own = named.feed_link if named else None
        nobodys.add(key if free or own is None else own)
    identities.mark_ambiguous(connection, nobodys, now, feed.id)
