"""Looking for a reader in files and logs, in every form that an id can have."""

import struct
from collections.abc import Iterable
from pathlib import Path


def forms(chat_id: int) -> set[bytes]:
    """Text, hexadecimal, and integers of 5, 6 and 8 bytes in either order (the shortest is in the longer)."""
    big = struct.pack(">q", chat_id)
    short = big[-((chat_id.bit_length() + 7) // 8) :]
    varint = _varint(chat_id)
    return {
        str(chat_id).encode(),
        f"{chat_id:x}".encode(),
        f"{chat_id:X}".encode(),
        short,
        short[::-1],
        varint,
    }


def _varint(number: int) -> bytes:
    """As SQLite writes a row's number."""
    found = [number & 0x7F]
    while number := number >> 7:
        found.append(number & 0x7F | 0x80)
    return bytes(reversed(found))


def found_in(folder: Path, chat_ids: Iterable[int]) -> dict[int, list[str]]:
    """Which of these readers stands in which file of the folder, however deep."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found: dict[int, list[str]] = {}
    for chat_id in chat_ids:
        for path, content in files.items():
            if any(form in content for form in forms(chat_id)):
                found.setdefault(chat_id, []).append(path.name)
    return found
