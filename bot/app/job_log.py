"""Logs the results and failures of jobs, one line each."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, is_dataclass
from typing import Any

import structlog

from jobs.ingest.feed_updates import UpdateBatch
from jobs.ingest.update_feed import UpdateState
from storage.database import SQLAlchemyError, first_error_line

log = structlog.get_logger()

#: The counts of feed updates that are logged; unchanged feeds and repeated failures are not.
LOGGED_COUNTS = ("new", "revised", "withdrawn")
FETCH_JOB = "fetch"
_RETRIED = "job failed, retrying"
_STORAGE_ERRORS = (SQLAlchemyError, OSError)


def logged_job(name: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Coroutine[Any, Any, object]]:
    """Wrap `work` so that a failure of the database or the disk is one log line, and the result None.

    The job runs again at its next scheduled time, and finds in the database what is left to do.
    """

    async def run_logged() -> object:
        result: object = None
        try:
            result = await work()
        except* _STORAGE_ERRORS as failures:
            log.error(_RETRIED, job=name, reason=_failure_reason(failures))
        _log_counts(result)
        return result

    return run_logged


def log_round(ended: UpdateBatch) -> None:
    """Log the counts of finished feed updates, the feeds that began to fail, and unexpected errors."""
    _log_counts(ended.counts)
    for update in ended.failed:
        if update.feed.failures == 0 or update.state is UpdateState.GONE:
            log.warning("feed update failed", feed=update.feed.url, reason=update.reason)
    if not ended.errors:
        return
    storage_errors, bugs = ExceptionGroup("feed updates", ended.errors).split(_STORAGE_ERRORS)
    if storage_errors:
        log.error(_RETRIED, job=FETCH_JOB, reason=_failure_reason(storage_errors))
    if bugs:
        log.error("job failed", job=FETCH_JOB, exc_info=bugs)


def _log_counts(result: object) -> None:
    if is_dataclass(result) and not isinstance(result, type):
        counts = {name: count for name, count in asdict(result).items() if name in LOGGED_COUNTS and count}
        if counts:
            log.info("feeds updated", **counts)


def _failure_reason(failure: BaseException) -> str:
    """Return the first line of the error; of a group, each different one once."""
    if isinstance(failure, BaseExceptionGroup):
        return "; ".join(dict.fromkeys(_failure_reason(one) for one in failure.exceptions))
    return first_error_line(failure)
