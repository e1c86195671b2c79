"""Chooses the proxies for Telegram and for feeds from the settings and the environment."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.config.settings import Settings
from jobs.proxies import Proxy, parse_proxy, should_bypass_proxy


class InvalidProxy(Exception):
    """A proxy setting cannot be used. The message is a sentence that begins with its name."""


@dataclass(frozen=True, slots=True)
class ProxyRoute:
    """A proxy, or None for a direct connection, and the setting that it comes from, "" for none."""

    proxy: Proxy | None
    setting: str

    def __str__(self) -> str:
        if self.proxy:
            return f"through {self.proxy} ({self.setting})"
        return f"directly ({self.setting})" if self.setting else "directly"


def telegram_route(settings: Settings) -> ProxyRoute:
    """Return the route to Telegram: TELEGRAM_PROXY, else the environment's proxy, unless NO_PROXY exempts it.

    For an https address HTTP_PROXY is used too, if nothing else is set: an operator who set it did not expect
    a direct connection. Raises InvalidProxy.
    """
    parts = urlsplit(settings.telegram_api_url)
    encrypted = ("https_proxy", "all_proxy", "http_proxy")
    names = ("http_proxy", "all_proxy") if parts.scheme == "http" else encrypted
    found = next((name for name in names if getattr(settings, name).strip()), "")
    if not settings.telegram_proxy and not found:
        return ProxyRoute(None, "")
    port = parts.port or (80 if parts.scheme == "http" else 443)
    if should_bypass_proxy(parts.hostname or "", port, no_proxy_hosts(settings)):
        return ProxyRoute(None, "NO_PROXY")
    if settings.telegram_proxy:
        return ProxyRoute(settings.telegram_proxy, "TELEGRAM_PROXY")
    name = found.upper()
    try:
        return ProxyRoute(parse_proxy(getattr(settings, found).strip(), name), name)
    except ValueError as error:
        raise InvalidProxy(f"{name}: the value is not valid; expected {error}.") from None


def feeds_route(settings: Settings) -> ProxyRoute:
    """Return the route to feeds: FEEDS_PROXY or direct. NO_PROXY may exempt single hosts."""
    return ProxyRoute(settings.feeds_proxy, "FEEDS_PROXY" if settings.feeds_proxy else "")


def no_proxy_hosts(settings: Settings) -> tuple[str, ...]:
    """Return the hosts in NO_PROXY."""
    return tuple(each for each in re.split(r"[,\s]+", settings.no_proxy) if each)
