"""sendPhoto: by URL, by file_id or as an upload; and the errors for bad pictures."""

import struct

import pytest

from bot.sandbox.telegram.photos import image_size
from tests.bot.sandbox.conftest import Harness

PICTURE = "https://example.org/a.png"


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0"


def jpeg(width: int, height: int) -> bytes:
    comment = b"\xff\xfe" + struct.pack(">H", 7) + b"hello"
    return b"\xff\xd8" + comment + b"\xff\xc2" + struct.pack(">HBHH", 17, 8, height, width) + b"\x03"


async def test_a_photo_by_address_can_be_sent_again_by_its_file_id(harness: Harness) -> None:
    first = await harness.ask(
        "sendPhoto", chat_id=harness.reader.id, photo=PICTURE, caption="<i>x</i>", parse_mode="HTML"
    )
    assert first["caption"] == "x"
    file_id = first["photo"][-1]["file_id"]
    again = await harness.ask("sendPhoto", chat_id=harness.reader.id, photo=file_id)
    assert again["photo"][-1]["file_id"] == file_id
    assert harness.message(harness.reader.id, again["message_id"]).content.photo.url == PICTURE  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("", "there is no photo in the request"),
        ("ftp://example.org/a.png", "wrong HTTP URL specified"),
        ("nosuchfile", "wrong remote file identifier specified: can't unserialize it. Wrong last symbol"),
        ("attach://missing", "wrong file identifier/HTTP URL specified"),
    ],
)
async def test_a_photo_that_is_none(harness: Harness, photo: str, expected: str) -> None:
    assert (
        await harness.refused("sendPhoto", chat_id=harness.reader.id, photo=photo)
        == f"Bad Request: {expected}"
    )


async def test_a_picture_that_telegram_can_not_fetch_is_refused(harness: Harness) -> None:
    harness.telegram.state.find_picture_error = lambda url: "failed to get HTTP URL content"
    wrong = await harness.refused("sendPhoto", chat_id=harness.reader.id, photo=PICTURE)
    assert wrong == "Bad Request: failed to get HTTP URL content"
    assert harness.telegram.visible_messages(harness.reader.id) == []


async def test_a_caption_is_shorter_than_a_text(harness: Harness) -> None:
    wrong = await harness.refused("sendPhoto", chat_id=harness.reader.id, photo=PICTURE, caption="x" * 1025)
    assert wrong == "Bad Request: message caption is too long"


@pytest.mark.parametrize(
    ("content", "status", "expected"),
    [
        (png(100, 100), 200, ""),
        (jpeg(640, 480), 200, ""),
        (b"", 400, "Bad Request: file must be non-empty"),
        (b"no picture", 400, "Bad Request: IMAGE_PROCESS_FAILED"),
        (png(9000, 1001), 400, "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (png(2100, 100), 400, "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (png(10, 10) + bytes(10_000_000), 413, "Request Entity Too Large"),
    ],
)
async def test_an_upload_is_measured(harness: Harness, content: bytes, status: int, expected: str) -> None:
    upload = {"photo": ("a.png", content, "image/png")}
    answer = await harness.telegram.call("sendPhoto", {"chat_id": harness.reader.id}, upload)
    assert (answer[0], answer[1].get("description", "")) == (status, expected)


def test_sizes_are_read_from_the_first_bytes() -> None:
    assert image_size(png(3, 4)) == (3, 4)
    assert image_size(jpeg(30, 40)) == (30, 40)
    assert image_size(b"GIF89a" + struct.pack("<HH", 5, 6)) == (5, 6)
    extended = b"RIFF....WEBPVP8X" + bytes(8) + (7).to_bytes(3, "little") + (8).to_bytes(3, "little")
    assert image_size(extended) == (8, 9)
    assert image_size(b"\xff\xd8\xff") == (0, 0)
