"""Articles that may have been withdrawn: missing from their feed although older ones are there. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from storage.records import Entry

#: This many older articles must still be listed; an article that dropped off the end has none.
_MIN_OLDER = 2
#: If more than this share of a feed is missing, the feed itself is broken.
_MAX_MISSING_SHARE = 0.2


def find_missing(
    before: Sequence[Entry], shown: Mapping[int, int], published: Mapping[int, datetime] | None = None
) -> list[int]:
    """Find candidates for withdrawal; only the article's own page can confirm that it is gone.

    `before` are the feed's entries at the last update, in its order; `shown` the positions of the articles
    that are still listed; `published` their dates, or None to compare positions only. A feed that is empty,
    shorter, broken or in another order than before has no candidates.
    """
    places = {entry.article_id: -index for index, entry in enumerate(before)}
    stayed = [shown[entry.article_id] for entry in before if entry.article_id in shown]
    if not stayed or stayed != sorted(stayed):
        return []
    end = max(index for index, entry in enumerate(before) if entry.article_id in shown)
    gone = [index for index, entry in enumerate(before[:end]) if entry.article_id not in shown]
    if len(gone) > max(1, int(len(before) * _MAX_MISSING_SHARE)):
        return []
    ages = published or places
    return [before[at].article_id for at in gone if _has_older(before[at], before[at + 1 :], shown, ages)]


def _has_older(
    entry: Entry, below: Sequence[Entry], shown: Mapping[int, int], ages: Mapping[int, Any]
) -> bool:
    """Whether enough older articles from below it are still listed."""
    date = ages.get(entry.article_id)
    older = [
        one
        for one in below
        if one.article_id in shown and date is not None and ages.get(one.article_id, date) < date
    ]
    return len(older) >= _MIN_OLDER
