"""Snapshot: saves the whole index in one file with a checksum."""

import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.index.archive import Archive
from storage.index.arrays import GrowingArray, KeyMap
from storage.index.postings import Segment, merge_segments
from storage.privacy import file_modes

#: Raised whenever analysis or the layout changes: an older copy is then rebuilt.
VERSION = 3
MAGIC = b"newswire-index\n"
#: The alignment of arrays: numpy copies an unaligned array at each access.
ALIGNMENT = 64


def save(archive: Archive, horizon: int, path: Path) -> None:
    """Write the copy to a temporary file and rename it."""
    arrays = _collect_arrays(archive)
    head = json.dumps(
        {
            "version": VERSION,
            "horizon": horizon,
            "languages": archive.languages,
            "living": archive.documents.live_count,
            "words": archive.documents.total_words,
            "names": archive.documents.total_names,
            "arrays": [(name, array.dtype.str, len(array)) for name, array in arrays.items()],
        }
    ).encode()
    head += b" " * (-(len(MAGIC) + 8 + len(head)) % ALIGNMENT)
    file_modes.make_folder(path.parent)
    aside = path.with_name(path.name + ".new")
    with open(aside, "wb", opener=file_modes.open_private) as file:
        os.fchmod(file.fileno(), file_modes.FILE_MODE)  # a torn one of an earlier process may be there
        file.write(MAGIC + len(head).to_bytes(8, "little") + head)
        check = zlib.crc32(head)
        for array in arrays.values():
            plain = np.ascontiguousarray(array).view(np.uint8).data
            for part in (plain, bytes(-len(plain) % ALIGNMENT)):
                check = zlib.crc32(part, check)
                file.write(part)
        file.write(check.to_bytes(4, "little"))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def load(archive: Archive, path: Path) -> int:
    """Fill an empty archive from the copy; its horizon, or 0 if it is missing, damaged or older."""
    file_modes.restrict_to_owner(path)
    try:
        room = bytearray(path.stat().st_size)
        with path.open("rb") as file:
            if file.readinto(room) != len(room):
                return 0
    except OSError:
        return 0
    parts = _parse_snapshot(room)
    if parts is None:
        return 0
    head, arrays = parts
    _fill_archive(archive, head, arrays)
    return int(head["horizon"])


def _parse_snapshot(room: bytearray) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    start = len(MAGIC) + 8
    if len(room) < start + 4 or room[: len(MAGIC)] != MAGIC:
        return None
    size = int.from_bytes(room[len(MAGIC) : start], "little")
    body = memoryview(room)[start:-4]
    if zlib.crc32(body) != int.from_bytes(room[-4:], "little") or size > len(body):
        return None
    head = json.loads(bytes(body[:size]))
    if head["version"] != VERSION:
        return None
    arrays: dict[str, NDArray[Any]] = {}
    at = start + size
    for name, kind, count in head["arrays"]:
        arrays[name] = np.frombuffer(room, np.dtype(kind), count, at)
        at += arrays[name].nbytes + -arrays[name].nbytes % ALIGNMENT
    return head, arrays


def _collect_arrays(archive: Archive) -> dict[str, NDArray[Any]]:
    parts = list(archive.segments)
    while len(parts) > 1:
        newer = parts.pop()
        parts[-1] = merge_segments(parts[-1], newer)
    archive.segments = tuple(parts)
    whole = (
        parts[0] if parts else Segment(np.empty(0, np.int32), np.zeros(1, np.int32), np.empty(0, np.uint32))
    )
    keys, numbers = archive.vocabulary.numbers.sorted_arrays()
    ids, slots = archive.documents.slots.sorted_arrays()
    return {
        "lexicon.keys": keys,
        "lexicon.numbers": numbers,
        "lexicon.articles": archive.vocabulary.document_counts.view,
        "lexicon.letters": archive.vocabulary.display_bytes.view,
        "lexicon.ends": archive.vocabulary.ends.view,
        "lexicon.spelled": archive.vocabulary.letter_bits.view,
        "lexicon.lengths": archive.vocabulary.lengths.view,
        "documents.ids": ids,
        "documents.slots": slots,
        "documents.terms": archive.documents.terms.view,
        **{f"column.{name}": column.view for name, column in archive.documents.columns.items()},
        "segment.terms": whole.terms,
        "segment.starts": whole.starts,
        "segment.postings": whole.postings,
    }


def _fill_archive(archive: Archive, head: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    lexicon, documents = archive.vocabulary, archive.documents
    lexicon.numbers = KeyMap(arrays["lexicon.keys"], arrays["lexicon.numbers"])
    lexicon.document_counts = GrowingArray(np.int32, arrays["lexicon.articles"])
    lexicon.display_bytes = GrowingArray(np.uint8, arrays["lexicon.letters"])
    lexicon.ends = GrowingArray(np.int32, arrays["lexicon.ends"])
    lexicon.letter_bits = GrowingArray(np.uint32, arrays["lexicon.spelled"])
    lexicon.lengths = GrowingArray(np.uint8, arrays["lexicon.lengths"])
    documents.slots = KeyMap(arrays["documents.ids"], arrays["documents.slots"])
    documents.terms = GrowingArray(np.uint32, arrays["documents.terms"])
    for name in documents.columns:
        documents.columns[name] = GrowingArray(arrays[f"column.{name}"].dtype, arrays[f"column.{name}"])
    documents.update_count()
    documents.live_count, documents.total_words = head["living"], head["words"]
    documents.total_names = head["names"]
    if len(arrays["segment.terms"]):
        archive.segments = (
            Segment(arrays["segment.terms"], arrays["segment.starts"], arrays["segment.postings"]),
        )
    archive.languages = head["languages"]
