"""Which feed has authority over an article? Pure.

An article's source feed is the first one on the host of the article's link, or the first one that the
operator allowed to cover that host (FEED_AUTHORITY). If there is none, it is the feed that listed the article
first, with feeds that listed it as news before those that listed it in their backlog. See
docs/decisions/0009-feed-authority.md.
"""

from collections.abc import Sequence

from jobs.config import Authority, has_authority
from storage.entries import EntryForAuthority
from storage.text.urls import site_of


def find_source_feed(
    presences: Sequence[EntryForAuthority], link: str, authority: Authority
) -> EntryForAuthority | None:
    """The source feed of an article with this link; None if no feed lists it any more."""
    listed = [one for one in presences if one.listed and has_authority(one.address, link, authority)]
    if listed:
        return min(listed, key=_presence_order)
    first = min(presences, key=_presence_order, default=None)
    return first if first and first.listed else None


def _presence_order(presence: EntryForAuthority) -> tuple[object, ...]:
    return presence.backlog, presence.seen_at, presence.feed_id


def may_correct(
    mine: EntryForAuthority, presences: Sequence[EntryForAuthority], link: str, authority: Authority
) -> bool:
    """Whether a feed may change an article's content.

    The source feed may; so may a feed with authority over the link, if the source feed no longer shows the
    article.
    """
    word = find_source_feed(presences, link, authority)
    if word is None or word.feed_id == mine.feed_id:
        return word is not None
    return has_authority(mine.address, link, authority) and not word.in_last_update


def may_move(
    mine: EntryForAuthority, presences: Sequence[EntryForAuthority], link: str, to: str, authority: Authority
) -> bool:
    """Whether a feed may change an article's link: others only within its host."""
    word = find_source_feed(presences, link, authority)
    if word and word.feed_id == mine.feed_id:
        return True
    return may_correct(mine, presences, link, authority) and site_of(to) == site_of(link)


def may_withdraw(
    mine: EntryForAuthority, presences: Sequence[EntryForAuthority], link: str, authority: Authority
) -> bool:
    """Whether an article may be withdrawn because this feed no longer shows it."""
    word = find_source_feed(presences, link, authority)
    return bool(word and word.feed_id == mine.feed_id) or has_authority(mine.address, link, authority)
