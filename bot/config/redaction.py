"""What a log may not hold: texts of errors, libraries' values, warnings. They may quote a reader.

An error is told by its type and by where it happened. A library's line is told only as it stands word for
word in the library's own source: what it would fill in, or has put together, may be somebody's words.
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
    """A traceback, with the causes, in which no error says more than its type."""
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
    """The type, and of the system's errors what the system calls them."""
    known = isinstance(error, OSError) and isinstance(error.errno, int) and error.errno > 0
    return f"{type(error).__qualname__}: {os.strerror(error.errno)}" if known else type(error).__qualname__  # type: ignore[attr-defined]


def error_location(error: BaseException) -> str:
    """The type of an error and the line that raised it: `ValueError at reading.py:12`."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__qualname__ + where


class LibraryLogFilter(logging.Filter):
    """Cuts what libraries log to the kind of event; structlog's own records are dictionaries."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not isinstance(record.msg, dict):
            record.msg, record.args = _redact_message(record), ()
        return True


def _redact_message(record: logging.LogRecord) -> str:
    words = str(record.msg)
    if words in _source_text(record.pathname):
        return words
    return f"something at {Path(record.pathname).name}:{record.lineno}"


@cache
def _source_text(path: str) -> str:
    return "".join(linecache.getlines(path))


def install_error_hooks() -> None:
    """Let Python's own voices on stderr, warnings and what nobody caught, keep to the same."""
    logging.raiseExceptions = False  # a line that cannot be formatted would be printed with its values
    warnings.showwarning = _log_warning
    sys.excepthook = lambda _kind, error, _frames: _log_error("an error was not caught", error)
    sys.unraisablehook = lambda found: _log_error("an error could not be raised", found.exc_value)
    threading.excepthook = lambda found: _log_error("a thread broke", found.exc_value)


def _log_error(event: str, error: BaseException | None) -> None:
    log.error(event, exc_info=error)


def _log_warning(
    message: Warning | str,  # it may quote anything
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    log.warning("a warning", kind=category.__qualname__, where=f"{Path(filename).name}:{lineno}")
