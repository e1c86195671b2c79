"""Whether Telegram accepts an image, by its first bytes and its size, not by its name.

Not imagesize: docs/decisions/0019-libraries.md. Limits: Bot API, `sendPhoto` by URL: 5 MB, width and height
together 10,000, one at most 20 times the other.
"""

from dataclasses import dataclass
from typing import Protocol

from jobs.ingest.http.results import MISSING_STATUSES, FetchFailed, PeekResult
from jobs.ingest.http.ssrf import url_refusal

MAX_BYTES = 5_000_000
MAX_SIDES_SUM = 10_000
MAX_ASPECT_RATIO = 20
#: Pixels; smaller images are trackers or icons.
MIN_SIDE = 100


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An image's format, and its size in pixels, 0 if the first bytes do not show it."""

    kind: str
    width: int = 0
    height: int = 0


class ImagePeeker(Protocol):
    """Fetches the first bytes of an image; implemented by `http.fetcher.Fetcher`."""

    async def peek(self, url: str) -> PeekResult | FetchFailed: ...


async def probe_image(fetcher: ImagePeeker, url: str) -> str:
    """Why a post must not show the image at `url`, as a short phrase; "" if it may, or if unknown."""
    if refusal := url_refusal(url):
        return refusal
    seen = await fetcher.peek(url)
    if isinstance(seen, FetchFailed):  # other errors may concern us only: let Telegram try
        return seen.reason if seen.status in MISSING_STATUSES else ""
    return rejection_reason(seen.start, seen.length)


def rejection_reason(start: bytes, length: int) -> str:
    """Why a post must not show an image of `length` bytes that starts with `start`; "" if it may."""
    drawn = identify_image(start)
    if drawn is None:
        return "it is not a JPEG, PNG, WebP or GIF"
    if length > MAX_BYTES:
        return f"it has {length:,} bytes, more than {MAX_BYTES:,}"
    wide, high = drawn.width, drawn.height
    if not (wide and high):
        return ""
    if min(wide, high) < MIN_SIDE:
        return f"it has only {wide} x {high} pixels"
    if wide + high > MAX_SIDES_SUM or max(wide, high) > MAX_ASPECT_RATIO * min(wide, high):
        return f"its {wide} x {high} pixels are more than Telegram takes"
    return ""


def identify_image(start: bytes) -> ImageInfo | None:
    """The format and size of an image that starts with `start`; None if Telegram does not accept it."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageInfo("png", _big_endian(start[16:20]), _big_endian(start[20:24]))
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return ImageInfo("gif", _little_endian(start[6:8]), _little_endian(start[8:10]))
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return _parse_webp(start)
    return _parse_jpeg(start) if start.startswith(b"\xff\xd8\xff") else None


def _parse_webp(start: bytes) -> ImageInfo:
    """RFC 9649: extended, lossless or lossy."""
    kind = start[12:16]
    if kind == b"VP8X" and len(start) >= 30:
        return ImageInfo("webp", _little_endian(start[24:27]) + 1, _little_endian(start[27:30]) + 1)
    if kind == b"VP8L" and len(start) >= 25:
        bits = _little_endian(start[21:25])
        return ImageInfo("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and len(start) >= 30:
        return ImageInfo("webp", _little_endian(start[26:28]) & 0x3FFF, _little_endian(start[28:30]) & 0x3FFF)
    return ImageInfo("webp")


def _parse_jpeg(start: bytes) -> ImageInfo:
    """The size in the frame header (ITU T.81, B.2.2), after other segments; it may be beyond `start`."""
    at = 2
    while at + 9 <= len(start) and start[at] == 0xFF:
        marker = start[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return ImageInfo("jpeg", _big_endian(start[at + 7 : at + 9]), _big_endian(start[at + 5 : at + 7]))
        at += 1 if marker == 0xFF else 2 + max(2, _big_endian(start[at + 2 : at + 4]))
    return ImageInfo("jpeg")


def _big_endian(digits: bytes) -> int:
    return int.from_bytes(digits, "big")


def _little_endian(digits: bytes) -> int:
    return int.from_bytes(digits, "little")
