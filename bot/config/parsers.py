"""Parses the values of settings. Each function raises ValueError with what was expected, as a noun phrase."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

from jobs.config import QuietHours, Rate
from jobs.proxies import Proxy, parse_proxy
from jobs.scheduler import next_time
from storage.privacy.encryption import parse_key
from storage.text.urls import site_of

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def parse_items(text: str) -> tuple[str, ...]:
    """Parse comma-separated words, without duplicates: `"a, b,,a"` gives `("a", "b")`."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def parse_duration(text: str) -> timedelta:
    """Parse a duration such as `30s`, `2m`, `1h30m`, `24h` or `7d`."""
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)", text)
    if not parts or re.sub(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)|\s", "", text):
        raise ValueError("a duration such as 30s, 2m, 1h or 7d")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > 100 * 366 * 86400:
        raise ValueError("a duration of at most a hundred years")
    return timedelta(seconds=seconds)


def parse_positive_duration(text: str) -> timedelta:
    """Parse a duration of at least a second."""
    length = parse_duration(text)
    if length < timedelta(seconds=1):
        raise ValueError("a duration of at least 1s, such as 30s, 2m or 1h")
    return length


def parse_cron(text: str) -> str:
    """Parse a five-field cron line such as `0 7 * * *`, and normalize its spaces."""
    line = " ".join(text.split())
    try:
        next_time(line, ZoneInfo("UTC"), datetime.now(UTC))
    except ValueError:
        raise ValueError("a five-field cron line such as 0 7 * * *") from None
    return line


def parse_schedule(text: str) -> timedelta | str:
    """Parse a duration or a cron line."""
    if len(text.split()) >= 4:
        return parse_cron(text)
    try:
        return parse_positive_duration(text)
    except ValueError:
        raise ValueError("a duration of at least 1s (30s, 2m, 1h) or a five-field cron line") from None


def parse_size(text: str) -> int:
    """Parse a size such as `10MB`, `500KB` or `1000000`, in bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?B)?", text.strip(), re.IGNORECASE)
    if not match or not (1 <= float(match[1]) * _BYTES[(match[2] or "B").upper()] <= 10**9):
        raise ValueError("a size such as 10MB, at most 1GB")
    return int(float(match[1]) * _BYTES[(match[2] or "B").upper()])


def parse_rate(text: str) -> Rate:
    """Parse a rate such as `30/s`, `20/m` or `1/2s`: a count per sliding window."""
    match = re.fullmatch(r"(\d{1,6})\s*/\s*(\d{0,4})\s*(s|m|h)", text.strip())
    if not match or not int(match[1]) or match[2] == "0":
        raise ValueError("a rate such as 30/s or 20/m")
    return Rate(int(match[1]), float(match[2] or 1) * _SECONDS[match[3]])


def parse_quiet_hours(text: str) -> QuietHours:
    """Parse hours such as `22:00-06:00`."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", text.strip())
    try:
        if not match:
            raise ValueError
        start, end = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    except ValueError:
        raise ValueError("hours such as 22:00-06:00") from None
    if start == end:
        raise ValueError("hours that differ, such as 22:00-06:00")
    return QuietHours(start, end)


def parse_timezone(text: str) -> ZoneInfo:
    """Parse the name of an IANA time zone, such as `Asia/Yangon`."""
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise ValueError("a time zone such as Asia/Yangon or UTC") from None


def parse_language(text: str) -> str:
    """Parse a language tag such as `en` or `my`, and normalize it."""
    try:
        return str(Locale.parse(text.replace("-", "_"))).replace("_", "-")
    except (UnknownLocaleError, ValueError, TypeError):
        raise ValueError("a language such as en or my") from None


def parse_web_address(text: str) -> str:
    """Parse an http or https address, and remove the slash of an empty path."""
    try:
        parts = urlsplit(text)
        bad = parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.port == 0
    except ValueError:
        bad = True
    if bad or re.search(r"[\s\x00-\x1f<>\"]", text):
        raise ValueError("an address that begins with https:// or http://")
    return text.rstrip("/") if parts.path == "/" else text


def proxy_parser(named: str) -> Callable[[str], Proxy]:
    """Return a parser of proxy addresses for the setting `named`."""
    return lambda text: parse_proxy(text, named)


def parse_base_address(text: str) -> str:
    """Parse a web address to which paths are appended."""
    return parse_web_address(text).rstrip("/")


def parse_web_addresses(text: str) -> tuple[str, ...]:
    """Parse comma-separated web addresses. A comma inside an address is written %2C."""
    return tuple(dict.fromkeys(parse_web_address(item) for item in parse_items(text)))


def parse_authority(text: str) -> dict[str, frozenset[str]]:
    """Parse `feeds.example.org=www.example.org+blog.example.org, ...`: other hosts for each feed's host.

    Hosts have a port if it is not the default one, and no "www.".
    """
    named: dict[str, frozenset[str]] = {}
    for item in parse_items(text):
        feed, equals, hosts = item.partition("=")
        if not equals:
            raise ValueError(_AUTHORITY_WANTED)
        named[_parse_host(feed)] = named.get(_parse_host(feed), frozenset()) | {
            _parse_host(one) for one in hosts.split("+")
        }
    return named


_AUTHORITY_WANTED = (
    "a feed's host and the hosts it may correct, such as feeds.example.org=www.example.org+b.example"
)


def _parse_host(text: str) -> str:
    scheme = "http" if text.strip().endswith(":80") else "https"
    host = site_of(f"{scheme}://{text.strip()}/")
    if not host or not re.fullmatch(r"[^/?#@\s]+", text.strip()):
        raise ValueError(_AUTHORITY_WANTED)
    return host


def parse_listening_address(text: str) -> tuple[str, int]:
    """Parse an address such as `127.0.0.1:8080`, `[::1]:8080` or `:8080`; port 0 means any free port."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]*):(\d{1,5})", text.strip())
    if not match or int(match[2]) > 65535:
        raise ValueError("an address such as 127.0.0.1:8080, or nothing for none")
    return match[1].strip("[]") or "0.0.0.0", int(match[2])  # noqa: S104 — the operator chose all interfaces


def parse_line(text: str) -> str:
    """Parse one line without control characters, for an HTTP header."""
    if not text.isprintable() or len(text) > 300:
        raise ValueError("one line of at most 300 characters")
    return text


def parse_channels(text: str) -> tuple[int | str, ...]:
    """Parse comma-separated channels: `@name`, `https://t.me/name` or an id such as `-1001234567890`."""
    return tuple(dict.fromkeys(_parse_channel(item) for item in parse_items(text)))


def _parse_channel(item: str) -> int | str:
    name = re.sub(r"^(https?://)?(t\.me|telegram\.me)/", "@", item)
    if re.fullmatch(r"@[A-Za-z][A-Za-z0-9_]{3,31}", name):
        return name
    if re.fullmatch(r"-?\d{1,16}", name) and int(name) != 0:
        return int(name)
    raise ValueError("channels as @name or a numeric id such as -1001234567890, comma-separated")


def parse_user_ids(text: str) -> tuple[int, ...]:
    """Parse comma-separated numeric ids of Telegram users."""
    if not all(re.fullmatch(r"\d{1,16}", item) for item in parse_items(text)):
        raise ValueError(
            "numeric Telegram user ids, comma-separated (send /start to @userinfobot to get yours)"
        )
    return tuple(int(item) for item in parse_items(text))


def parse_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Parse comma-separated networks such as `127.0.0.1/32, 10.0.0.0/8`."""
    try:
        return tuple(ip_network(item) for item in parse_items(text))
    except ValueError:
        raise ValueError("networks such as 127.0.0.1/32 or 10.0.0.0/8, comma-separated") from None


def parse_token(text: str) -> str:
    """Parse a bot's token in @BotFather's format."""
    if not re.fullmatch(r"\d{3,20}:[A-Za-z0-9_-]{20,100}", text):
        raise ValueError("a token from @BotFather, such as 123456789:AAE...")
    return text


def parse_database_url(text: str) -> str:
    """Parse a SQLite or PostgreSQL URL. A database in memory is refused: it would forget what was posted."""
    if not re.match(r"(sqlite:///(?!:memory:)|postgresql(\+psycopg)?://).", text):
        raise ValueError("sqlite:///path or postgresql://user@host/name")
    return text


def parse_whole_number(text: str) -> int:
    """Parse a whole number from 0 to 1000."""
    if not re.fullmatch(r"\d{1,4}", text) or int(text) > 1000:
        raise ValueError("a whole number from 0 to 1000")
    return int(text)


def parse_readers_key(text: str) -> str:
    """Parse a key written by `newswire readers-key`."""
    parse_key(text)
    return text


def parse_yes_no(text: str) -> bool:
    """Parse `yes` or `no`, or one of their usual synonyms."""
    answers = {
        "yes": True,
        "true": True,
        "on": True,
        "1": True,
        "no": False,
        "false": False,
        "off": False,
        "0": False,
    }
    if text.lower() not in answers:
        raise ValueError("yes or no")
    return answers[text.lower()]
