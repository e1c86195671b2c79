"""Which articles were taken back? Gone from their feed while older ones are still there. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from storage.records import Entry

#: So many older articles must still be there: one that merely reached the end of its feed has none.
_MIN_OLDER = 2
#: More than this part of a feed does not vanish because of one withdrawal: the feed itself is ailing.
_MAX_MISSING_SHARE = 0.2


def find_missing(
    before: Sequence[Entry], shown: Mapping[int, int], published: Mapping[int, datetime] | None = None
) -> list[int]:
    """Candidates: only the article's own page can say that it is really gone.

    `before` is the feed's last look, in its order; `shown` the positions of the articles that this look
    still has; `published` their dates, or None to go by their places alone. A feed that is empty,
    shorter, broken or in another order than before gives none.
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
    """Whether enough articles that stood below it, and are older, are still there."""
    date = ages.get(entry.article_id)
    older = [
        one
        for one in below
        if one.article_id in shown and date is not None and ages.get(one.article_id, date) < date
    ]
    return len(older) >= _MIN_OLDER
