"""The readers' key, from the setting or from the file that it names."""

from pathlib import Path

from bot.config import SettingsError
from bot.config.settings import Settings
from storage.privacy.encryption import parse_key


def load_readers_key(settings: Settings) -> bytes | None:
    """The key that private chats' ids are sealed with, None for none.

    Raises:
        SettingsError: the file cannot be read, or holds no key.
    """
    if settings.readers_key_file is None:
        return parse_key(settings.readers_key) if settings.readers_key else None
    return read_key_file(settings.readers_key_file, "READERS_KEY_FILE")


def read_key_file(path: Path, name: str) -> bytes:
    """The key in a file; `name` is what the operator calls the file. Raises SettingsError."""
    try:
        return parse_key(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            [f"{name}: {path} cannot be read ({error.strerror}); a file with a key is wanted."]
        ) from None
    except ValueError:
        raise SettingsError(
            [f"{name}: {path} holds no key; what newswire readers-key writes is wanted."]
        ) from None
