"""Parse response headers. Pure: the current time is a parameter."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from jobs.ingest.http.results import Link, Seconds

#: Longer validators are not sent back.
MAX_VALIDATOR_LENGTH = 2048
MAX_LINKS = 20

_LINK = re.compile(r"<([^<>]{1,4096})>([^<]{0,2000})")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;,\"]+))", re.IGNORECASE)
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


def parse_http_date(value: str) -> datetime | None:
    """An HTTP date (RFC 9110, 5.6.7), aware; None if it is not valid."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def parse_retry_after(value: str, now: datetime) -> Seconds | None:
    """How long to wait by a Retry-After header: seconds, or until a date (RFC 9110, 10.2.3)."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return Seconds(float(min(int(value[:12]), timedelta(days=366).total_seconds())))
    until = parse_http_date(value)
    return Seconds(max(0.0, (until - now).total_seconds())) if until else None


def parse_freshness(headers: Mapping[str, str], now: datetime) -> Seconds | None:
    """How long the response stays fresh: max-age minus Age, else Expires minus Date.

    None for no-cache, no-store and invalid headers. `headers` must ignore the case of names.
    """
    if "Cache-Control" in headers:
        return _remaining_max_age(headers)
    expires = parse_http_date(headers.get("Expires", ""))
    if expires is None:
        return None
    date = parse_http_date(headers.get("Date", "")) or now
    return Seconds(max(0.0, (expires - date).total_seconds()))


def _remaining_max_age(headers: Mapping[str, str]) -> Seconds | None:
    asked = {}
    for word in headers["Cache-Control"].lower().split(","):
        name, _, value = word.strip().partition("=")
        asked[name.strip()] = value.strip().strip('"')
    age = asked.get("max-age", "")
    if "no-cache" in asked or "no-store" in asked or not (age.isascii() and age.isdigit()):
        return None
    past = headers.get("Age", "").strip()
    spent = int(past[:12]) if past.isascii() and past.isdigit() else 0
    return Seconds(float(max(0, int(age[:12]) - spent)))


def parse_content_type(value: str) -> tuple[str, str]:
    """The type (in lower case) and charset of a Content-Type header, "" if not given."""
    kind = value.partition(";")[0].strip().lower()
    charset = _CHARSET.search(value)
    return kind, charset[1] if charset else ""


def parse_link_headers(values: list[str], base: str) -> tuple[Link, ...]:
    """The links of all `Link` headers (RFC 8288), one for each relation, in order.

    Not aiohttp's `response.links`, in which one invalid link loses them all:
    docs/decisions/0019-libraries.md.
    """
    found: list[Link] = []
    for link in _LINK.finditer(", ".join(values)[:20_000]):
        rel = _REL.search(link[2])
        words = next((group for group in rel.groups() if group is not None), "") if rel else ""
        try:
            url = urljoin(base, link[1].strip())
        except ValueError:
            continue
        found += [Link(url, word) for word in words.lower().split()]
        if len(found) >= MAX_LINKS:
            break
    return tuple(found[:MAX_LINKS])


def decode_validator(raw: bytes) -> str:
    """An ETag or Last-Modified as text that can be sent back byte for byte; "" if that is not possible."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if len(text) <= MAX_VALIDATOR_LENGTH and text.isprintable() else ""
