"""Translations of the interface from gettext catalogs, quoting of others' words, and localized times."""

from bot.locale.quoting import WORD_JOINER, SafeText, quote_pieces, quote_text, unquote_text
from bot.locale.times import clock_time, compact_time, day_and_time, localize_digits
from bot.locale.words import Translator, available_languages, best_language, translator_for

__all__ = [
    "WORD_JOINER",
    "SafeText",
    "Translator",
    "available_languages",
    "best_language",
    "clock_time",
    "compact_time",
    "day_and_time",
    "localize_digits",
    "quote_pieces",
    "quote_text",
    "translator_for",
    "unquote_text",
]
