"""Images are checked by their bytes."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs.ingest.content.image_probe import (
    MAX_BYTES,
    ImageInfo,
    identify_image,
    probe_image,
    rejection_reason,
)
from jobs.ingest.http.fetcher import Fetcher
from tests.jobs.ingest.site import Site


def png(width: int, height: int) -> bytes:
    size = struct.pack(">II", width, height) + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + size + struct.pack(">I", zlib.crc32(b"IHDR" + size))


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0"


def jpeg(width: int, height: int, *segments: bytes) -> bytes:
    extra = b"".join(b"\xff\xe1" + struct.pack(">H", len(one) + 2) + one for one in segments)
    frame = b"\xff\xc2\0\x11\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\0" * 9
    return b"\xff\xd8" + extra + b"\xff" + frame


def webp(width: int, height: int) -> bytes:
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + size


def webp_lossless(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    return b"RIFF\0\0\0\0WEBPVP8L\x05\0\0\0\x2f" + struct.pack("<I", bits)


def webp_lossy(width: int, height: int) -> bytes:
    frame = b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)
    return b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0" + frame


@given(some.integers(1, 16383), some.integers(1, 16383), some.lists(some.binary(max_size=300), max_size=3))
def test_kind_and_size_are_in_the_first_bytes(width: int, height: int, segments: list[bytes]) -> None:
    assert identify_image(png(width, height)) == ImageInfo("png", width, height)
    assert identify_image(gif(width, height)) == ImageInfo("gif", width, height)
    assert identify_image(jpeg(width, height, *segments)) == ImageInfo("jpeg", width, height)
    for webp_of_a_kind in (webp, webp_lossless, webp_lossy):
        assert identify_image(webp_of_a_kind(width, height)) == ImageInfo("webp", width, height)


@given(
    some.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"GIF89a"]),
    some.binary(),
)
def test_any_bytes_are_judged_without_an_exception(start: bytes, junk: bytes) -> None:
    rejection_reason(start + junk, len(junk))


@pytest.mark.parametrize(
    ("start", "length", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", 100, "not a JPEG, PNG, WebP or GIF"),
        (b"<!DOCTYPE html>", 100, "not a JPEG, PNG, WebP or GIF"),
        (b"II*\0" + bytes(100), 20_000_000, "not a JPEG, PNG, WebP or GIF"),
        (b"\0\0\0\x1cftypavif", 100, "not a JPEG, PNG, WebP or GIF"),
        (gif(1, 1), 43, "only 1 x 1 pixels"),
        (png(96, 96), 100, "only 96 x 96 pixels"),
        (jpeg(9000, 1001), 100, "more than Telegram takes"),
        (jpeg(4200, 200), 100, "more than Telegram takes"),
        (jpeg(1200, 630), MAX_BYTES + 1, "5,000,001 bytes"),
    ],
)
def test_a_picture_that_would_fail_the_post_is_named(start: bytes, length: int, words: str) -> None:
    assert words in rejection_reason(start, length)


def test_an_ordinary_picture_is_no_trouble() -> None:
    assert rejection_reason(jpeg(1200, 630), 200_000) == ""
    assert rejection_reason(b"\xff\xd8\xff\xe1\xff\xff", 200_000) == ""


async def test_an_image_is_checked_at_its_url(site: Site, fetcher: Fetcher) -> None:
    site.says(jpeg(1200, 630) + b"x" * 100_000, "/a.jpg", Content_Type="text/plain")
    site.says(b"<html>", "/b.jpg", Content_Type="image/jpeg")
    site.says(b"", "/c.jpg", 404)
    assert await probe_image(fetcher, site.url("/a.jpg")) == ""
    assert "not a JPEG" in await probe_image(fetcher, site.url("/b.jpg"))
    assert "404" in await probe_image(fetcher, site.url("/c.jpg"))
    assert "http" in await probe_image(fetcher, "data:image/png;base64,AAAA")


async def test_what_is_kept_from_us_alone_is_left_to_telegram(
    site: Site, fetcher: Fetcher, stranger: Fetcher
) -> None:
    site.says(b"Are you a robot?", "/a.jpg", 403)
    assert await probe_image(fetcher, site.url("/a.jpg")) == ""
    asked = len(site.asked)
    assert await probe_image(stranger, site.url("/a.jpg")) == ""  # a private network: never asked
    assert len(site.asked) == asked
