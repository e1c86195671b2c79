"""Would Telegram take this picture? By its first bytes and its size, not by its name. Pure, but for the look.

Limits: Bot API, `sendPhoto` by URL: 5 MB, width and height together 10,000, one at most 20 times the other.
"""

from dataclasses import dataclass
from typing import Protocol

from jobs.ingest.http.results import NOT_THERE, FetchFailed, Peeked
from jobs.ingest.http.ssrf import url_refusal

LARGEST = 5_000_000
LONGEST_SIDES = 10_000
STEEPEST = 20
#: Pixels: what is smaller counts readers, or marks a list.
SMALLEST = 100


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture's kind, and its size in pixels where the first bytes tell it, else 0."""

    kind: str
    width: int = 0
    height: int = 0


class Peeks(Protocol):
    """Reads the first bytes of a picture; `fetch.Fetcher` does."""

    async def peek(self, url: str) -> Peeked | FetchFailed: ...


async def picture_trouble(fetcher: Peeks, url: str) -> str:
    """Why a post must not show the picture at `url`, in a few words; "" where it may, or nobody knows."""
    if refusal := url_refusal(url):
        return refusal
    seen = await fetcher.peek(url)
    if isinstance(seen, FetchFailed):  # other answers may be meant for us alone: Telegram is left to ask
        return seen.reason if seen.status in NOT_THERE else ""
    return trouble(seen.start, seen.length)


def trouble(start: bytes, length: int) -> str:
    """The same for a picture of `length` bytes that begins with `start`."""
    drawn = drawn_in(start)
    if drawn is None:
        return "it is no JPEG, PNG, WebP or GIF"
    if length > LARGEST:
        return f"it has {length:,} bytes, more than {LARGEST:,}"
    wide, high = drawn.width, drawn.height
    if not (wide and high):
        return ""
    if min(wide, high) < SMALLEST:
        return f"it has only {wide} x {high} pixels"
    if wide + high > LONGEST_SIDES or max(wide, high) > STEEPEST * min(wide, high):
        return f"its {wide} x {high} pixels are more than Telegram takes"
    return ""


def drawn_in(start: bytes) -> Drawn | None:
    """What kind of picture begins so; None for what is none, or none that Telegram shows."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return Drawn("png", _big(start[16:20]), _big(start[20:24]))
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return Drawn("gif", _little(start[6:8]), _little(start[8:10]))
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return _webp(start)
    return _jpeg(start) if start.startswith(b"\xff\xd8\xff") else None


def _webp(start: bytes) -> Drawn:
    """RFC 9649: an extended, a lossless or a lossy picture."""
    kind = start[12:16]
    if kind == b"VP8X" and len(start) >= 30:
        return Drawn("webp", _little(start[24:27]) + 1, _little(start[27:30]) + 1)
    if kind == b"VP8L" and len(start) >= 25:
        bits = _little(start[21:25])
        return Drawn("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and len(start) >= 30:
        return Drawn("webp", _little(start[26:28]) & 0x3FFF, _little(start[28:30]) & 0x3FFF)
    return Drawn("webp")


def _jpeg(start: bytes) -> Drawn:
    """The frame header (ITU T.81, B.2.2) behind the other segments; it may lie behind what we have."""
    at = 2
    while at + 9 <= len(start) and start[at] == 0xFF:
        marker = start[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return Drawn("jpeg", _big(start[at + 7 : at + 9]), _big(start[at + 5 : at + 7]))
        at += 1 if marker == 0xFF else 2 + max(2, _big(start[at + 2 : at + 4]))
    return Drawn("jpeg")


def _big(digits: bytes) -> int:
    return int.from_bytes(digits, "big")


def _little(digits: bytes) -> int:
    return int.from_bytes(digits, "little")
