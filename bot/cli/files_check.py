"""Who else on this machine can read what is the bot's: the settings, and the folder of the database."""

from collections.abc import Iterator
from pathlib import Path

from bot.cli.found import Found
from bot.config import Settings, is_in_env_file
from storage.files import is_open_to_others

ENV_FILE = Path(".env")
SQLITE = "sqlite:///"


def files_found(settings: Settings) -> Iterator[Found]:
    """A line for `.env` and one for the folder, if they are there."""
    if ENV_FILE.exists():
        yield _env_file()
    if settings.database_url.startswith(SQLITE):
        yield _folder(folder := Path(settings.database_url.removeprefix(SQLITE)).parent)
    else:
        folder = Path("data")  # of the text index
    if settings.readers_key or settings.readers_key_file:
        yield _key(settings, folder)


def _env_file() -> Found:
    if is_open_to_others(ENV_FILE):
        return Found(".env", wrong="others on this machine can read it, and the token in it; chmod 600 .env")
    return Found(".env", "nobody else can read it")


def _folder(folder: Path) -> Found:
    what = f"folder {folder}"
    if is_open_to_others(folder):
        return Found(what, wrong=f"others can look into it; chmod 700 {folder}, or choose one of its own.")
    return Found(what, "nobody else can look into it")


def _key(settings: Settings, folder: Path) -> Found:
    """The key guards copies of the database: it must not lie where they are made from."""
    file = settings.readers_key_file
    if file is None:
        if is_in_env_file("READERS_KEY", ENV_FILE):
            return Found(
                "READERS_KEY",
                wrong="it lies in .env; a file that is in no backup is wanted: READERS_KEY_FILE.",
            )
        return Found("READERS_KEY", "readers' ids are encrypted")
    if folder.resolve() in file.resolve().parents:
        wrong = f"it lies in {folder}, beside what it encrypts; a file outside is wanted."
        return Found("READERS_KEY_FILE", wrong=wrong)
    if is_open_to_others(file):
        return Found("READERS_KEY_FILE", wrong=f"others on this machine can read it; chmod 600 {file}")
    return Found("READERS_KEY_FILE", "readers' ids are encrypted")
