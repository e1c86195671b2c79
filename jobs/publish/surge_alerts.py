"""Tells the operators, once, that a feed brings many new articles at a time."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from storage.database import Connection
from storage.delivery import surges
from storage.delivery.planning import Unplanned, notice
from storage.delivery.surges import Brought

#: A look with more new articles than these is a surge.
USUAL = 30

log = structlog.get_logger(__name__)


def tell(connection: Connection, rows: Sequence[Unplanned], operators: Sequence[int], now: datetime) -> int:
    """Notices about the surges that begin among these articles, which are being planned; how many.

    An article is planned once, and so is a surge told once.
    """
    new = [row.article for row in rows if not row.decided]
    some = [each for each in surges.begun(connection, new, USUAL) if begins(each)]
    for each in some:
        log.warning("a feed brings very many new articles at once", feed=each.url, new=each.new)
        notice(connection, operators, words(each), now)
    return len(some)


def begins(brought: Brought) -> bool:
    """Whether the look is a surge and the last one that brought something was none; pure."""
    return brought.new > USUAL >= brought.before


def words(brought: Brought) -> str:
    """The notice; pure."""
    return (
        f"⚠️ {brought.url} brought {brought.new} new articles in one look. What your rules let through is "
        "posted, and the articles of other feeds go in between. While it goes on, you are not told again."
    )
