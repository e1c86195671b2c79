"""Every setting, with its default and meaning."""

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


def _parse_with(parse: Callable[[str], Any], empty: Any = ...) -> BeforeValidator:
    """Parse text with `parse`, and keep other values. Empty text gives `empty`, if that is passed."""

    def validate_value(given: Any) -> Any:
        if isinstance(given, str | int | float) and not isinstance(given, bool | StrEnum):
            text = str(given).strip()  # nested settings that look like numbers are passed as such
            return empty if not text and empty is not ... else parse(text)
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
    """The settings that an edition may override. All others fall back to the plain setting."""

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
    """The parsed settings. `.env.example` and docs/configuration.md are generated from the descriptions."""

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
        """Read no other sources: `read_settings` passes everything in."""
        return (init_settings,)

    telegram_bot_token: Annotated[str, _parse_with(parsers.parse_token, "")] = Field(
        "", repr=False, description="the bot's token, from @BotFather"
    )
    telegram_api_url: Annotated[str, _parse_with(parsers.parse_base_address)] = Field(
        "https://api.telegram.org", description="the Bot API server: Telegram's or your own"
    )
    channels: Channels = Field(
        (),
        description="comma-separated ids or @names of channels that get every article; the bot must be an "
        "administrator there",
    )
    feed_urls: Addresses = Field(
        (), description="comma-separated addresses of feeds, or of sites, whose feeds are discovered"
    )
    feed_authority: Annotated[
        dict[str, frozenset[str]], NoDecode, _parse_with(parsers.parse_authority, {})
    ] = Field(
        {},
        description="hosts, besides its own, whose articles a feed may correct or withdraw: "
        "feeds.example.org=www.example.org+blog.example.org, ...",
    )
    operators: Annotated[tuple[int, ...], NoDecode, _parse_with(parsers.parse_user_ids)] = Field(
        (),
        description="comma-separated Telegram user ids; they may use the operators' commands, and get alerts",
    )
    fetch_schedule: Annotated[timedelta | str, _parse_with(parsers.parse_schedule)] = Field(
        timedelta(minutes=2),
        description="how often feeds are updated: a duration (30s, 2m, 1h), or a cron line in TIMEZONE",
    )
    quiet_hours: Hours = Field(
        None,
        description="hours such as 22:00-06:00, when routine posts are silent or wait; breaking news is not",
    )
    quiet_mode: Annotated[QuietMode, _one_of(QuietMode)] = Field(
        QuietMode.SILENT,
        description="posts in quiet hours: silent (no sound) or hold (wait until the end)",
    )
    breaking: Items = Field(
        (), description="comma-separated words or sections that make an article breaking news"
    )
    include: Items = Field(
        (), description="comma-separated words or sections, of which an article must have at least one"
    )
    exclude: Items = Field(
        (), description="comma-separated words or sections, of which an article must have none"
    )
    hold: Duration = Field(
        timedelta(),
        description="how long an article waits before it is posted, so that an editor can withdraw it",
    )
    timezone: Zone = Field(ZoneInfo("UTC"), description="the newsroom's time zone, such as Asia/Yangon")
    language: Language = Field("en", description="the newsroom's language, such as en or my")
    backfill: Number = Field(
        0,
        description="how many articles of a new feed's first update are posted; the others are only stored",
    )
    max_age: Wait = Field(
        timedelta(hours=24),
        description="the maximum age of an article that is posted; older ones are only stored",
    )
    min_gap: Duration = Field(
        timedelta(), description="the minimum time between two routine posts in a channel"
    )
    corrections: Annotated[Corrections, _one_of(Corrections)] = Field(
        Corrections.MARK,
        description="corrections of posts: mark (with the time of the correction) or silent",
    )
    withdrawals: Annotated[Withdrawals, _one_of(Withdrawals)] = Field(
        Withdrawals.DELETE,
        description="posts of a withdrawn article: delete, note (replace with a short note) or off (keep)",
    )
    threads: YesNo = Field(
        False,
        description="whether a post that continues a story replies to the story's last post in the channel",
    )
    pictures: Annotated[Pictures, _one_of(Pictures)] = Field(
        Pictures.PREVIEW,
        description="preview (large link preview), photo (with a caption) or none",
    )
    database_url: Annotated[str, _parse_with(parsers.parse_database_url)] = Field(
        "sqlite:///data/newswire.db",
        repr=False,
        description="the database: sqlite:///path or postgresql://user:password@host/name",
    )
    retention: Duration = Field(
        timedelta(),
        description="how long the texts of articles are kept, such as 365d; if empty, forever",
    )
    alert_retention: Wait = Field(
        timedelta(days=7),
        description="how long the recipients of an alert are stored, and get its corrections",
    )
    readers_key: Annotated[str, _parse_with(parsers.parse_readers_key, "")] = Field(
        "",
        repr=False,
        description="the key that encrypts ids of private chats, from newswire readers-key; a file is safer",
    )
    readers_key_file: Annotated[Path | None, _parse_with(Path, None)] = Field(
        None, description="a file with that key, outside the database's folder and its backups"
    )
    http_address: Annotated[
        tuple[str, int] | None, NoDecode, _parse_with(parsers.parse_listening_address, None)
    ] = Field(
        ("127.0.0.1", 8080),
        description="the address where /healthz, /readyz and /metrics are served; if empty, none",
    )
    telegram_proxy: Annotated[
        Proxy | None, NoDecode, _parse_with(parsers.proxy_parser("TELEGRAM_PROXY"), None)
    ] = Field(
        None,
        repr=False,
        description="the proxy for Telegram: http, https, socks5 or socks5h, such as "
        "socks5h://name:password@127.0.0.1:1080; if empty, HTTPS_PROXY or ALL_PROXY",
    )
    feeds_proxy: Annotated[Proxy | None, NoDecode, _parse_with(parsers.proxy_parser("FEEDS_PROXY"), None)] = (
        Field(
            None,
            repr=False,
            description="the proxy for feeds, pages, pictures and hubs; if empty, they are reached directly, "
            "even if HTTP_PROXY is set",
        )
    )
    https_proxy: str = Field("", repr=False, description="the environment's proxy, used for Telegram only")
    http_proxy: str = Field(
        "",
        repr=False,
        description="the same for a TELEGRAM_API_URL with http://, or if no other proxy is set",
    )
    all_proxy: str = Field("", repr=False, description="the same for both http and https")
    no_proxy: str = Field(
        "",
        description="comma-separated hosts reached without a proxy: example.org (with its subdomains), "
        "host:8081, 10.0.0.0/8, or * for all",
    )
    public_url: Annotated[str, _parse_with(parsers.parse_base_address, "")] = Field(
        "",
        description="where Telegram and WebSub hubs reach HTTP_ADDRESS; turns on the webhook and WebSub",
    )
    contact: Annotated[str, _parse_with(parsers.parse_line, "")] = Field(
        "",
        description="an address or email for the User-Agent; if empty, PUBLIC_URL or a channel's link",
    )
    rate_overall: Quantity = Field(
        Rate(30, 1), description="the maximum number of messages in any sliding window, in total"
    )
    rate_chat: Quantity = Field(Rate(1, 1), description="the same for one private chat")
    rate_group: Quantity = Field(Rate(20, 60), description="the same for one group or channel")
    allow_paid_broadcast: YesNo = Field(
        False,
        description="pay Telegram Stars to send more than 30/s; RATE_OVERALL may then be up to 1000/s",
    )
    unclear_send_wait: Wait = Field(
        timedelta(seconds=75),
        description="how long to wait before finding out whether an unclear send was delivered",
    )
    private_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, _parse_with(parsers.parse_networks)
    ] = Field(
        (),
        description="comma-separated private networks that may be fetched from, such as 127.0.0.1/32",
    )
    feed_hints: Annotated[FeedHints, _one_of(FeedHints)] = Field(
        FeedHints.RESPECT,
        description="respect or ignore (for your own site) a feed's ttl, skipHours and Cache-Control",
    )
    page_wait: Duration = Field(
        timedelta(seconds=2),
        description="how long a post waits for the article's page if the feed lacks its text or picture",
    )
    max_feed_bytes: Annotated[int, _parse_with(parsers.parse_size)] = Field(
        10_000_000, description="the maximum size of a feed after decompression"
    )
    fetch_timeout: Wait = Field(timedelta(seconds=20), description="the maximum time to fetch a feed or page")
    editions: dict[str, EditionSettings] = Field(
        {},
        description="editions of the newsroom; what one does not set falls back to the plain setting",
    )
    log_format: Annotated[str, _parse_with(_parse_log_format)] = Field("text", description="text or json")
    log_level: Annotated[str, _parse_with(_parse_log_level)] = Field(
        "info", description="debug, info, warning or error"
    )
