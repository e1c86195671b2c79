"""`python -m bot.config` writes `.env.example` and docs/configuration.md from the settings."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.config.settings import EditionSettings, Settings
from jobs.config import QuietHours, Rate

ROOT = Path(__file__).parents[2]

#: The order in which an operator meets them.
GROUPS = {
    "To begin with": ("telegram_bot_token", "channels", "feed_urls", "operators", "timezone", "language"),
    "When": (
        "fetch_schedule",
        "quiet_hours",
        "quiet_mode",
        "hold",
        "max_age",
        "min_gap",
        "backfill",
    ),
    "What": (
        "breaking",
        "include",
        "exclude",
        "corrections",
        "withdrawals",
        "threads",
        "pictures",
        "editions",
    ),
    "Where": (
        "database_url",
        "retention",
        "alert_retention",
        "readers_key",
        "readers_key_file",
        "http_address",
        "public_url",
        "telegram_api_url",
        "contact",
    ),
    "Proxies": ("telegram_proxy", "feeds_proxy", "https_proxy", "http_proxy", "all_proxy", "no_proxy"),
    "How fast": ("rate_overall", "rate_chat", "rate_group", "allow_paid_broadcast", "unclear_send_wait"),
    "Reading feeds": (
        "feed_authority",
        "private_networks",
        "feed_hints",
        "page_wait",
        "max_feed_bytes",
        "fetch_timeout",
    ),
    "Logs": ("log_format", "log_level"),
}


def format_default(value: Any) -> str:
    """A default as an operator would write it."""
    match value:
        case None | () | "":
            return ""
        case dict() if not value:
            return ""
        case timedelta():
            return _format_duration(value)
        case ZoneInfo():
            return value.key
        case Rate():
            unit = {1: "s", 60: "m", 3600: "h"}[int(value.seconds)]
            return f"{value.count}/{unit}"
        case QuietHours():
            return f"{value.start:%H:%M}-{value.end:%H:%M}"
        case bool():
            return "yes" if value else "no"
        case (str(), int()):
            return f"{value[0]}:{value[1]}"
        case int() if value >= 10**6 and value % 10**6 == 0:
            return f"{value // 10**6}MB"
        case _:
            return str(value)


def _format_duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    if seconds > 86400 and seconds % 86400 == 0:
        return f"{seconds // 86400}d"
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s" if seconds else ""


def render_env_example() -> str:
    """The text of `.env.example`."""
    lines = [
        "# Newswire's settings. Copy to .env and fill in the first three; the others show their defaults."
    ]
    for group, names in GROUPS.items():
        lines += ["", f"# --- {group} ---"]
        for name in names:
            lines += list(_example_lines(name))
    return "\n".join(lines) + "\n"


def _example_lines(name: str) -> Iterator[str]:
    field = Settings.model_fields[name]
    yield f"# {field.description}"
    if name == "editions":
        yield "# EDITIONS__BURMESE__CHANNELS=@newsroom_burmese"
        yield "# EDITIONS__BURMESE__LANGUAGE=my"
        yield f"# (an edition may have its own {', '.join(EditionSettings.model_fields).upper()})"
        return
    begin = "" if name in ("telegram_bot_token", "channels", "feed_urls") else "# "
    yield f"{begin}{name.upper()}={format_default(field.default)}"


def render_settings_page() -> str:
    """The text of docs/configuration.md."""
    lines = [
        "# Settings",
        "",
        "Read from the environment, and from `.env` in the working folder; the environment wins.",
        "A wrong value stops the start with exit status 2 and one sentence for each.",
        "This page is written by `python -m bot.config`.",
    ]
    for group, names in GROUPS.items():
        lines += ["", f"## {group}", "", "| setting | default | meaning |", "|---|---|---|"]
        for name in names:
            field = Settings.model_fields[name]
            shown = "EDITIONS__&lt;NAME&gt;__&lt;SETTING&gt;" if name == "editions" else f"`{name.upper()}`"
            default = "" if name == "editions" else format_default(field.default)
            lines.append(f"| {shown} | {f'`{default}`' if default else ''} | {field.description} |")
    names_of_editions = ", ".join(f"`{name.upper()}`" for name in EditionSettings.model_fields)
    lines += [
        "",
        f"An edition may have its own {names_of_editions}.",
        "Where editions are named, they are all the newsroom has: the plain settings are then what they fall",
        "back to, not an edition of their own.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (ROOT / ".env.example").write_text(render_env_example(), encoding="utf-8")
    (ROOT / "docs" / "configuration.md").write_text(render_settings_page(), encoding="utf-8")
