"""How old is a pushed item? A signature proves who wrote it, not when. Pure.

A new item is news. A known item changes its article only if it is surely newer; otherwise the feed itself
must be updated.
"""

from datetime import timedelta
from enum import StrEnum

from jobs.ingest import corrections
from jobs.ingest.parse.model import ParsedItem
from storage.records import Entry

#: Minimum time between updates of a feed that are caused by pushes.
MIN_PUSH_INTERVAL = timedelta(minutes=1)


class PushAge(StrEnum):
    """A pushed item compared with what its feed said last."""

    SAME = "same"
    NEWER = "newer"  #: has a later date and new content
    OLDER = "older"  #: has an earlier date, or content that the feed has replaced
    UNSURE = "unsure"  #: has new content, and no date to compare


def classify_push(entry: Entry, item: ParsedItem, *, moved: bool, said_before: bool) -> PushAge:
    """Compare a pushed item with its entry.

    `moved`: its link is new; `said_before`: the feed once had this content and has replaced it.
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
