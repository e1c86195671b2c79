"""Who else on this machine can read what is the bot's: the settings, and the folder of the database."""

from collections.abc import Iterator
from pathlib import Path

from bot.cli.found import Found
from bot.config import Settings
from storage.files import is_open_to_others

ENV_FILE = Path(".env")
SQLITE = "sqlite:///"


def files_found(settings: Settings) -> Iterator[Found]:
    """A line for `.env` and one for the folder, if they are there."""
    if ENV_FILE.exists():
        yield _env_file()
    if settings.database_url.startswith(SQLITE):
        yield _folder(Path(settings.database_url.removeprefix(SQLITE)).parent)


def _env_file() -> Found:
    if is_open_to_others(ENV_FILE):
        return Found(".env", wrong="others on this machine can read it, and the token in it; chmod 600 .env")
    return Found(".env", "nobody else can read it")


def _folder(folder: Path) -> Found:
    what = f"folder {folder}"
    if is_open_to_others(folder):
        return Found(what, wrong=f"others can look into it; chmod 700 {folder}, or choose one of its own.")
    return Found(what, "nobody else can look into it")
