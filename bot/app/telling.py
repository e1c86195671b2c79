"""Tells what jobs bring and what goes wrong in them, in one line each."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

import structlog

from storage import feeds
from storage.database import Database, SQLAlchemyError, words_of
from storage.records import FeedState

log = structlog.get_logger()

#: Of a round of looks: these are worth a line; that nothing changed, or what still fails, is not.
WORTH = ("new", "revised", "withdrawn")


def told(name: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Coroutine[Any, Any, object]]:
    """`work`, whose failure in the database or on the disk is one line, and no reason to end; None then.

    It comes again at its next hour, and finds in the rows what is left to do.
    """

    async def job() -> object:
        brought: object = None
        try:
            brought = await work()
        except* (SQLAlchemyError, OSError) as failures:
            log.error("a job failed; it comes again", job=name, why=_why(failures))
        _tell(brought)
        return brought

    return job


async def tell_failing(db: Database, began: datetime) -> None:
    """A line for each feed that a look since `began` found failing for the first time in a row, or gone."""
    for feed in await db.read(feeds.every):
        new = feed.failures == 1 or feed.state is FeedState.GONE
        if new and feed.fetched_at and feed.fetched_at >= began:
            log.warning("a feed cannot be read", feed=feed.url, why=feed.last_error)


def _tell(brought: object) -> None:
    if is_dataclass(brought) and not isinstance(brought, type):
        counts = {word: count for word, count in asdict(brought).items() if word in WORTH and count}
        if counts:
            log.info("looked at the feeds", **counts)


def _why(failure: BaseException) -> str:
    """The reason; of a group the reasons, each once."""
    if isinstance(failure, BaseExceptionGroup):
        return "; ".join(dict.fromkeys(_why(one) for one in failure.exceptions))
    return words_of(failure)
