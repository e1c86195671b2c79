"""Which way do we go to Telegram? By the settings, and by the environment's proxies."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.config.settings import Settings
from jobs.proxies import Proxy, parse_proxy, should_bypass_proxy


class InvalidProxy(Exception):
    """A proxy that cannot be used; the message is a sentence that begins with its name."""


@dataclass(frozen=True, slots=True)
class ProxyRoute:
    """Through `proxy`, or directly where it is None; `named`: the setting that says so, "" for none."""

    proxy: Proxy | None
    setting: str

    def __str__(self) -> str:
        if self.proxy:
            return f"through {self.proxy} ({self.setting})"
        return f"directly ({self.setting})" if self.setting else "directly"


def telegram_route(settings: Settings) -> ProxyRoute:
    """TELEGRAM_PROXY, else the environment's proxy for such an address; directly to hosts of NO_PROXY.

    With an address of https, HTTP_PROXY counts where nothing else is set: who set it did not mean
    Telegram to be reached directly.

    Raises WrongProxy.
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
        raise InvalidProxy(f"{name}: what was given is not understood; {error} is wanted.") from None


def feeds_route(settings: Settings) -> ProxyRoute:
    """FEEDS_PROXY, or directly; single hosts may be among NO_PROXY's."""
    return ProxyRoute(settings.feeds_proxy, "FEEDS_PROXY" if settings.feeds_proxy else "")


def no_proxy_hosts(settings: Settings) -> tuple[str, ...]:
    """NO_PROXY's hosts."""
    return tuple(each for each in re.split(r"[,\s]+", settings.no_proxy) if each)
