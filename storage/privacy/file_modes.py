"""File modes: files for the bot's own user only, despite the umask.

SQLite gives the files that it adds the mode of the database.
"""

import os
from contextlib import suppress
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
#: What SQLite keeps beside a database.
SQLITE_SUFFIXES = ("", "-wal", "-shm", "-journal", ".lock")


def make_folder(path: Path) -> None:
    """Create the folder, for its owner only, unless it exists.

    Raises OSError.
    """
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


def make_private(path: Path) -> None:
    """Create the file, for its owner only; restrict an existing one if that is allowed.

    Raises OSError: it cannot be created.
    """
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    restrict_to_owner(path)


def restrict_to_owner(path: Path) -> None:
    """Remove the permissions of others from a file, if it exists and is ours."""
    with suppress(OSError):
        if path.stat().st_mode & 0o077:
            path.chmod(FILE_MODE)


def open_private(path: str, flags: int) -> int:
    """An `opener` for `open` that creates files for their owner only."""
    return os.open(path, flags, FILE_MODE)


def is_open_to_others(path: Path) -> bool:
    """Whether anybody but the owner has a permission; False if there is no file."""
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:
        return False
