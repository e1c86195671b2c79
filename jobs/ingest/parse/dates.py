"""Parse the dates in feeds; an ambiguous date is treated as missing, never guessed."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import cache

#: Minutes east of Greenwich: the names in RFC 822, and unambiguous ones that news sites use.
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300,
    "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600,
    "ast": -240, "adt": -180, "nst": -210, "ndt": -150, "brt": -180, "art": -180, "bst": 60, "west": 60,
    "cet": 60, "cest": 120, "mez": 60, "mesz": 120, "eet": 120, "eest": 180, "sast": 120, "cat": 120,
    "eat": 180, "wat": 60, "msk": 180, "trt": 180, "gst": 240, "pkt": 300, "ist": 330, "npt": 345,
    "mmt": 390, "ict": 420, "wib": 420, "wita": 480, "wit": 540, "hkt": 480, "sgt": 480, "myt": 480,
    "pht": 480, "awst": 480, "jst": 540, "kst": 540, "acst": 570, "acdt": 630, "aest": 600, "aedt": 660,
    "nzst": 720, "nzdt": 780,
}  # fmt: skip
#: Years outside are errors: 1970 comes from a zero timestamp.
_EARLIEST, _LATEST = 1980, 2100
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Languages whose month names (from CLDR, by Babel) are tried after English ones.
_LANGUAGES = (
    "fr", "de", "es", "pt", "it", "nl", "pl", "ru", "uk", "tr", "id", "vi", "cs", "sk", "sv", "da",
    "nb", "fi", "hu", "ro", "bg", "el", "hr", "sr", "sl", "lt", "lv", "et", "ca", "my", "th", "hi",
    "ja", "zh", "ko", "ar",
)  # fmt: skip

_TIME = (
    r"(?:(?:T|\s[–|-]\s|[\s,])*(?:at\s+)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?)?"
)
_ZONE = (
    r"\s*\(?(?P<zone>[+-]\d{1,2}:?\d{2}|[+-]\d{1,2}|(?:GMT|UTC)[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]{1,5})?\)?"
    r"(?:\s*[(\[][^)\]]*[)\]])?"
)
_DAY = r"(?:[^\d\s,/:()+-]{1,15}(?:[.,]+\s*|\s+))?"
_NAME = r"[^\d\s,./:()+-]{3,20}"
_SHAPES = tuple(
    re.compile(shape + _TIME + _ZONE, re.IGNORECASE)
    for shape in (
        r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
        r"(?P<year>\d{4})[/.](?P<month>\d{1,2})[/.](?P<day>\d{1,2})",
        r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)",
        _DAY
        + r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[\s-]+(?:de\s+)?"
        + rf"(?P<name>{_NAME})\.?,?[\s-]+(?:de\s+)?(?P<year>\d{{4}}|\d{{2}})",
        _DAY + r"(?P<name>" + _NAME + r")\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})",
    )
)
_ASCTIME = re.compile(
    r"(?:\w{3}\s+)?(?P<name>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
    r"\s+(?P<zone>[A-Za-z]{1,5}\s+|[+-]\d{4}\s+)?(?P<year>\d{4})"
)
_STAMP = re.compile(r"(\d{10})(?:\d{3})?")
_BASIC = re.compile(r"^(\d{8})T(\d\d)(\d\d)(\d\d)")
_DIGITS = str.maketrans("၀၁၂၃၄၅၆၇၈၉٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९๐๑๒๓๔๕๖๗๘๙", "0123456789" * 5)


def parse_date(written: str) -> datetime | None:
    """Parse a date, as UTC; None if its format, zone or year is not certain.

    Supported are RFC 822 and variants, ISO 8601 with a full date, `2026/10/05`, `November 23, 2026 9:00 am`,
    asctime and Unix timestamps, with month names in several languages. Without a zone, UTC is assumed.
    """
    written = " ".join(written.translate(_DIGITS).split())[:100]
    written = _BASIC.sub(r"\1T\2:\3:\4", written)
    stamp = _STAMP.fullmatch(written)
    if stamp:
        return _check_year(datetime.fromtimestamp(int(stamp[1]), UTC))
    for shape in (*_SHAPES, _ASCTIME):
        match = shape.fullmatch(written)
        if match:
            return _build_date({name: value or "" for name, value in match.groupdict().items()})
    return None


def _build_date(parts: dict[str, str]) -> datetime | None:
    offset = _parse_offset(parts["zone"].strip())
    month = int(parts["month"]) if parts.get("month") else _parse_month(parts["name"])
    if offset is None or month is None:
        return None
    hour, second = int(parts["hour"] or 0), int(parts["second"] or 0)
    half = parts.get("half", "").lower()[:1]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    past_midnight = hour == 24
    try:
        local = datetime(
            _parse_year(parts["year"]), month, int(parts["day"]), 0 if past_midnight else hour,
            int(parts["minute"] or 0), min(second, 59), tzinfo=timezone(timedelta(minutes=offset)),
        )  # fmt: skip
        return _check_year((local + timedelta(days=past_midnight)).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _check_year(moment: datetime) -> datetime | None:
    return moment if _EARLIEST <= moment.year <= _LATEST else None


def _parse_year(written: str) -> int:
    """Two digits mean 1970 to 2069 (RFC 2822, 4.3, says 1950 to 2049)."""
    year = int(written)
    return year if len(written) == 4 else year + (2000 if year < 70 else 1900)


def _parse_offset(zone: str) -> int | None:
    """Minutes east of Greenwich, or None for an unknown or ambiguous zone."""
    if not zone:
        return 0
    named = re.fullmatch(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?", zone, re.IGNORECASE)
    if named is None:
        return _ZONES.get(zone.lower())
    minutes = int(named[2]) * 60 + int(named[3] or 0)
    return None if minutes > 15 * 60 else minutes if named[1] == "+" else -minutes


def _parse_month(name: str) -> int | None:
    short = name.lower()[:3]
    if name.isascii() and short in _MONTHS and _is_english_month(name.lower()):
        return _MONTHS.index(short) + 1
    return _foreign_months().get(name.casefold().rstrip("."))


def _is_english_month(name: str) -> bool:
    full = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
    return any(month.startswith(name) for month in full) or name == "sept"


@cache
def _foreign_months() -> dict[str, int | None]:
    """Month names that mean the same month in all languages that have them."""
    from babel.dates import get_month_names

    found: dict[str, int | None] = {}
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, language).items():
                    name = name.casefold().rstrip(".")
                    found[name] = number if found.get(name, number) == number else None
    return found
