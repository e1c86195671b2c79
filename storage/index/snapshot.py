"""The saved copy: the whole index in one file, with a checksum over it."""

import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.index.archive import Archive
from storage.index.arrays import Growing, KeyMap
from storage.index.postings import Segment, merge
from storage.privacy import file_modes

#: Raised whenever analysis or the layout changes: an older copy is then made anew.
VERSION = 3
MAGIC = b"newswire-index\n"
#: Where arrays begin: numpy would copy a whole array at each look into one that is not aligned.
ALIGNED = 64


def save(archive: Archive, horizon: int, path: Path) -> None:
    """Write the copy aside and move it into its place."""
    arrays = _arrays(archive)
    head = json.dumps(
        {
            "version": VERSION,
            "horizon": horizon,
            "languages": archive.languages,
            "living": archive.documents.living,
            "words": archive.documents.words_in_all,
            "names": archive.documents.names_in_all,
            "arrays": [(name, array.dtype.str, len(array)) for name, array in arrays.items()],
        }
    ).encode()
    head += b" " * (-(len(MAGIC) + 8 + len(head)) % ALIGNED)
    file_modes.make_folder(path.parent)
    aside = path.with_name(path.name + ".new")
    with open(aside, "wb", opener=file_modes.open_private) as file:
        os.fchmod(file.fileno(), file_modes.FILE)  # a torn one of an earlier process may be there
        file.write(MAGIC + len(head).to_bytes(8, "little") + head)
        check = zlib.crc32(head)
        for array in arrays.values():
            plain = np.ascontiguousarray(array).view(np.uint8).data
            for part in (plain, bytes(-len(plain) % ALIGNED)):
                check = zlib.crc32(part, check)
                file.write(part)
        file.write(check.to_bytes(4, "little"))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def load(archive: Archive, path: Path) -> int:
    """Fill an empty archive from the copy; its horizon, or 0 where it is missing, torn or older."""
    file_modes.close_to_others(path)
    try:
        room = bytearray(path.stat().st_size)
        with path.open("rb") as file:
            if file.readinto(room) != len(room):
                return 0
    except OSError:
        return 0
    parts = _read(room)
    if parts is None:
        return 0
    head, arrays = parts
    _fill(archive, head, arrays)
    return int(head["horizon"])


def _read(room: bytearray) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
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
        at += arrays[name].nbytes + -arrays[name].nbytes % ALIGNED
    return head, arrays


def _arrays(archive: Archive) -> dict[str, NDArray[Any]]:
    parts = list(archive.segments)
    while len(parts) > 1:
        newer = parts.pop()
        parts[-1] = merge(parts[-1], newer)
    archive.segments = tuple(parts)
    whole = (
        parts[0] if parts else Segment(np.empty(0, np.int32), np.zeros(1, np.int32), np.empty(0, np.uint32))
    )
    keys, numbers = archive.lexicon.numbers.arrays()
    ids, slots = archive.documents.slots.arrays()
    return {
        "lexicon.keys": keys,
        "lexicon.numbers": numbers,
        "lexicon.articles": archive.lexicon.articles.view,
        "lexicon.letters": archive.lexicon.letters.view,
        "lexicon.ends": archive.lexicon.ends.view,
        "lexicon.spelled": archive.lexicon.spelled.view,
        "lexicon.lengths": archive.lexicon.lengths.view,
        "documents.ids": ids,
        "documents.slots": slots,
        "documents.terms": archive.documents.terms.view,
        **{f"column.{name}": column.view for name, column in archive.documents.columns.items()},
        "segment.terms": whole.terms,
        "segment.starts": whole.starts,
        "segment.postings": whole.postings,
    }


def _fill(archive: Archive, head: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    lexicon, documents = archive.lexicon, archive.documents
    lexicon.numbers = KeyMap(arrays["lexicon.keys"], arrays["lexicon.numbers"])
    lexicon.articles = Growing(np.int32, arrays["lexicon.articles"])
    lexicon.letters = Growing(np.uint8, arrays["lexicon.letters"])
    lexicon.ends = Growing(np.int32, arrays["lexicon.ends"])
    lexicon.spelled = Growing(np.uint32, arrays["lexicon.spelled"])
    lexicon.lengths = Growing(np.uint8, arrays["lexicon.lengths"])
    documents.slots = KeyMap(arrays["documents.ids"], arrays["documents.slots"])
    documents.terms = Growing(np.uint32, arrays["documents.terms"])
    for name in documents.columns:
        documents.columns[name] = Growing(arrays[f"column.{name}"].dtype, arrays[f"column.{name}"])
    documents.counted()
    documents.living, documents.words_in_all = head["living"], head["words"]
    documents.names_in_all = head["names"]
    if len(arrays["segment.terms"]):
        archive.segments = (
            Segment(arrays["segment.terms"], arrays["segment.starts"], arrays["segment.postings"]),
        )
    archive.languages = head["languages"]
