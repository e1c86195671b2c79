"""Normalization: removes differences between spellings of the same word."""

import unicodedata

import regex

#: Zero-width characters that editors and converters leave inside words.
_WIDTHLESS = regex.compile(
    r"[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
#: Accents, Arabic vowel signs and the Arabic stretching mark.
_MARKS = regex.compile(r"[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u0655\u0670\u06d6-\u06ed]")
#: Every digit of every script; Unicode has none beyond its first two planes.
_DIGITS = {
    code: str(value)
    for code in range(0x80, 0x20000)
    if (value := unicodedata.decimal(chr(code), None)) is not None
}
_DOTLESS = str.maketrans({"ı": "i", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ß": "ss"})


def normalize_text(text: str) -> str:
    """`text` in one width, one order of marks and one set of digits; its case and accents are kept."""
    if text.isascii():
        return text
    bare: str = _WIDTHLESS.sub("", unicodedata.normalize("NFKC", text))
    return bare.translate(_DIGITS)


def fold_text(tidied: str) -> str:
    """The form under which a tidied word is compared: no case, no accents."""
    lowered = tidied.casefold()
    if lowered.isascii():
        return lowered
    bare = _MARKS.sub("", unicodedata.normalize("NFD", lowered))
    return unicodedata.normalize("NFC", bare).translate(_DOTLESS)
