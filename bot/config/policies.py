"""Converts the settings to the configuration of the jobs, the values of `jobs.config`."""

from pathlib import Path

from bot import __version__
from bot.config.proxies import no_proxy_hosts
from bot.config.settings import EditionSettings, Settings
from jobs.config import Edition, FetchPolicy, PublishPolicy

#: The suffix of the saved text index, beside the database file.
INDEX_SUFFIX = ".index"


def list_editions(settings: Settings) -> tuple[Edition, ...]:
    """Return the newsroom's editions: the named ones, or if there are none, one from the plain settings."""
    if not settings.editions:
        return (_build_edition("", EditionSettings(), settings),)
    return tuple(_build_edition(name, own, settings) for name, own in sorted(settings.editions.items()))


def _build_edition(name: str, own: EditionSettings, settings: Settings) -> Edition:
    def chosen_value(field: str) -> object:
        return getattr(own if field in own.model_fields_set else settings, field)

    fields = {field: chosen_value(field) for field in EditionSettings.model_fields}
    return Edition(name=name, **fields)  # type: ignore[arg-type]


def list_feed_urls(settings: Settings) -> tuple[str, ...]:
    """Return the feeds of all editions, each once."""
    return tuple(dict.fromkeys(url for edition in list_editions(settings) for url in edition.feed_urls))


def fetch_policy(settings: Settings) -> FetchPolicy:
    return FetchPolicy(
        user_agent=f"Newswire/{__version__} (+{_contact_address(settings)})",
        schedule=settings.fetch_schedule,
        timeout=settings.fetch_timeout.total_seconds(),
        max_bytes=settings.max_feed_bytes,
        private_networks=settings.private_networks,
        hints=settings.feed_hints,
        backfill=settings.backfill,
        page_wait=settings.page_wait.total_seconds(),
        public_url=settings.public_url,
        proxy=settings.feeds_proxy,
        no_proxy=no_proxy_hosts(settings),
        authority=settings.feed_authority,
    )


def _contact_address(settings: Settings) -> str:
    channel = next(
        (name for edition in list_editions(settings) for name in edition.channels if isinstance(name, str)),
        "",
    )
    named = f"https://t.me/{channel.removeprefix('@')}" if channel else "no contact given"
    return settings.contact or settings.public_url or named


def publish_policy(settings: Settings) -> PublishPolicy:
    return PublishPolicy(
        editions=list_editions(settings),
        timezone=settings.timezone,
        max_age=settings.max_age,
        corrections=settings.corrections,
        withdrawals=settings.withdrawals,
        threads=settings.threads,
        pictures=settings.pictures,
        min_gap=settings.min_gap,
        unclear_wait=settings.unclear_send_wait,
        rate_overall=settings.rate_overall,
        rate_chat=settings.rate_chat,
        rate_group=settings.rate_group,
        paid_broadcast=settings.allow_paid_broadcast,
        operators=settings.operators,
        authority=settings.feed_authority,
        alert_retention=settings.alert_retention,
    )


def index_path(settings: Settings) -> Path:
    """Return the path of the saved text index: beside the SQLite file, or in `data/` for PostgreSQL."""
    prefix = "sqlite:///"
    if settings.database_url.startswith(prefix):
        return Path(settings.database_url.removeprefix(prefix)).with_suffix(INDEX_SUFFIX)
    return Path("data") / f"newswire{INDEX_SUFFIX}"
