"""Links: which URLs readers are sent to, how these are encoded, and which text carries them; pure.

A URL is kept character by character as the site wrote it. Non-ASCII is percent-encoded as UTF-8 without
normalization: to a site "é" may be one code point or two. The text of a link never names another host.
"""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, urlsplit

import regex

from bot.locale import unquote_text
from bot.render.text import REQUEST_LIMIT, Html, escape, to_plain_text, visible_text

HOST_LIMIT = 40  #: UTF-16 units shown of a host
#: Characters; a longer URL may not work everywhere. TDLib has no limit; the server's is unknown.
SAFE_URL_LENGTH = 2048

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HIDING = re.compile(r"[@\\ ]")  #: in a host: user info, or what browsers take for its end
_NON_ASCII = re.compile("[^!-~]+")
_INVISIBLE = regex.compile(r"\p{Cf}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^\s/?#]*@)?([^\s/?#]*)", re.IGNORECASE)
_HOST = regex.compile(r"(?:[\p{L}\p{M}\p{N}_-]+\.)+[\p{L}][\p{L}\p{M}\p{N}_-]+|(?:\d{1,3}\.){3}\d{1,3}")
_DOT = re.compile("[.。．｡․]|://")  #: what any host, or what reads like one, is written with
_WIDE_DOT = re.compile("(?<=[a-z0-9])。(?=[a-z0-9])")


@lru_cache(64)  # rendering one post needs its link's several times
def safe_url(url: str, longest: int = REQUEST_LIMIT) -> str:
    """`url` as it is sent; "" if it is not a web address, disguises its host (name@host) or is too long.

    `longest` counts characters after encoding.
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
    """`html` linked to `url`; unlinked if the URL is not safe.

    Text that names another host is not linked: the URL's own host follows in parentheses as the link.
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
    """The host of `url` for display; of a long one the end, which says whose it is."""
    host = urlsplit(safe_url(url)).hostname or ""
    return host if len(host) < HOST_LIMIT else f"…{host[-HOST_LIMIT + 1 :]}"


def names_another_host(text: str, url: str) -> bool:
    """Whether `text` has something that reads like the address of a host other than `url`'s."""
    if not _DOT.search(text):
        return False
    own = _strip_www(_fold_text(urlsplit(safe_url(url)).hostname or ""))
    return any(_strip_www(host) != own for host in _find_hosts(_fold_text(text)))


def _find_hosts(text: str) -> list[str]:
    behind_scheme = [found[1].partition(":")[0] for found in _SCHEME.finditer(text)]
    return [*behind_scheme, *(found[0] for found in _HOST.finditer(text))]


def _fold_text(text: str) -> str:
    """The text as a reader sees it: no invisible characters, one width, one kind of dot."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", unquote_text(text))).casefold()
    return _WIDE_DOT.sub(".", text)


def _strip_www(host: str) -> str:
    return host.rstrip(".").removeprefix("www.")


__all__ = ["SAFE_URL_LENGTH", "display_host", "names_another_host", "render_link", "safe_url"]
