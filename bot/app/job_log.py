"""Tells what jobs bring and what goes wrong in them, in one line each."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, is_dataclass
from typing import Any

import structlog

from jobs.ingest.feed_updates import Round
from jobs.ingest.update_feed import LookState
from storage.database import SQLAlchemyError, words_of

log = structlog.get_logger()

#: Of a round of looks: these are worth a line; that nothing changed, or what still fails, is not.
WORTH = ("new", "revised", "withdrawn")
#: The job that begins looks.
LOOKS = "fetch"
_AGAIN = "a job failed; it comes again"
_STORAGE = (SQLAlchemyError, OSError)


def told(name: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Coroutine[Any, Any, object]]:
    """`work`, whose failure in the database or on the disk is one line, and no reason to end; None then.

    It comes again at its next hour, and finds in the rows what is left to do.
    """

    async def job() -> object:
        brought: object = None
        try:
            brought = await work()
        except* _STORAGE as failures:
            log.error(_AGAIN, job=name, why=_why(failures))
        _tell(brought)
        return brought

    return job


def tell_round(ended: Round) -> None:
    """What looks brought, each feed that was found failing for the first time in a row, and what broke."""
    _tell(ended.counts)
    for look in ended.failed:
        if look.feed.failures == 0 or look.state is LookState.GONE:
            log.warning("a feed cannot be read", feed=look.feed.url, why=look.reason)
    stored, ours = (
        ExceptionGroup("looks", ended.surprises).split(_STORAGE) if ended.surprises else (None, None)
    )
    if stored:
        log.error(_AGAIN, job=LOOKS, why=_why(stored))
    if ours:
        log.error("a job failed", job=LOOKS, exc_info=ours)


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
