"""How old is what a hub pushes? A signature says who wrote it, not when. Pure.

A pushed item that is new is news. Of a known one only what is newer for sure changes anything: the rest is a
reason to look at the feed itself.
"""

from datetime import timedelta
from enum import StrEnum

from jobs.ingest import corrections
from jobs.ingest.parse.model import ParsedItem
from storage.records import Entry

#: Looks that pushes are the reason for are so far apart, for each feed.
APART = timedelta(minutes=1)


class Age(StrEnum):
    """A pushed item's words, held against what its feed said last."""

    SAME = "same"
    NEWER = "newer"  #: dated later, and never said before
    OLDER = "older"  #: said before, or dated earlier
    UNSURE = "unsure"  #: never said before, and no date tells


def age(entry: Entry, item: ParsedItem, *, moved: bool, said_before: bool) -> Age:
    """How old an item's words are.

    `moved`: its link was never seen; `said_before`: the feed once said these very words, and then others.
    """
    same = corrections.shown(entry.content_hash) == corrections.shown(corrections.content_hash(item))
    if same and not moved:
        return Age.SAME
    date = corrections.dated(item)
    if date and entry.updated_at and date < entry.updated_at:
        return Age.OLDER
    if said_before and not same:
        return Age.OLDER
    newer = date and entry.updated_at and date > entry.updated_at
    return Age.NEWER if newer else Age.UNSURE
