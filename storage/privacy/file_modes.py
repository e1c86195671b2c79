"""Files for the bot's own user only, whatever the umask. What SQLite adds has the mode of the database."""

import os
from contextlib import suppress
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
#: What SQLite keeps beside a database.
SQLITE_SUFFIXES = ("", "-wal", "-shm", "-journal", ".lock")


def make_folder(path: Path) -> None:
    """Make the folder if there is none, for us alone; one that is there stays as it is.

    Raises OSError.
    """
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


def make_private(path: Path) -> None:
    """Make the file if there is none; take from others what they may do to one that is there, if we may.

    Raises OSError: it cannot be made.
    """
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    restrict_to_owner(path)


def restrict_to_owner(path: Path) -> None:
    """Take from others what they may do to a file, if there is one and it is ours."""
    with suppress(OSError):
        if path.stat().st_mode & 0o077:
            path.chmod(FILE_MODE)


def open_private(path: str, flags: int) -> int:
    """An `opener` for `open`: what it makes is for us alone."""
    return os.open(path, flags, FILE_MODE)


def is_open_to_others(path: Path) -> bool:
    """Whether anybody but the owner may do anything with it; False if it is not there."""
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:
        return False
