"""Reads pictures from requests: an upload, a URL or a file_id, with the errors of the Bot API."""

import struct
from typing import Any

from bot.sandbox.api_error import ApiError, bad_request
from bot.sandbox.formatting import links
from bot.sandbox.telegram.messages import Photo
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.state import TelegramState

LARGEST_UPLOAD = 10_000_000
MAX_SIDES_SUM = 10_000  #: width and height together
MAX_ASPECT_RATIO = 20  #: of the longer side to the shorter


def read_photo(state: TelegramState, params: Params, name: str, given: Any = None) -> Photo:
    """The picture of the parameter `name`, or of `given` from a `media` object. Raises ApiError."""
    value = params.text(name) if given is None else str(given)
    if value.startswith("attach://"):
        return _read_upload(state, params, value.removeprefix("attach://"))
    if name in params.files:
        return _read_upload(state, params, name)
    if not value:
        raise bad_request("there is no photo in the request")
    known = state.photos.get(value)
    if known:
        return known
    if "." not in value and "/" not in value:
        raise bad_request("wrong remote file identifier specified: can't unserialize it. Wrong last symbol")
    try:
        url = links.check_link(value)
    except links.InvalidLink:
        raise bad_request("wrong HTTP URL specified") from None
    fault = state.find_picture_error(value)
    if fault:
        raise bad_request(fault)
    return state.store_photo(Photo(f"url-{len(state.photos) + 1}", url))


def _read_upload(state: TelegramState, params: Params, name: str) -> Photo:
    if name not in params.files:
        raise bad_request("wrong file identifier/HTTP URL specified")
    content = params.files[name][1]
    if not content:
        raise bad_request("file must be non-empty")
    if len(content) > LARGEST_UPLOAD:
        raise ApiError(413, "Request Entity Too Large")
    width, height = image_size(content)
    if not width or not height:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if width + height > MAX_SIDES_SUM or max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    photo = Photo(f"upload-{len(state.photos) + 1}", "", width, height, len(content))
    state.uploads[photo.file_id] = content
    return state.store_photo(photo)


def image_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG, GIF, WebP or JPEG; zeros for other content."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        return _unpack_pair(">II", content[16:24])
    if content[:4] == b"GIF8" and len(content) >= 10:
        return _unpack_pair("<HH", content[6:10])
    if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8X" and len(content) >= 30:
        return (
            int.from_bytes(content[24:27], "little") + 1,
            int.from_bytes(content[27:30], "little") + 1,
        )
    if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8 " and len(content) >= 30:
        return _unpack_pair("<HH", content[26:30])
    return _jpeg_size(content) if content[:2] == b"\xff\xd8" else (0, 0)


def _unpack_pair(layout: str, found: bytes) -> tuple[int, int]:
    first, second = struct.unpack(layout, found)
    return first, second


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """The size in the first frame header (SOF), found by skipping the segments before it."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = _unpack_pair(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)
    return 0, 0
