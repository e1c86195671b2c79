"""Links: the normalized form by which an article is identified.

The normalized form is for comparing and is never shown; readers open the link as it was published.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps
from hashlib import sha256
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, quote, unquote_to_bytes, urlsplit

Result = TypeVar("Result")

#: Parameters that say where a reader came from, never which article it is. Names gathered from the feeds
#: of FEEDS.md, the ClearURLs rule set's vocabulary and the trackers' own documentation.
_TRACKING = re.compile(
    r"(?:utm|mtm|pk|piwik|matomo|at|ns|hsa|vero|oly|hs|__hs|wt|_bta|trk|mc|sc|fb|fbc|gaa|xtor|wickedsource)_.*"
    r"|xtor(?:-.*)?|(?:fb|g|y|ms|dc|tw|ttc|gb|wb|gcl|igsh|li_fat_|epik|zan|rdt_c|s_c)(?:clid|raid|id|src)?"
    r"|igshid|igsh|_ga|_gl|_hsenc|_hsmi|hsctatracking|mkt_tok|cmp|cmpid|cmp_id|ito|ocid|ncid|icid|nsmchannel"
    r"|smid|smtyp|sref|ftag|guccounter|guce_referrer(?:_sig)?|partner|emc|ref_src|ref_url|traffic_source"
    r"|spm|rb_clickid|wickedid|s_kwcid|ef_id|cvid|feedtype|feedname|sr_share|share|shared|taid|soc_src"
    r"|soc_trk|tsrc|amp|outputtype|__twitter_impression|mbid|itm_.*|int_.*|campaign_id|xcust|via|rss",
    re.ASCII,
)
#: These are content on some sites; they say nothing only with such a value (`ref=rss`, WSJ's `mod=rss_...`).
_SOURCE = re.compile(r"ref|source|src|from|mod|feed|medium|origin|output", re.ASCII)
_FROM_A_FEED = re.compile(
    r"(?:rss|feed|atom|xml|twitter|facebook|telegram|newsletter|amp)\b.*|.*[_-]rss|rss_.*", re.ASCII
)
_PORTS = {"http": 80, "https": 443}
_MOBILE = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=[^.]+\.[^.])")
_AMP_CACHE = re.compile(r"^(?:www\.google\.[a-z.]+/amp|[^/]+\.cdn\.ampproject\.org/[cv])/(?:s/)?(?=[^/]+\.)")
_AMP_PATH = re.compile(r"(?:/amp|\.amp)(?=/?$|\.html?$)|(?<=/)(?:index|default)\.(?:html?|php|aspx?)$")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_SAFE = "!$&'()*+,;=:@/~-._"
#: Letters beyond ASCII in a normalized link, with the one before them that they may belong to.
_NON_ASCII_LETTERS = re.compile(r"[^%]?(?:%[89A-F][0-9A-F])+")
#: Longer links are rare, and caching them costs more than it saves.
_MAX_CACHED_LENGTH = 2048


def _cache_short_links(work: Callable[[str], Result]) -> Callable[[str], Result]:
    """Cache the results for short links: each feed update has the links of the last one."""
    short = lru_cache(maxsize=8192)(work)
    return wraps(work)(lambda link: short(link) if len(link) <= _MAX_CACHED_LENGTH else work(link))


@_cache_short_links
def normalize_url(link: str) -> str:
    """The form under which all spellings of one article's link are equal; "" for what no reader can open.

    Scheme, `www.` and its mobile kin, default ports, user names, tracking parameters, the order of
    parameters, AMP, trailing slashes, percent-encoding and fragments make no difference.
    """
    for _ in range(8):
        once = _normalize_once(link)
        if once == link:
            break
        link = once
    return link


def _normalize_once(link: str) -> str:
    parts = split_url(link)
    if parts is None:
        return ""
    host, path = _host_with_port(parts), _normalize_path(parts.path)
    cached = _AMP_CACHE.match(f"{host}{path}")
    if cached:
        return f"https://{f'{host}{path}'[cached.end() :]}{_normalize_query(parts.query)}"
    path = _AMP_PATH.sub("", path).rstrip("/")
    fragment = f"#{_escape_part(parts.fragment)}" if parts.fragment[:1] in ("!", "/") else ""
    return f"https://{_MOBILE.sub('', host)}{path}{_normalize_query(parts.query)}{fragment}"


def split_url(link: str) -> SplitResult | None:
    """The parts of an absolute http(s) link, or None if it is anything else."""
    try:
        parts = urlsplit(_INVISIBLE.sub("", link).strip())
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in _PORTS and _ascii_host(parts) else None


def site_of(link: str) -> str:
    """Whose link it is: its host and port, `www.` aside; "" for what no reader can open.

    A link to an AMP cache is its site's, as in the normalized form.
    """
    parts = split_url(link)
    if parts is None:
        return ""
    whole = f"{_host_with_port(parts)}{_normalize_path(parts.path)}"
    cached = _AMP_CACHE.match(whole)
    return (
        site_of(f"https://{whole[cached.end() :]}") if cached else _host_with_port(parts).removeprefix("www.")
    )


def _ascii_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    try:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return ""
    if ":" in host:
        return f"[{host}]"
    return host.lower() if re.fullmatch(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", host) else ""


def _host_with_port(parts: SplitResult) -> str:
    host = _ascii_host(parts)
    return f"{host}:{parts.port}" if parts.port not in (None, _PORTS[parts.scheme]) else host


def _escape_part(text: str) -> str:
    return quote(unquote_to_bytes(text.encode("utf-8", "surrogatepass")), safe=_SAFE)


def _normalize_path(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1] or [""]
        elif segment != ".":
            kept.append(segment)
    joined = _escape_part("/".join(kept))
    return joined if joined.startswith("/") or not joined else f"/{joined}"


def _normalize_query(query: str) -> str:
    pairs = [
        (name, value)
        for name, value in parse_qsl(
            query, keep_blank_values=True, encoding="utf-8", errors="surrogateescape"
        )
        if not _is_tracking(name.lower(), value.lower())
    ]
    kept = "&".join(f"{_quote_part(name)}={_quote_part(value)}" for name, value in sorted(pairs))
    return f"?{kept}" if kept else ""


def _quote_part(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe="/:,")


def _is_tracking(name: str, value: str) -> bool:
    if _TRACKING.fullmatch(name):
        return True
    return bool(_SOURCE.fullmatch(name) and _FROM_A_FEED.fullmatch(value))


def remove_tracking(link: str) -> str:
    """The link as readers open it, letter by letter, with nothing but the tracking parameters taken away."""
    before, fragment_mark, fragment = link.partition("#")
    place, mark, query = before.partition("?")
    pairs = query.split("&")
    kept = [pair for pair in pairs if not _is_tracking_pair(pair)]
    if len(kept) == len(pairs):
        return link
    return f"{place}{mark if kept else ''}{'&'.join(kept)}{fragment_mark}{fragment}"


def _is_tracking_pair(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return _is_tracking(name.lower(), value.lower())


@_cache_short_links
def is_front_page(link: str) -> bool:
    """Whether the link is a site's own address, which says nothing about one article."""
    parts = split_url(normalize_url(link))
    return parts is None or not (parts.path.strip("/") or parts.query or parts.fragment)


@_cache_short_links
def link_key(link: str) -> bytes:
    """The identity of an article by its link, whichever feed or message it came in."""
    return _hash_form(normalize_url(link))


@_cache_short_links
def link_keys(link: str) -> tuple[bytes, ...]:
    """A link's key; behind it, if it differs, that of its letters composed (NFC): "é" may be written as two.

    Only the first tells whether a link is the very same.
    """
    form = normalize_url(link)
    composed = _NON_ASCII_LETTERS.sub(_compose_letters, form)
    return (_hash_form(form),) if composed == form else (_hash_form(form), _hash_form(composed))


def _compose_letters(found: re.Match[str]) -> str:
    try:
        return quote(unicodedata.normalize("NFC", unquote_to_bytes(found[0]).decode()), safe=_SAFE)
    except UnicodeDecodeError:
        return found[0]


def _hash_form(form: str) -> bytes:
    return sha256(b"link\0" + form.encode("utf-8", "surrogatepass")).digest()
