"""Configures logging to stderr, without the token and without any data of readers."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.config.redaction import LibraryLogFilter, install_error_hooks, redacted_traceback

TOKEN_PATTERN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{20,100}")

#: Libraries that log at `info` what only a developer needs.
QUIET_LIBRARIES = (
    "apscheduler.executors",
    "aiohttp.access",
    "alembic",
    "trafilatura",
    "htmldate",
    "asyncio",
)

#: Libraries that log messages and chat ids at `debug`.
CONFIDENTIAL_LIBRARIES = ("telegram", "httpx")

Event = MutableMapping[str, Any]


def redact_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Remove the token from all texts, and the ids of readers, which alone are positive."""
    for key, value in event.items():
        if key in ("chat_id", "user_id", "chat") and isinstance(value, int) and value > 0:
            event[key] = "a reader"
        elif isinstance(value, str):
            event[key] = TOKEN_PATTERN.sub("<token>", value)
    return event


def configure_logging(log_format: str, level: str) -> None:
    """Send all log records, ours and those of libraries, to stderr. `log_format` is "text" or "json"."""
    install_error_hooks()
    structlog.configure(
        processors=[*_SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=level.upper(), handlers=[_build_handler(log_format)], force=True)
    _set_library_levels(level)


_SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def _build_handler(log_format: str) -> logging.Handler:
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(LibraryLogFilter())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED_PROCESSORS,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(redacted_traceback),
                redact_secrets,
                renderer,
            ],
        )
    )
    return handler


def _set_library_levels(level: str) -> None:
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)  # it warns of jobs that overlap
    for name in CONFIDENTIAL_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
