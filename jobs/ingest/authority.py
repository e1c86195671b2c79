"""Who may speak for an article? Pure.

The word is with the first feed on whose host the article's link lies, or for which the operator named that
host (FEED_AUTHORITY); where there is none, with the feed that brought the article first, or first as news.
Why: docs/decisions/0009-feed-authority.md.
"""

from collections.abc import Sequence

from jobs.config import Authority, has_authority
from storage.entries import EntryForAuthority
from storage.text.urls import site_of


def find_source_feed(
    presences: Sequence[EntryForAuthority], link: str, authority: Authority
) -> EntryForAuthority | None:
    """The feed that has the word on an article with this link; None where no feed has it any more."""
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
    """Whether a feed may change what an article says.

    The one that has the word; and one of the same hosts that still shows what that one no longer does.
    """
    word = find_source_feed(presences, link, authority)
    if word is None or word.feed_id == mine.feed_id:
        return word is not None
    return has_authority(mine.address, link, authority) and not word.in_last_update


def may_move(
    mine: EntryForAuthority, presences: Sequence[EntryForAuthority], link: str, to: str, authority: Authority
) -> bool:
    """Whether a feed may give an article another link: anywhere if it has the word, else on the same host."""
    word = find_source_feed(presences, link, authority)
    if word and word.feed_id == mine.feed_id:
        return True
    return may_correct(mine, presences, link, authority) and site_of(to) == site_of(link)


def may_withdraw(
    mine: EntryForAuthority, presences: Sequence[EntryForAuthority], link: str, authority: Authority
) -> bool:
    """Whether an article is gone if a feed no longer shows it."""
    word = find_source_feed(presences, link, authority)
    return bool(word and word.feed_id == mine.feed_id) or has_authority(mine.address, link, authority)
