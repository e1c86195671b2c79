"""Checks that other users of the machine cannot read the settings, the database and the readers' key."""

from collections.abc import Iterator
from pathlib import Path

from bot.cli._common import CheckResult
from bot.config import Settings, is_in_env_file
from storage.privacy.file_modes import is_open_to_others

ENV_FILE = Path(".env")
SQLITE_PREFIX = "sqlite:///"


def check_files(settings: Settings) -> Iterator[CheckResult]:
    """Check the permissions of `.env` and of the database's folder, and where the readers' key is stored."""
    if is_open_to_others(ENV_FILE):
        yield CheckResult(".env", problem="other users can read it, and the token in it; run chmod 600 .env.")
    sqlite = settings.database_url.startswith(SQLITE_PREFIX)
    folder = Path(settings.database_url.removeprefix(SQLITE_PREFIX)).parent if sqlite else Path("data")
    if sqlite and is_open_to_others(folder):
        problem = f"other users can read it; run chmod 700 {folder}, or use a separate folder."
        yield CheckResult(f"folder {folder}", problem=problem)
    if settings.readers_key or settings.readers_key_file:
        yield _check_key(settings, folder)


def _check_key(settings: Settings, folder: Path) -> CheckResult:
    """Check that the key is outside of what is backed up: it protects copies of the database."""
    file = settings.readers_key_file
    if file is None:
        if is_in_env_file("READERS_KEY", ENV_FILE):
            return CheckResult(
                "READERS_KEY",
                problem="it is in .env; use READERS_KEY_FILE, with a file that is in no backup.",
            )
        return CheckResult("READERS_KEY", "readers' ids are encrypted")
    if folder.resolve() in file.resolve().parents:
        problem = f"it is in {folder}, beside what it encrypts; use a file elsewhere."
        return CheckResult("READERS_KEY_FILE", problem=problem)
    if is_open_to_others(file):
        return CheckResult("READERS_KEY_FILE", problem=f"other users can read it; run chmod 600 {file}.")
    return CheckResult("READERS_KEY_FILE", "readers' ids are encrypted")
