"""Who else on this machine can read what is the bot's: the settings, and the folder of the database."""

from collections.abc import Iterator
from pathlib import Path

from bot.cli._common import CheckResult
from bot.config import Settings, is_in_env_file
from storage.privacy.file_modes import is_open_to_others

ENV_FILE = Path(".env")
SQLITE_PREFIX = "sqlite:///"


def check_files(settings: Settings) -> Iterator[CheckResult]:
    """What others can read of `.env` and of the database's folder, and where the readers' key lies."""
    if is_open_to_others(ENV_FILE):
        yield CheckResult(
            ".env", problem="others on this machine can read it, and the token in it; chmod 600 .env"
        )
    sqlite = settings.database_url.startswith(SQLITE_PREFIX)
    folder = Path(settings.database_url.removeprefix(SQLITE_PREFIX)).parent if sqlite else Path("data")
    if sqlite and is_open_to_others(folder):
        wrong = f"others can look into it; chmod 700 {folder}, or choose one of its own."
        yield CheckResult(f"folder {folder}", problem=wrong)
    if settings.readers_key or settings.readers_key_file:
        yield _check_key(settings, folder)


def _check_key(settings: Settings, folder: Path) -> CheckResult:
    """The key guards copies of the database: it must not lie where they are made from."""
    file = settings.readers_key_file
    if file is None:
        if is_in_env_file("READERS_KEY", ENV_FILE):
            return CheckResult(
                "READERS_KEY",
                problem="it lies in .env; a file that is in no backup is wanted: READERS_KEY_FILE.",
            )
        return CheckResult("READERS_KEY", "readers' ids are encrypted")
    if folder.resolve() in file.resolve().parents:
        wrong = f"it lies in {folder}, beside what it encrypts; a file outside is wanted."
        return CheckResult("READERS_KEY_FILE", problem=wrong)
    if is_open_to_others(file):
        return CheckResult(
            "READERS_KEY_FILE", problem=f"others on this machine can read it; chmod 600 {file}"
        )
    return CheckResult("READERS_KEY_FILE", "readers' ids are encrypted")
