"""Loads the readers' key from READERS_KEY or READERS_KEY_FILE."""

from pathlib import Path

from bot.config import SettingsError
from bot.config.settings import Settings
from storage.privacy.encryption import parse_key


def load_readers_key(settings: Settings) -> bytes | None:
    """Return the key that encrypts the ids of private chats, or None if none is set.

    Raises:
        SettingsError: the file cannot be read, or has no key.
    """
    if settings.readers_key_file is None:
        return parse_key(settings.readers_key) if settings.readers_key else None
    return read_key_file(settings.readers_key_file, "READERS_KEY_FILE")


def read_key_file(path: Path, name: str) -> bytes:
    """Return the key in a file. `name` is the setting or option that names it. Raises SettingsError."""
    try:
        return parse_key(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            [f"{name}: cannot read {path} ({error.strerror}); expected a file with a key."]
        ) from None
    except ValueError:
        raise SettingsError(
            [f"{name}: {path} has no key; expected a file written by newswire readers-key."]
        ) from None
