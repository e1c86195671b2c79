"""Tells the operators, once, that a feed brings many new articles at a time."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from storage.database import Connection
from storage.delivery import surges
from storage.delivery.planning import ArticleForPlanning, add_notice
from storage.delivery.surges import FeedSurge

#: A look with more new articles than these is a surge.
SURGE_THRESHOLD = 30

log = structlog.get_logger(__name__)


def report_surges(
    connection: Connection, rows: Sequence[ArticleForPlanning], operators: Sequence[int], now: datetime
) -> int:
    """Notices about the surges that begin among these articles, which are being planned; how many.

    An article is planned once, and so is a surge told once.
    """
    new = [row.article for row in rows if not row.decided]
    some = [each for each in surges.find_surges(connection, new, SURGE_THRESHOLD) if is_surge_start(each)]
    for each in some:
        log.warning("a feed brings very many new articles at once", feed=each.url, new=each.new_count)
        add_notice(connection, operators, describe_surge(each), now)
    return len(some)


def is_surge_start(brought: FeedSurge) -> bool:
    """Whether the look is a surge and the last one that brought something was none; pure."""
    return brought.new_count > SURGE_THRESHOLD >= brought.previous_count


def describe_surge(brought: FeedSurge) -> str:
    """The notice; pure."""
    return (
        f"⚠️ {brought.url} brought {brought.new_count} new articles at once. What your rules let through is "
        "posted, and the articles of other feeds go in between. While it goes on, you are not told again."
    )
