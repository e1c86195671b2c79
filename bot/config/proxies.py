"""Which way do we go to Telegram? By the settings, and by the environment's proxies."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.config.settings import Settings
from jobs.proxies import Proxy, goes_directly, read_proxy


class WrongProxy(Exception):
    """A proxy that cannot be used; the message is a sentence that begins with its name."""


@dataclass(frozen=True, slots=True)
class Way:
    """Through `proxy`, or directly where it is None; `named`: the setting that says so, "" for none."""

    proxy: Proxy | None
    named: str

    def __str__(self) -> str:
        if self.proxy:
            return f"through {self.proxy} ({self.named})"
        return f"directly ({self.named})" if self.named else "directly"


def telegram_way(settings: Settings) -> Way:
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
        return Way(None, "")
    port = parts.port or (80 if parts.scheme == "http" else 443)
    if goes_directly(parts.hostname or "", port, exempt(settings)):
        return Way(None, "NO_PROXY")
    if settings.telegram_proxy:
        return Way(settings.telegram_proxy, "TELEGRAM_PROXY")
    name = found.upper()
    try:
        return Way(read_proxy(getattr(settings, found).strip(), name), name)
    except ValueError as error:
        raise WrongProxy(f"{name}: what was given is not understood; {error} is wanted.") from None


def feeds_way(settings: Settings) -> Way:
    """FEEDS_PROXY, or directly; single hosts may be among NO_PROXY's."""
    return Way(settings.feeds_proxy, "FEEDS_PROXY" if settings.feeds_proxy else "")


def exempt(settings: Settings) -> tuple[str, ...]:
    """NO_PROXY's hosts."""
    return tuple(each for each in re.split(r"[,\s]+", settings.no_proxy) if each)
