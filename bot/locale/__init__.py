"""The words of the interface, in gettext catalogues, and times as a language writes them."""

from bot.locale.quoting import JOINER, Sentence, quoted, quoted_pieces, unquoted
from bot.locale.times import clock_time, day_and_time, near, numerals
from bot.locale.words import Words, best, languages, words

__all__ = [
    "JOINER",
    "Sentence",
    "Words",
    "best",
    "clock_time",
    "day_and_time",
    "languages",
    "near",
    "numerals",
    "quoted",
    "quoted_pieces",
    "unquoted",
    "words",
]
