"""Links: which addresses readers are sent to, in which letters, and on which words; pure.

An address goes out letter by letter as the site wrote it. What is beyond ASCII is percent-encoded as UTF-8,
in the form it came in: to a site "é" may be one letter or two. The words of a link never name another host.
"""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, urlsplit

import regex

from bot.locale import unquote_text
from bot.render.text import REQUEST_LIMIT, Html, escape, to_plain_text, visible_text

HOST_LIMIT = 40  #: UTF-16 units of a host that is shown
#: Characters; a longer address may not be taken everywhere. TDLib has no limit, its server's is unknown.
SAFE_URL_LENGTH = 2048

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HIDING = re.compile(r"[@\\ ]")  #: in a host: a name before it, or what browsers read as its end
_NON_ASCII = re.compile("[^!-~]+")
_INVISIBLE = regex.compile(r"\p{Cf}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^\s/?#]*@)?([^\s/?#]*)", re.IGNORECASE)
_HOST = regex.compile(r"(?:[\p{L}\p{M}\p{N}_-]+\.)+[\p{L}][\p{L}\p{M}\p{N}_-]+|(?:\d{1,3}\.){3}\d{1,3}")
_DOT = re.compile("[.。．｡․]|://")  #: what any host, or what reads like one, is written with
_WIDE_DOT = re.compile("(?<=[a-z0-9])。(?=[a-z0-9])")


@lru_cache(64)  # a post asks for its link's several times
def safe_url(url: str, longest: int = REQUEST_LIMIT) -> str:
    """`url` as it is sent; "" where it is no web address, hides where it leads (name@host), or is too long.

    `longest` counts the letters that are sent.
    """
    url = url.strip(" ")
    try:
        parts = urlsplit(url)
        host, place = parts.hostname, parts.netloc
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or _CONTROLS.search(url):
        return ""
    if _HIDING.search(place) or not (
        place.isascii() or to_plain_text(place) == unicodedata.normalize("NFC", place)
    ):
        return ""
    behind_host = url.index("//") + len("//") + len(place)
    sent = url[:behind_host] + _NON_ASCII.sub(_percent_encode, url[behind_host:])
    return sent if len(sent) <= longest else ""


def _percent_encode(found: re.Match[str]) -> str:
    return quote(found[0].encode("utf-8", "replace"), safe="")


def render_link(html: Html, url: str, longest: int = REQUEST_LIMIT) -> Html:
    """`html` leading to `url`; without the link where the address is not one to send readers to.

    Words that name another host are no link: the host that it leads to stands behind them and is.
    """
    address = safe_url(url, longest)
    if not address or not html:
        return html
    if names_another_host(visible_text(html), address):
        return Html(f"{html} ({_render_anchor(escape(display_host(address)), address)})")
    return _render_anchor(html, address)


def _render_anchor(html: Html, address: str) -> Html:
    href = address.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return Html(f'<a href="{href}">{html}</a>')


def display_host(url: str) -> str:
    """The host that an address leads to, to be shown; of a long one the end, which says whose it is."""
    host = urlsplit(safe_url(url)).hostname or ""
    return host if len(host) < HOST_LIMIT else f"…{host[-HOST_LIMIT + 1 :]}"


def names_another_host(text: str, url: str) -> bool:
    """Whether `text` holds an address, or something that reads like one, of another host than `url`'s."""
    if not _DOT.search(text):
        return False
    own = _strip_www(_fold_text(urlsplit(safe_url(url)).hostname or ""))
    return any(_strip_www(host) != own for host in _find_hosts(_fold_text(text)))


def _find_hosts(text: str) -> list[str]:
    behind_scheme = [found[1].partition(":")[0] for found in _SCHEME.finditer(text)]
    return [*behind_scheme, *(found[0] for found in _HOST.finditer(text))]


def _fold_text(text: str) -> str:
    """As a reader sees it: no invisible letters, one width, one kind of dot."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", unquote_text(text))).casefold()
    return _WIDE_DOT.sub(".", text)


def _strip_www(host: str) -> str:
    return host.rstrip(".").removeprefix("www.")


__all__ = ["SAFE_URL_LENGTH", "display_host", "names_another_host", "render_link", "safe_url"]
