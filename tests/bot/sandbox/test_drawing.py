"""The pictures of the sample stories are valid PNGs, the same in every run."""

import struct
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.sample.drawing import HEIGHT, WIDTH, draw_picture


def chunks(png: bytes) -> dict[bytes, bytes]:
    found, place = {}, 8
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        content = png[place + 8 : place + 8 + length]
        (check,) = struct.unpack(">I", png[place + 8 + length : place + 12 + length])
        assert zlib.crc32(kind + content) == check
        found[kind] = content
        place += 12 + length
    return found


@settings(max_examples=12, deadline=None)
@given(st.text(max_size=40), st.sampled_from(["Economy", "World", "Sport", "ပတ်ဝန်းကျင်"]))
def test_any_name_gives_a_whole_small_png(name: str, section: str) -> None:
    drawn = draw_picture(name, section)
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
    parts = chunks(drawn)
    assert struct.unpack(">II", parts[b"IHDR"][:8]) == (WIDTH, HEIGHT)
    pixels = zlib.decompress(parts[b"IDAT"])
    assert len(pixels) == HEIGHT * (WIDTH + 1)
    assert max(pixels) < len(parts[b"PLTE"]) // 3
    assert len(drawn) < 60_000


def test_the_same_story_has_the_same_picture_and_another_one_another() -> None:
    assert draw_picture("a-story", "World") == draw_picture("a-story", "World")
    assert draw_picture("a-story", "World") != draw_picture("another", "World")
