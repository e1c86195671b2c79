"""Logs as the operator asked for them, on stderr, without the token and without anything of a reader."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.config.redaction import LibraryLogFilter, install_error_hooks, redacted_traceback

TOKEN_PATTERN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{20,100}")

#: Libraries that tell at `info` what only an engineer wants to know.
QUIET_LIBRARIES = (
    "apscheduler.executors",
    "aiohttp.access",
    "alembic",
    "trafilatura",
    "htmldate",
    "asyncio",
)

#: Libraries that tell at `debug` what was said to whom: nobody is to read that in a log.
CONFIDENTIAL_LIBRARIES = ("telegram", "httpx")

Event = MutableMapping[str, Any]


def redact_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Cut the token out of every text, and readers' ids (positive: channels and groups are negative)."""
    for key, value in event.items():
        if key in ("chat_id", "user_id", "chat") and isinstance(value, int) and value > 0:
            event[key] = "a reader"
        elif isinstance(value, str):
            event[key] = TOKEN_PATTERN.sub("<token>", value)
    return event


def configure_logging(log_format: str, level: str) -> None:
    """Send everything that is logged, ours and the libraries', to stderr in one format."""
    install_error_hooks()
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    after: list[Any] = (
        [
            structlog.processors.ExceptionRenderer(redacted_traceback),
            redact_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if log_format == "json"
        else [
            structlog.processors.ExceptionRenderer(redacted_traceback),
            redact_secrets,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(LibraryLogFilter())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *after],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)  # it warns of jobs still under way
    for name in CONFIDENTIAL_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
