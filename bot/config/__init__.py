"""Reads the settings once, from the environment and `.env`. Every wrong value is reported in one sentence."""

import difflib
import os
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic_settings.sources import EnvSettingsSource

from bot.config.settings import EditionSettings, Settings

__all__ = ["EditionSettings", "Settings", "SettingsError", "is_in_env_file", "read_settings"]

#: Settings whose values never appear in errors.
SECRET_SETTINGS = (
    "TELEGRAM_BOT_TOKEN",
    "DATABASE_URL",
    "READERS_KEY",
    "TELEGRAM_PROXY",
    "FEEDS_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
)
#: Invisible characters that the bot puts into the links and ids of its notices, and operators may copy.
WORD_JOINER = "\u2060"
#: Settings of later versions, which are ignored.
FUTURE_SETTINGS = ("DIGEST_SCHEDULE",)


class SettingsError(Exception):
    """One or more settings are wrong. `sentences` has one sentence for each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def read_settings(
    environment: Mapping[str, str] | None = None, env_file: Path | None = Path(".env"), **given: Any
) -> Settings:
    """Read the settings from `environment` (by default the process's own), then `env_file`.

    `given` overrides both. Raises SettingsError, with one sentence for each wrong value.
    """
    from_file = _read_env_file(env_file)
    merged = {**from_file, **_own_variables(os.environ if environment is None else environment)}
    merged = {name: value for name, value in merged.items() if not name.upper().endswith(FUTURE_SETTINGS)}
    problems = list(_find_misspelled(from_file))
    try:
        settings = Settings(**_MergedSource(merged)(), **given)
    except ValidationError as error:
        raise SettingsError(problems + [_explain_fault(fault) for fault in error.errors()]) from None
    problems += _find_contradictions(settings)
    if problems:
        raise SettingsError(problems)
    return settings


class _MergedSource(EnvSettingsSource):
    """Lets pydantic-settings read the variables that were merged."""

    def __init__(self, merged: Mapping[str, str]) -> None:
        self._merged = {
            name.lower(): value.replace(WORD_JOINER, "")
            for name, value in merged.items()
            if value or _may_be_empty(name)
        }
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._merged


def _own_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without the LANGUAGE that desktops set for gettext, such as `en_US:en`.

    Sorted so that `https_proxy` comes after `HTTPS_PROXY` and overrides it, as in curl and Python.
    """
    return {
        name: value
        for name, value in sorted(environment.items())
        if not (name == "LANGUAGE" and (":" in value or "_" in value))
    }


def _may_be_empty(name: str) -> bool:
    """Return whether empty means none; otherwise it means the default."""
    return name.upper() == "HTTP_ADDRESS" or name.upper().startswith("EDITIONS__")


def _read_env_file(path: Path | None) -> dict[str, str]:
    try:
        if path is None or not path.exists():
            return {}
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError([f"{path}: cannot read it ({reason}); expected a UTF-8 text file."]) from None
    if wrong := [line.original.line for line in parse_stream(StringIO(text)) if line.error]:
        raise SettingsError([f"{path}: line {number} is not valid; expected NAME=value." for number in wrong])
    return {name: value or "" for name, value in dotenv_values(stream=StringIO(text)).items()}


def is_in_env_file(name: str, path: Path) -> bool:
    """Return whether the file sets the setting `name`, in capitals."""
    return any(each.upper() == name and value for each, value in _read_env_file(path).items())


def _find_misspelled(from_file: Mapping[str, str]) -> Iterator[str]:
    known = [name.upper() for name in Settings.model_fields if name != "editions"]
    for name in from_file:
        if name.upper() in known or name.upper().startswith("EDITIONS__"):
            continue
        if close := difflib.get_close_matches(name.upper(), known, 1, 0.85):
            yield f"{name}: there is no such setting; expected {close[0]}."


def _explain_fault(fault: Any) -> str:
    name = "__".join(str(part) for part in fault["loc"]).upper()
    if fault["type"] == "extra_forbidden":
        settings = ", ".join(sorted(EditionSettings.model_fields)).upper()
        return f"{name}: an edition has no such setting; expected one of {settings}."
    if name == "EDITIONS" or (name.startswith("EDITIONS__") and fault["type"] != "value_error"):
        return f"{name}: it is not valid; expected EDITIONS__<NAME>__<SETTING>=value."
    expected = fault["msg"].removeprefix("Value error, ")
    shown = "the value" if name.endswith(SECRET_SETTINGS) else repr(_shorten_value(str(fault["input"])))
    return f"{name}: {shown} is not valid; expected {expected}."


def _shorten_value(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _find_contradictions(settings: Settings) -> list[str]:
    """Return a sentence for each pair of settings that contradict each other."""
    found = []
    paid = settings.allow_paid_broadcast
    if settings.rate_overall.count / settings.rate_overall.seconds > (1000 if paid else 30):
        limit = (
            "at most 1000/s, Telegram's limit"
            if paid
            else "at most 30/s, unless ALLOW_PAID_BROADCAST=yes is set"
        )
        found.append(f"RATE_OVERALL: it is too high; expected {limit}.")
    if settings.readers_key and settings.readers_key_file:
        found.append("READERS_KEY: READERS_KEY_FILE is set too; expected only one of them.")
    for name in ("channels", "feed_urls"):
        own = [getattr(edition, name) for edition in settings.editions.values()]
        if own and None not in own and getattr(settings, name):
            upper = name.upper()
            found.append(
                f"{upper}: every edition has {upper} of its own, so this one would be unused; "
                f"expected EDITIONS__<NAME>__{upper} instead."
            )
    return found
