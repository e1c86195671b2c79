"""Settings, read once from the environment and `.env`; every wrong value is one sentence."""

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

#: What was given for these is never repeated, not even in an error.
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
#: Notices in Telegram have these in addresses and ids, which operators copy.
WORD_JOINER = "\u2060"
#: Settings to come: a file that has one already is no mistake.
FUTURE_SETTINGS = ("DIGEST_SCHEDULE",)


class SettingsError(Exception):
    """One or more settings are wrong; `sentences` has one for each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def read_settings(
    environment: Mapping[str, str] | None = None, env_file: Path | None = Path(".env"), **given: Any
) -> Settings:
    """The settings of `environment` (the process's own where None), over those of `env_file`, under `given`.

    Raises:
        SettingsError: with one sentence for each wrong value.
    """
    from_file = _read_env_file(env_file)
    merged = {**from_file, **_own_variables(os.environ if environment is None else environment)}
    merged = {name: value for name, value in merged.items() if not name.upper().endswith(FUTURE_SETTINGS)}
    wrong = list(_find_misspelled(from_file))

    try:
        settings = Settings(**_MergedSource(merged)(), **given)
    except ValidationError as error:
        raise SettingsError(wrong + [_explain_fault(fault) for fault in error.errors()]) from None
    wrong += _find_contradictions(settings)
    if wrong:
        raise SettingsError(wrong)
    return settings


class _MergedSource(EnvSettingsSource):
    """pydantic-settings' own reading of names, over the values that we merged."""

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
    """Desktops set LANGUAGE for gettext (`en_US:en`); that one is not meant for us.

    In the order in which later ones win: curl and Python prefer `https_proxy` to `HTTPS_PROXY`.
    """
    return {
        name: value
        for name, value in sorted(environment.items())
        if not (name == "LANGUAGE" and (":" in value or "_" in value))
    }


def _may_be_empty(name: str) -> bool:
    """Empty means the default, but where it says `none` to something that is on by default."""
    return name.upper() == "HTTP_ADDRESS" or name.upper().startswith("EDITIONS__")


def _read_env_file(path: Path | None) -> dict[str, str]:
    try:
        if path is None or not path.exists():
            return {}
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError([f"{path}: cannot be read ({why}); a UTF-8 text file is wanted."]) from None
    if wrong := [line.original.line for line in parse_stream(StringIO(text)) if line.error]:
        raise SettingsError(
            [f"{path}: line {number} is not understood; NAME=value is wanted." for number in wrong]
        )
    return {name: value or "" for name, value in dotenv_values(stream=StringIO(text)).items()}


def is_in_env_file(name: str, path: Path) -> bool:
    """Whether the setting stands in this file."""
    return any(each.upper() == name and value for each, value in _read_env_file(path).items())


def _find_misspelled(from_file: Mapping[str, str]) -> Iterator[str]:
    known = [name.upper() for name in Settings.model_fields if name != "editions"]
    for name in from_file:
        if name.upper() in known or name.upper().startswith("EDITIONS__"):
            continue
        if close := difflib.get_close_matches(name.upper(), known, 1, 0.85):
            yield f"{name}: .env has no such setting; {close[0]} is wanted."


def _explain_fault(fault: Any) -> str:
    name = "__".join(str(part) for part in fault["loc"]).upper()
    if fault["type"] == "extra_forbidden":
        settings = ", ".join(sorted(EditionSettings.model_fields)).upper()
        return f"{name}: an edition has no such setting; one of {settings} is wanted."
    if name == "EDITIONS" or (name.startswith("EDITIONS__") and fault["type"] != "value_error"):
        return f"{name}: EDITIONS__<NAME>__<SETTING>=value is wanted."
    wanted = fault["msg"].removeprefix("Value error, ")
    shown = "what was given" if name.endswith(SECRET_SETTINGS) else repr(_shorten_value(str(fault["input"])))
    return f"{name}: {shown} is not understood; {wanted} is wanted."


def _shorten_value(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _find_contradictions(settings: Settings) -> list[str]:
    """What is right alone and wrong together."""
    found = []
    paid = settings.allow_paid_broadcast
    if settings.rate_overall.count / settings.rate_overall.seconds > (1000 if paid else 30):
        most = (
            "1000/s is the most Telegram allows"
            if paid
            else "30/s is the most without ALLOW_PAID_BROADCAST=yes"
        )
        found.append(f"RATE_OVERALL: too fast; {most}.")
    if settings.readers_key and settings.readers_key_file:
        found.append("READERS_KEY: READERS_KEY_FILE is given, too; one of them is wanted.")
    for name in ("channels", "feed_urls"):
        own = [getattr(edition, name) for edition in settings.editions.values()]
        if own and None not in own and getattr(settings, name):
            upper = name.upper()
            found.append(
                f"{upper}: every edition has {upper} of its own, so the plain one would be unused; "
                f"EDITIONS__<NAME>__{upper} is wanted for it, or nothing."
            )
    return found
