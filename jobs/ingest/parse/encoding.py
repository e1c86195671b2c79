"""Decode a document before parsing: one bad byte must not turn a whole feed into mojibake."""

import codecs
import re
from collections.abc import Iterator

#: The supersets that browsers use for these names (WHATWG Encoding Standard).
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
#: Encodings that use only ASCII bytes, so the declaration takes precedence over the bytes.
_ESCAPED = re.compile(r"iso-?2022-|hz\b", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
#: Share of the non-ASCII bytes that must be valid UTF-8 to treat the rest as bad bytes.
_MIN_UTF8_SHARE = 0.99
#: The same if the document declares UTF-8.
_MIN_CLAIMED_UTF8_SHARE = 0.5
#: The name of this module's error handler for invalid UTF-8.
_STRAY_HANDLER = "newswire-stray"
#: Below this share, invalid bytes are punctuation, not the letters of another script.
_MAX_STRAY_SHARE = 0.05


def decode_body(body: bytes, charset: str = "") -> str:
    """Decode a document whose HTTP header declares `charset` ("" for none); never raises.

    In order of precedence: a byte order mark, the pattern of zero bytes, valid (or nearly valid) UTF-8, the
    encoding declared by the document, the one in the header, a guess.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    wide = _detect_wide(body)
    if wide:
        return body.decode(wide, "replace")
    match = _DECLARED.search(body[:1024])
    claims = [match.group(1).decode("ascii") if match else "", charset]
    named = [codec for codec in map(_find_codec, claims) if codec]
    if any(_ESCAPED.match(codec) for codec in named):
        return body.decode(next(codec for codec in named if _ESCAPED.match(codec)), "replace")
    share = _utf8_share(body)
    if share >= (_MIN_CLAIMED_UTF8_SHARE if "utf-8" in named else _MIN_UTF8_SHARE):
        return body.decode("utf-8", _STRAY_HANDLER)
    if "utf-8" in named and len(_NOT_ASCII.findall(body)) < _MAX_STRAY_SHARE * len(body):
        return body.decode("utf-8", _STRAY_HANDLER)
    return _decode_legacy(body, [codec for codec in named if codec != "utf-8"])


def _detect_wide(body: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, by the zero bytes next to `<` or `{` (XML 1.0, F.1)."""
    start = bytes(byte and 1 for byte in body.lstrip(b" \t\r\n")[:4])
    patterns = {
        b"\1\0\0\0": "utf-32-le",
        b"\0\0\0\1": "utf-32-be",
        b"\1\0\1\0": "utf-16-le",
        b"\0\1\0\1": "utf-16-be",
    }
    return patterns.get(start, "")


def _find_codec(name: str) -> str:
    """Python's name for an encoding, "" if it is unknown or unsafe for feeds."""
    try:
        codec = codecs.lookup(name.strip()).name if name else ""
        b"<".decode(codec or "ascii")  # some of Python's codecs are not text encodings
    except (LookupError, ValueError):
        return ""
    if codec.startswith(("utf-16", "utf-32", "utf-7")) or codec in _NO_TEXT:
        return ""  # the declaration itself was ASCII, so it is wrong, or UTF-7, which hides markup
    return _SUPERSETS.get(codec, codec)


#: Encodings in real use; without this list, old DOS code pages would be guessed.
_LIKELY = [
    "cp1251", "koi8_r", "gb18030", "big5", "cp949", "cp932", "euc_jp", "cp1250", "cp1252", "cp1253", "cp1254",
    "cp1255", "cp1256", "cp874", "iso8859_2",
]  # fmt: skip
#: Python's own codecs that escape text.
_NO_TEXT = {"idna", "punycode", "unicode-escape", "raw-unicode-escape"}


def _utf8_share(body: bytes) -> float:
    """The share of the non-ASCII bytes that is valid UTF-8; 1 if all bytes are ASCII."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        total = len(_NOT_ASCII.findall(body))
        kept = body.decode("utf-8", "ignore").encode("utf-8")
        return len(_NOT_ASCII.findall(kept)) / total
    return 1.0


def _replace_stray(error: UnicodeError) -> tuple[str, int]:
    """Decode a single byte between ASCII ones as Windows-1252; replace any others."""
    assert isinstance(error, UnicodeDecodeError)
    around = error.object[max(error.start - 1, 0) : error.start + 2]
    if sum(byte > 0x7F for byte in around) == 1:
        return error.object[error.start : error.start + 1].decode("cp1252", "replace"), error.start + 1
    return "\ufffd", error.end


codecs.register_error(_STRAY_HANDLER, _replace_stray)


def _decode_legacy(body: bytes, named: list[str]) -> str:
    for codec in (*named, *_guess_codecs(body)):
        try:
            return body.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode(named[0] if named else "cp1252", "replace")


def _guess_codecs(body: bytes) -> Iterator[str]:
    """Guess, if no declared encoding fits."""
    from charset_normalizer import from_bytes

    best = from_bytes(body[:65536], cp_isolation=_LIKELY).best()
    if best is not None:
        yield _SUPERSETS.get(codecs.lookup(best.encoding).name, best.encoding)
