"""Keeps readers' data out of the logs: messages of errors, values that libraries log, and warnings.

An error is logged by its type and location. A library's message is logged only if it is a literal in the
library's source, without its arguments: anything else may quote a reader.
"""

import linecache
import logging
import os
import sys
import threading
import traceback
import warnings
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TextIO

import structlog

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

log = structlog.get_logger()


def redacted_traceback(exc_info: ExcInfo) -> str:
    """Format a traceback with its causes, and of each error only the type."""
    return "\n".join(_traceback_lines(exc_info[1], set()))


def _traceback_lines(error: BaseException, seen: set[int]) -> list[str]:
    seen.add(id(error))
    lines: list[str] = []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        lines += [*_traceback_lines(cause, seen), "", "then:", ""]
    frames = traceback.extract_tb(error.__traceback__)
    lines += [line.rstrip("\n") for line in traceback.StackSummary.from_list(frames).format()]
    lines.append(_error_name(error))
    for one in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        lines += [f"  {line}" for line in _traceback_lines(one, seen)]
    return lines


def _error_name(error: BaseException) -> str:
    """Return the type of an error, and for an OSError the system's own description of it."""
    known = isinstance(error, OSError) and isinstance(error.errno, int) and error.errno > 0
    return f"{type(error).__qualname__}: {os.strerror(error.errno)}" if known else type(error).__qualname__  # type: ignore[attr-defined]


def error_location(error: BaseException) -> str:
    """Return the type of an error and the line that raised it, such as `ValueError at parser.py:12`."""
    frames = traceback.extract_tb(error.__traceback__)
    location = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__qualname__ + location


class LibraryLogFilter(logging.Filter):
    """Redacts the messages of libraries. Records of structlog are dictionaries, and stay as they are."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not isinstance(record.msg, dict):
            record.msg, record.args = _redact_message(record), ()
        return True


def _redact_message(record: logging.LogRecord) -> str:
    message = str(record.msg)
    if message in _source_text(record.pathname):
        return message
    return f"redacted message at {Path(record.pathname).name}:{record.lineno}"


@cache
def _source_text(path: str) -> str:
    return "".join(linecache.getlines(path))


def install_error_hooks() -> None:
    """Redact what Python itself writes to stderr: warnings and uncaught errors."""
    logging.raiseExceptions = False  # a record that cannot be formatted would be printed with its values
    warnings.showwarning = _log_warning
    sys.excepthook = lambda _kind, error, _frames: _log_error("uncaught error", error)
    sys.unraisablehook = lambda found: _log_error("unraisable error", found.exc_value)
    threading.excepthook = lambda found: _log_error("thread failed", found.exc_value)


def _log_error(event: str, error: BaseException | None) -> None:
    log.error(event, exc_info=error)


def _log_warning(
    message: Warning | str,  # may quote a reader
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    log.warning("python warning", category=category.__qualname__, location=f"{Path(filename).name}:{lineno}")
