"""`newswire`: the command line, where every failure ends as one plain sentence."""

import os
import sys

from bot.cli import newswire
from bot.cli._common import Failure


def main(words: list[str] | None = None) -> None:
    """Run the command line, `words` or the process's own. Exit status: 0 good, 1 failed, 2 wrong use."""
    try:
        newswire(words, prog_name="newswire")
    except Failure as error:
        _end(str(error), 1)
    except Exception as error:
        _end(*_told(error))


def _told(error: Exception) -> tuple[str, int]:
    """The sentence and the exit status of an error; imports here, since `--help` needs neither."""
    from bot.config import SettingsError
    from bot.config.proxies import WrongProxy
    from bot.config.redaction import place_of, without_words
    from storage.database import KeyWanted, SQLAlchemyError, StorageError, words_of

    match error:
        case SettingsError() | WrongProxy() | KeyWanted():
            return str(error), 2
        case StorageError():
            return str(error), 1
        case SQLAlchemyError():
            return f"DATABASE_URL: the database failed: {words_of(error)}.", 1
    if os.environ.get("LOG_LEVEL", "").lower() == "debug":
        print(without_words((type(error), error, error.__traceback__)), file=sys.stderr)  # noqa: T201
    return f"newswire: {place_of(error)}. LOG_LEVEL=debug shows the way there.", 1


def _end(sentence: str, status: int) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 — the command line's own voice
    sys.exit(status)


if __name__ == "__main__":
    main()
