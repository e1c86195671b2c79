"""Who may speak for an article? Pure.

The word is with the first feed on whose host the article's link lies, or for which the operator named that
host (FEED_AUTHORITY); where there is none, with the feed that brought the article first, or first as news.
Why: docs/decisions/0009-feed-authority.md.
"""

from collections.abc import Sequence

from jobs.config import Authority, covers
from storage.entries import Presence
from storage.text.urls import site


def speaker(presences: Sequence[Presence], link: str, authority: Authority) -> Presence | None:
    """The feed that has the word on an article with this link; None where no feed has it any more."""
    listed = [one for one in presences if one.listed and covers(one.address, link, authority)]
    if listed:
        return min(listed, key=_order)
    first = min(presences, key=_order, default=None)
    return first if first and first.listed else None


def _order(presence: Presence) -> tuple[object, ...]:
    return presence.backlog, presence.seen_at, presence.feed_id


def may_correct(mine: Presence, presences: Sequence[Presence], link: str, authority: Authority) -> bool:
    """Whether a feed may change what an article says.

    The one that has the word; and one of the same hosts that still shows what that one no longer does.
    """
    word = speaker(presences, link, authority)
    if word is None or word.feed_id == mine.feed_id:
        return word is not None
    return covers(mine.address, link, authority) and not word.shows


def may_move(mine: Presence, presences: Sequence[Presence], link: str, to: str, authority: Authority) -> bool:
    """Whether a feed may give an article another link: anywhere if it has the word, else on the same host."""
    word = speaker(presences, link, authority)
    if word and word.feed_id == mine.feed_id:
        return True
    return may_correct(mine, presences, link, authority) and site(to) == site(link)


def may_withdraw(mine: Presence, presences: Sequence[Presence], link: str, authority: Authority) -> bool:
    """Whether an article is gone if a feed no longer shows it."""
    word = speaker(presences, link, authority)
    return bool(word and word.feed_id == mine.feed_id) or covers(mine.address, link, authority)
