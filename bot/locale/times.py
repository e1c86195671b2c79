"""Dates and times in a language's own form, and in a given time zone; the only user of Babel's dates."""

from datetime import datetime, tzinfo
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton

#: The zero of each numbering system that Babel knows but does not format dates in (Unicode, Nd).
ZEROS = {"mymr": "၀", "arab": "٠", "arabext": "۰", "beng": "০", "deva": "०", "khmr": "០", "laoo": "໐"}


@cache
def babel_locale(language: str) -> Locale:
    """Babel's locale for a tag; English if Babel does not know it."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return Locale("en")


def localize_digits(text: str, language: str) -> str:
    """`text` with Latin digits replaced by the language's own: ၅ for 5 in Burmese."""
    zero = ZEROS.get(babel_locale(language).default_numbering_system)
    if zero is None:
        return text
    return text.translate({ord("0") + digit: chr(ord(zero) + digit) for digit in range(10)})


def clock_time(moment: datetime, zone: tzinfo, language: str) -> str:
    """The time as 14:05, the same in every language except for the digits."""
    return localize_digits(
        format_skeleton("Hm", moment.astimezone(zone), locale=babel_locale(language)), language
    )


def day_and_time(moment: datetime, zone: tzinfo, language: str) -> str:
    """The full date and the time: "November 23, 2026, 14:05"."""
    day = format_date(moment.astimezone(zone), "long", locale=babel_locale(language))
    return f"{localize_digits(day, language)}, {clock_time(moment, zone, language)}"


def compact_time(moment: datetime, now: datetime, zone: tzinfo, language: str) -> str:
    """The shortest clear form at `now`: 14:05, "November 22, 14:05", or with the year."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return clock_time(moment, zone, language)
    if local.year != today.year:
        return day_and_time(moment, zone, language)
    day = format_skeleton("MMMMd", local, locale=babel_locale(language))
    return f"{localize_digits(day, language)}, {clock_time(moment, zone, language)}"
