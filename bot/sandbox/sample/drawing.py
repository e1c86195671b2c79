"""Draws the pictures of the sample stories: landscapes as small PNGs.

The same name gives the same picture. Columns are built from runs of palette entries, so a picture takes
milliseconds and needs no imaging library. PNG: https://www.w3.org/TR/png-3/
"""

import math
import struct
import zlib
from hashlib import blake2s

WIDTH, HEIGHT = 1200, 630  #: the size of large link previews
SKY = 160  #: palette entries of the sky; those of the sun and the layers follow
SUN = SKY
Color = tuple[int, int, int]

#: top of the sky, horizon, sun, far layer, near layer
SCENES: tuple[tuple[Color, Color, Color, Color, Color], ...] = (
    ((28, 74, 110), (244, 196, 150), (255, 236, 196), (122, 128, 150), (24, 44, 66)),
    ((16, 92, 104), (214, 232, 204), (255, 248, 222), (108, 162, 150), (12, 54, 58)),
    ((72, 52, 112), (248, 178, 160), (255, 228, 190), (150, 108, 142), (42, 28, 66)),
    ((130, 60, 48), (250, 206, 132), (255, 244, 208), (186, 110, 74), (70, 30, 34)),
    ((24, 34, 72), (116, 146, 196), (236, 242, 255), (70, 90, 138), (14, 20, 44)),
    ((52, 104, 70), (238, 230, 170), (255, 250, 216), (132, 160, 98), (26, 56, 44)),
    ((150, 74, 96), (252, 214, 190), (255, 246, 226), (192, 122, 126), (80, 34, 58)),
    ((38, 110, 158), (222, 240, 246), (255, 252, 232), (120, 176, 200), (22, 62, 92)),
)
LAYERS = 4


def draw_picture(name: str, section: str) -> bytes:
    """A PNG of 1200 x 630 pixels for the story `name`; `section` shapes the land."""
    above, horizon, sun, far, near = SCENES[_hash_number(name, 0) % len(SCENES)]
    palette = [_blend_colors(above, horizon, step / (SKY - 1)) for step in range(SKY)]
    palette.append(sun)
    palette += [_blend_colors(far, near, layer / (LAYERS - 1)) for layer in range(LAYERS)]
    columns = b"".join(_draw_column(name, section, x) for x in range(WIDTH))
    rows = (b"\0" + columns[y::HEIGHT] for y in range(HEIGHT))
    return _encode_png(palette, b"".join(rows))


def _draw_column(name: str, section: str, x: int) -> bytes:
    """One column from top to bottom: sky, perhaps the sun, then the layers from far to near."""
    tops = [_layer_top(name, section, layer, x) for layer in range(LAYERS)]
    column = bytearray(SKY_COLUMN)
    centre_x, centre_y, radius = _sun_position(name)
    if abs(x - centre_x) < radius:
        half = int(math.sqrt(radius**2 - (x - centre_x) ** 2))
        column[centre_y - half : centre_y + half] = bytes([SUN]) * (2 * half)
    for layer, top in enumerate(tops):
        column[top:] = bytes([SUN + 1 + layer]) * (HEIGHT - top)
    return bytes(column)


SKY_COLUMN = bytes(min(SKY - 1, y * SKY // (HEIGHT * 3 // 4)) for y in range(HEIGHT))


def _sun_position(name: str) -> tuple[int, int, int]:
    return (
        260 + _hash_number(name, 1) % 680,
        170 + _hash_number(name, 2) % 130,
        52 + _hash_number(name, 3) % 44,
    )


def _layer_top(name: str, section: str, layer: int, x: int) -> int:
    """The row in which a layer begins in column `x`: hills, ridges, roofs or water, by section."""
    shift = _hash_number(name, 10 + layer)
    base = 330 + layer * 72
    wave = 300 - layer * 34 + shift % 90
    phase = shift % 628 / 100
    match _hash_number(section, 1) % 4:
        case 0:
            rise = 46 * math.sin(x / wave + phase) + 17 * math.sin(x / (wave * 0.37) + 2 * phase)
        case 1:
            rise = 74 * (abs((x / wave + phase) % 2 - 1) - 0.5) + 12 * math.sin(x / 61 + phase)
        case 2:
            rise = 22 * ((_hash_number(name, layer * 991 + x // (58 - 8 * layer)) % 7) - 3)
        case _:
            rise = 15 * math.sin(x / (wave * 0.5) + phase) + 7 * math.sin(x / 47 + phase)
    return max(0, min(HEIGHT, base - int(rise)))


def _blend_colors(first: Color, second: Color, share: float) -> Color:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _hash_number(word: str, number: int) -> int:
    """A pseudo-random number that is the same in every run."""
    return int.from_bytes(blake2s(f"{word}/{number}".encode(), digest_size=4).digest())


def _encode_png(palette: list[Color], rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    colors = b"".join(map(bytes, palette))
    chunks = (b"IHDR", header), (b"PLTE", colors), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, content) for kind, content in chunks)


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
