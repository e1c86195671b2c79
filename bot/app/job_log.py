"""Tells what jobs bring and what goes wrong in them, in one line each."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, is_dataclass
from typing import Any

import structlog

from jobs.ingest.feed_updates import UpdateBatch
from jobs.ingest.update_feed import UpdateState
from storage.database import SQLAlchemyError, first_error_line

log = structlog.get_logger()

#: Of a round of looks: these are worth a line; that nothing changed, or what still fails, is not.
LOGGED_COUNTS = ("new", "revised", "withdrawn")
#: The job that begins looks.
FETCH_JOB = "fetch"
_RETRIED = "a job failed; it comes again"
_STORAGE_ERRORS = (SQLAlchemyError, OSError)


def logged_job(name: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Coroutine[Any, Any, object]]:
    """`work`, whose failure in the database or on the disk is one line, and no reason to end; None then.

    It comes again at its next hour, and finds in the rows what is left to do.
    """

    async def run_logged() -> object:
        brought: object = None
        try:
            brought = await work()
        except* _STORAGE_ERRORS as failures:
            log.error(_RETRIED, job=name, why=_failure_reason(failures))
        _log_counts(brought)
        return brought

    return run_logged


def log_round(ended: UpdateBatch) -> None:
    """What looks brought, each feed that was found failing for the first time in a row, and what broke."""
    _log_counts(ended.counts)
    for update in ended.failed:
        if update.feed.failures == 0 or update.state is UpdateState.GONE:
            log.warning("a feed cannot be read", feed=update.feed.url, why=update.reason)
    on_stored, ours = (
        ExceptionGroup("looks", ended.errors).split(_STORAGE_ERRORS) if ended.errors else (None, None)
    )
    if on_stored:
        log.error(_RETRIED, job=FETCH_JOB, why=_failure_reason(on_stored))
    if ours:
        log.error("a job failed", job=FETCH_JOB, exc_info=ours)


def _log_counts(brought: object) -> None:
    if is_dataclass(brought) and not isinstance(brought, type):
        counts = {word: count for word, count in asdict(brought).items() if word in LOGGED_COUNTS and count}
        if counts:
            log.info("looked at the feeds", **counts)


def _failure_reason(failure: BaseException) -> str:
    """The reason; of a group the reasons, each once."""
    if isinstance(failure, BaseExceptionGroup):
        return "; ".join(dict.fromkeys(_failure_reason(one) for one in failure.exceptions))
    return first_error_line(failure)
