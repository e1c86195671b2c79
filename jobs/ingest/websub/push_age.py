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
MIN_PUSH_INTERVAL = timedelta(minutes=1)


class PushAge(StrEnum):
    """A pushed item's words, held against what its feed said last."""

    SAME = "same"
    NEWER = "newer"  #: dated later, and never said before
    OLDER = "older"  #: said before, or dated earlier
    UNSURE = "unsure"  #: never said before, and no date tells


def classify_push(entry: Entry, item: ParsedItem, *, moved: bool, said_before: bool) -> PushAge:
    """How old an item's words are.

    `moved`: its link was never seen; `said_before`: the feed once said these very words, and then others.
    """
    same = corrections.shown_parts(entry.content_hash) == corrections.shown_parts(
        corrections.content_hash(item)
    )
    if same and not moved:
        return PushAge.SAME
    date = corrections.item_date(item)
    if date and entry.updated_at and date < entry.updated_at:
        return PushAge.OLDER
    if said_before and not same:
        return PushAge.OLDER
    newer = date and entry.updated_at and date > entry.updated_at
    return PushAge.NEWER if newer else PushAge.UNSURE
