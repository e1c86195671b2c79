"""Every option, its default and its meaning."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config import parsers
from jobs.config import Corrections, FeedHints, Pictures, QuietHours, QuietMode, Rate, Withdrawals
from jobs.proxies import Proxy


def _parse_with(read: Callable[[str], Any], empty: Any = ...) -> BeforeValidator:
    """Text goes through `read`; a value stays; empty text means `empty` where that is given."""

    def validate_value(given: Any) -> Any:
        if isinstance(given, str | int | float) and not isinstance(given, bool | StrEnum):
            text = str(given).strip()  # a nested setting that looks like a number arrives as one
            return empty if not text and empty is not ... else read(text)
        return given

    return BeforeValidator(validate_value)


def _one_of(words: type[StrEnum]) -> BeforeValidator:
    def parse_choice(text: str) -> StrEnum:
        try:
            return words(text.lower())
        except ValueError:
            raise ValueError(" or ".join(words)) from None

    return _parse_with(parse_choice)


def _parse_log_level(text: str) -> str:
    if text.lower() not in ("debug", "info", "warning", "error"):
        raise ValueError("debug, info, warning or error")
    return text.lower()


def _parse_log_format(text: str) -> str:
    if text.lower() not in ("text", "json"):
        raise ValueError("text or json")
    return text.lower()


Items = Annotated[tuple[str, ...], NoDecode, _parse_with(parsers.parse_items)]
Channels = Annotated[tuple[int | str, ...], NoDecode, _parse_with(parsers.parse_channels)]
Addresses = Annotated[tuple[str, ...], NoDecode, _parse_with(parsers.parse_web_addresses)]
Duration = Annotated[timedelta, _parse_with(parsers.parse_duration, timedelta())]
Wait = Annotated[timedelta, _parse_with(parsers.parse_positive_duration)]
Hours = Annotated[QuietHours | None, NoDecode, _parse_with(parsers.parse_quiet_hours, None)]
Language = Annotated[str, _parse_with(parsers.parse_language)]
Zone = Annotated[ZoneInfo, _parse_with(parsers.parse_timezone)]
Number = Annotated[int, _parse_with(parsers.parse_whole_number)]
YesNo = Annotated[bool, _parse_with(parsers.parse_yes_no)]
Quantity = Annotated[Rate, NoDecode, _parse_with(parsers.parse_rate)]


class EditionSettings(BaseModel):
    """What an edition may have of its own; what it does not name falls back to the plain setting."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    channels: Channels | None = None
    feed_urls: Addresses | None = None
    language: Language | None = None
    timezone: Zone | None = None
    include: Items | None = None
    exclude: Items | None = None
    breaking: Items | None = None
    quiet_hours: Hours = None
    quiet_mode: Annotated[QuietMode, _one_of(QuietMode)] | None = None
    hold: Duration | None = None


class Settings(BaseSettings):
    """The environment, understood. Descriptions become `.env.example` and docs/configuration.md."""

    model_config = SettingsConfigDict(
        env_nested_delimiter="__",
        enable_decoding=False,
        extra="ignore",
        frozen=True,
        arbitrary_types_allowed=True,
    )

    @classmethod
    def settings_customise_sources(  # type: ignore[override]
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **_: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing is read behind our back: `read_settings` hands everything in."""
        return (init_settings,)

    telegram_bot_token: Annotated[str, _parse_with(parsers.parse_token, "")] = Field(
        "", repr=False, description="from @BotFather"
    )
    telegram_api_url: Annotated[str, _parse_with(parsers.parse_base_address)] = Field(
        "https://api.telegram.org", description="the Bot API server, yours or theirs"
    )
    channels: Channels = Field(
        (),
        description="channels that get every article: ids or @names; the bot must be their administrator",
    )
    feed_urls: Addresses = Field(
        (), description="feed addresses, comma-separated; a site's address is enough: its feed is discovered"
    )
    feed_authority: Annotated[
        dict[str, frozenset[str]], NoDecode, _parse_with(parsers.parse_authority, {})
    ] = Field(
        {},
        description="hosts beyond its own (www. aside) whose articles a feed may correct or withdraw: "
        "feeds.example.org=www.example.org+blog.example.org, ...",
    )
    operators: Annotated[tuple[int, ...], NoDecode, _parse_with(parsers.parse_user_ids)] = Field(
        (),
        description="Telegram user ids, comma-separated: may use the operators' commands, and get the alerts",
    )
    fetch_schedule: Annotated[timedelta | str, _parse_with(parsers.parse_schedule)] = Field(
        timedelta(minutes=2),
        description="when to look for articles: a duration (30s, 2m, 1h) or a cron line, in TIMEZONE",
    )
    quiet_hours: Hours = Field(
        None, description="22:00-06:00: routine posts go silently, or wait; breaking news does not"
    )
    quiet_mode: Annotated[QuietMode, _one_of(QuietMode)] = Field(
        QuietMode.SILENT, description="in the quiet hours: silent (no sound) or hold (wait for their end)"
    )
    breaking: Items = Field(
        (), description="words or sections that make an article breaking, comma-separated"
    )
    include: Items = Field(
        (), description="words or sections, comma-separated; an article must have one of them"
    )
    exclude: Items = Field(
        (), description="words or sections, comma-separated; an article must have none of them"
    )
    hold: Duration = Field(
        timedelta(),
        description="how long an article waits before it is posted, so that an editor can stop it",
    )
    timezone: Zone = Field(ZoneInfo("UTC"), description="the newsroom's time zone, such as Asia/Yangon")
    language: Language = Field("en", description="the newsroom's language, such as en or my")
    backfill: Number = Field(
        0,
        description="how many articles of a new feed's first look are posted; others are kept, not posted",
    )
    max_age: Wait = Field(
        timedelta(hours=24),
        description="an older article is kept, not posted",
    )
    min_gap: Duration = Field(
        timedelta(), description="the least time between two routine posts of a channel"
    )
    corrections: Annotated[Corrections, _one_of(Corrections)] = Field(
        Corrections.MARK,
        description="a corrected article corrects its posts: mark (with a line that says when) or silent",
    )
    withdrawals: Annotated[Withdrawals, _one_of(Withdrawals)] = Field(
        Withdrawals.DELETE,
        description="a withdrawn article's posts: delete, note (a short note instead) or off",
    )
    threads: YesNo = Field(
        False,
        description="yes: a post that continues a story is a reply to the story's last post in its channel",
    )
    pictures: Annotated[Pictures, _one_of(Pictures)] = Field(
        Pictures.PREVIEW, description="preview (large link preview), photo (with a caption) or none"
    )
    database_url: Annotated[str, _parse_with(parsers.parse_database_url)] = Field(
        "sqlite:///data/newswire.db",
        repr=False,
        description="sqlite:///path or postgresql://user:password@host/name",
    )
    retention: Duration = Field(
        timedelta(),
        description="how long articles' texts are kept, such as 365d; empty for ever",
    )
    alert_retention: Wait = Field(
        timedelta(days=7),
        description="how long it is kept to whom an alert was sent; until then a correction reaches it",
    )
    readers_key: Annotated[str, _parse_with(parsers.parse_readers_key, "")] = Field(
        "",
        repr=False,
        description="encrypts the ids of readers' chats; made by newswire readers-key; a file is safer",
    )
    readers_key_file: Annotated[Path | None, _parse_with(Path, None)] = Field(
        None, description="the same, in a file outside the database and its backups"
    )
    http_address: Annotated[
        tuple[str, int] | None, NoDecode, _parse_with(parsers.parse_listening_address, None)
    ] = Field(
        ("127.0.0.1", 8080),
        description="where /healthz, /readyz and /metrics are served; empty for none",
    )
    telegram_proxy: Annotated[
        Proxy | None, NoDecode, _parse_with(parsers.proxy_parser("TELEGRAM_PROXY"), None)
    ] = Field(
        None,
        repr=False,
        description="the proxy on the way to Telegram: http, https, socks5 or socks5h, such as "
        "socks5h://name:password@127.0.0.1:1080; else HTTPS_PROXY or ALL_PROXY",
    )
    feeds_proxy: Annotated[Proxy | None, NoDecode, _parse_with(parsers.proxy_parser("FEEDS_PROXY"), None)] = (
        Field(
            None,
            repr=False,
            description="the proxy for feeds, pages, pictures and hubs; they go directly without it, "
            "whatever HTTP_PROXY says",
        )
    )
    https_proxy: str = Field("", repr=False, description="the environment's proxy, for Telegram alone")
    http_proxy: str = Field(
        "",
        repr=False,
        description="the same where TELEGRAM_API_URL begins with http://, or nothing else is set",
    )
    all_proxy: str = Field("", repr=False, description="the same for both")
    no_proxy: str = Field(
        "",
        description="hosts, comma-separated, reached without any of these proxies: example.org (and what "
        "lies below), host:8081, 10.0.0.0/8, or * for all",
    )
    public_url: Annotated[str, _parse_with(parsers.parse_base_address, "")] = Field(
        "",
        description="where Telegram and WebSub hubs reach us: turns on webhook and WebSub",
    )
    contact: Annotated[str, _parse_with(parsers.parse_line, "")] = Field(
        "",
        description="our address, told to the sites we read; else PUBLIC_URL or a channel's",
    )
    rate_overall: Quantity = Field(
        Rate(30, 1), description="the most messages in any sliding window, overall"
    )
    rate_chat: Quantity = Field(Rate(1, 1), description="the same for one private chat")
    rate_group: Quantity = Field(Rate(20, 60), description="the same for one group or channel")
    allow_paid_broadcast: YesNo = Field(
        False, description="pay Telegram Stars to send more than 30/s; RATE_OVERALL may then be up to 1000/s"
    )
    unclear_send_wait: Wait = Field(
        timedelta(seconds=75), description="how long to wait before looking up what became of an unclear send"
    )
    private_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, _parse_with(parsers.parse_networks)
    ] = Field(
        (),
        description="private networks that may be fetched from, such as 127.0.0.1/32",
    )
    feed_hints: Annotated[FeedHints, _one_of(FeedHints)] = Field(
        FeedHints.RESPECT,
        description="respect or ignore (a newsroom's own site) a feed's ttl, skipHours and Cache-Control",
    )
    page_wait: Duration = Field(
        timedelta(seconds=2),
        description="how long a post waits for its article's page where the feed lacks text or picture",
    )
    max_feed_bytes: Annotated[int, _parse_with(parsers.parse_size)] = Field(
        10_000_000, description="the largest feed, after decompression"
    )
    fetch_timeout: Wait = Field(
        timedelta(seconds=20), description="the longest that a feed or page may take, in all"
    )
    editions: dict[str, EditionSettings] = Field(
        {}, description="a newsroom with several channels; each falls back to the plain setting"
    )
    log_format: Annotated[str, _parse_with(_parse_log_format)] = Field("text", description="text or json")
    log_level: Annotated[str, _parse_with(_parse_log_level)] = Field(
        "info", description="debug, info, warning or error"
    )
