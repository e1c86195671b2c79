"""`newswire`: the command line, where every known failure ends as one plain sentence."""

import sys

from bot.cli import newswire
from bot.cli.failure import Failure
from bot.config import SettingsError
from storage.database import StorageError


def main() -> None:
    """Run the command line. Exit status: 0 good, 1 failed, 2 wrong use or wrong settings."""
    try:
        newswire(prog_name="newswire")
    except SettingsError as error:
        sys.exit(_told(error, 2))
    except (StorageError, Failure) as error:
        sys.exit(_told(error, 1))


def _told(error: Exception, status: int) -> int:
    print(error, file=sys.stderr)  # noqa: T201 — the command line's own voice
    return status


if __name__ == "__main__":
    main()
