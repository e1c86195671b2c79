"""Choose an item's image: large, real, and never a tracking pixel."""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from jobs.ingest.content.links import reader_link

#: Pixels; a narrower image is a thumbnail, and another image of the item is preferred.
MIN_WIDTH = 300
_IMG = re.compile(r"<img\b((?:[^<>\"']|\"[^\"]*\"|'[^']*'){1,4000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-zA-Z_:][-\w:.]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_IMAGE_SUFFIX = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:$|[/?!;&:])", re.IGNORECASE)
_NOT_AN_IMAGE = re.compile(
    r"\.svg(?:$|\?)|/1x1\.|pixel\.|/pixel|/pixel\b|spacer\.|blank\.(?:gif|png)|feeds\.feedburner\.com/~|feedburner\.google\.com"
    r"|feedsportal\.com|doubleclick\.|/b\.gif|stats\.wordpress|scorecardresearch|/track(?:ing)?[/?.]|counter\.|/count(?:er)?[/?.]"
    r"|gravatar\.com|/emoji/|/smilies/|favicon|(?:share|facebook|twitter|email|rss|feed)[-_]?(?:icon|button|logo)|\{\{|%7b%7b"
    r"|analytics|beacon|imp\?|/ads?/|adserver|/avatars?/",
    re.IGNORECASE,
)
_SIZED_PATH = re.compile(
    r"[-_](\d{2,4})x\d{2,4}(?=\.\w{3,4}(?:$|\?))|/(\d{2,4})x\d{0,4}/|/(\d{3,4})/(?=cpsprodpb|standard|amz|ws/)|/w_?(\d{2,4})[/,]"
    r"|(?<=news/)(\d{3})(?=/)|(?<=standard/)(\d{3})(?=/)"
)
_WIDTH_NAMES = {"width", "w", "imwidth", "wid", "resize", "size"}


@dataclass(frozen=True, slots=True)
class ImageCandidate:
    """An image of an item; its width in pixels, 0 if unknown."""

    url: str
    width: int = 0
    is_default: bool = False  #: marked as the default by its publisher


def choose_image(sources: Iterable[Iterable[ImageCandidate]]) -> ImageCandidate | None:
    """The image to show, from sources in their order of trust.

    A source whose widest image is narrow is skipped if a later one has a wider one; among equals the first
    source wins, and within a source the default, then the widest.
    """
    offers = [max(pictures, key=_candidate_rank) for pictures in map(list, sources) if pictures]
    return max(offers, key=lambda picture: _width_rank(picture.width)) if offers else None


def _width_rank(width: int) -> int:
    return 2 if width >= MIN_WIDTH else 1 if width == 0 else 0


def _candidate_rank(picture: ImageCandidate) -> tuple[int, bool, int]:
    return (_width_rank(picture.width), picture.is_default, picture.width)


def make_candidate(
    url: str, base: str, width: str | int = 0, height: str | int = 0, chosen: bool = False
) -> ImageCandidate | None:
    """An image that can be shown, or None for tracking pixels, logos, SVGs and private addresses."""
    link = reader_link(html.unescape(url), base)
    wide, high = _parse_pixels(width), _parse_pixels(height)
    if not link or 0 < wide <= 32 or 0 < high <= 32 or _NOT_AN_IMAGE.search(link):
        return None
    return ImageCandidate(link, wide or width_in_url(link), chosen)


def _parse_pixels(value: str | int) -> int:
    match = re.match(r"\s*(\d{1,5})(?:\.\d+)?\s*(?:px)?\s*$", str(value))
    return int(match[1]) if match else 0


def width_in_url(link: str) -> int:
    """The width in an image's URL, 0 if there is none."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return 0
    for name, value in parse_qsl(parts.query):
        match = re.match(r"(\d{2,4})(?:$|[,x:])", value) if name.lower() in _WIDTH_NAMES else None
        if match:
            return int(match[1])
    sized = _SIZED_PATH.search(parts.path)
    return next((int(group) for group in sized.groups() if group), 0) if sized else 0


def find_in_html(source: str, base: str) -> list[ImageCandidate]:
    """The first real image in an HTML fragment."""
    for match in _IMG.finditer(source[:200_000]):
        found = _candidate_from_tag(dict(_parse_attributes(match[1])), base)
        if found:
            return [found]
    return []


def _parse_attributes(tag: str) -> Iterable[tuple[str, str]]:
    for name, *values in _ATTRIBUTE.findall(tag):
        yield name.lower(), next((value for value in values if value), "")


def _candidate_from_tag(attributes: Mapping[str, str], base: str) -> ImageCandidate | None:
    if re.search(r"display\s*:\s*none|visibility\s*:\s*hidden", attributes.get("style", "")):
        return None
    url = attributes.get("src", "")
    if not url or url.startswith("data:"):
        url = (
            attributes.get("data-src")
            or attributes.get("data-lazy-src")
            or attributes.get("data-original")
            or ""
        )
    return make_candidate(url, base, attributes.get("width", 0), attributes.get("height", 0)) if url else None


def is_image(url: str, kind: str, medium: str = "") -> bool:
    """Whether a media element or enclosure is an image, by its type, or else by its name."""
    if kind or medium:
        return (
            kind.lower().startswith("image/")
            or (medium.lower() == "image" and not kind)
            or (medium.lower() == "image" and kind.lower().startswith("image/"))
        )
    return bool(_IMAGE_SUFFIX.search(url))


def image_key(link: str) -> str:
    """The part of an image's URL that does not depend on its size or on the host of a cache."""
    path = urlsplit(link).path if link else ""
    path = re.sub(r"[-_]\d{2,4}x\d{2,4}(?=\.\w+$)", "", path)
    return "/".join(part for part in path.split("/") if not re.fullmatch(r"\d{2,4}(?:x\d*)?|w_?\d+.*", part))
