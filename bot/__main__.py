"""The `newswire` command. Every failure ends with one sentence on stderr, never a traceback."""

import os
import sys

from bot.cli import newswire
from bot.cli._common import CommandError


def main(words: list[str] | None = None) -> None:
    """Run the command line, by default the process's own. Exit status: 0 good, 1 failed, 2 wrong use."""
    try:
        newswire(words, prog_name="newswire")
    except CommandError as error:
        _exit_with(str(error), 1)
    except Exception as error:
        _exit_with(*_explain_error(error))


def _explain_error(error: Exception) -> tuple[str, int]:
    """Return the sentence and exit status of an error. Imports late, to keep `--help` fast."""
    from bot.config import SettingsError
    from bot.config.proxies import InvalidProxy
    from bot.config.redaction import error_location, redacted_traceback
    from storage.database import ReadersKeyError, SQLAlchemyError, StorageError, first_error_line

    match error:
        case SettingsError() | InvalidProxy() | ReadersKeyError():
            return str(error), 2
        case StorageError():
            return str(error), 1
        case SQLAlchemyError():
            return f"DATABASE_URL: the database failed: {first_error_line(error)}.", 1
    if os.environ.get("LOG_LEVEL", "").lower() == "debug":
        print(redacted_traceback((type(error), error, error.__traceback__)), file=sys.stderr)  # noqa: T201
    return f"newswire: {error_location(error)}. LOG_LEVEL=debug shows the traceback.", 1


def _exit_with(sentence: str, status: int) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 — the command line's own output
    sys.exit(status)


if __name__ == "__main__":
    main()
