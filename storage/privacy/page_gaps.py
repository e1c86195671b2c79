"""Page gaps: the unused middle of SQLite's pages, where rows that moved to another page leave their bytes.

`secure_delete` overwrites what is deleted, but not what a page held before it was split: those copies outlive
the row (seen with SQLite 3.40). SQLite never reads what is between a page's cell pointers and its first cell
(https://www.sqlite.org/fileformat2.html, section 1.6), so it can be overwritten in the file itself.
"""

import os

import numpy as np
from numpy.typing import NDArray

#: Bytes read at once; a multiple of every page size.
CHUNK_SIZE = 8 << 20
#: The first byte of a page that is part of a tree; interior ones have 4 more bytes before their cells.
_INTERIOR, _LEAVES = (2, 5), (10, 13)
_FILE_HEADER = 100


def clear_gaps(file: int, page_size: int) -> int:
    """Overwrite the gaps of a database file with zeros; how many pages had something there.

    Nobody may write to the database meanwhile, and nothing may be left in its write-ahead log.
    """
    cleared = 0
    for offset in range(0, os.fstat(file).st_size, CHUNK_SIZE):
        content = os.pread(file, CHUNK_SIZE, offset)
        pages = np.frombuffer(content, np.uint8, len(content) // page_size * page_size)
        for place, start, end in _find_gaps(pages.reshape(-1, page_size), first=offset == 0):
            os.pwrite(file, bytes(end - start), offset + place * page_size + start)
            cleared += 1
    os.fsync(file)
    return cleared


def _find_gaps(pages: NDArray[np.uint8], *, first: bool) -> list[tuple[int, int, int]]:
    """The non-empty gaps: page, start and end."""
    size = pages.shape[1]
    heads = pages[:, :8].astype(np.int64)
    base = np.zeros(len(pages), np.int64)
    if first:
        heads[0], base[0] = pages[0, _FILE_HEADER : _FILE_HEADER + 8], _FILE_HEADER
    kind = heads[:, 0]
    start = base + np.where(np.isin(kind, _INTERIOR), 12, 8) + 2 * (heads[:, 3] * 256 + heads[:, 4])
    end = heads[:, 5] * 256 + heads[:, 6]
    end[end == 0] = 65536
    tree = np.isin(kind, (*_INTERIOR, *_LEAVES)) & (start < end) & (end <= size)
    found = zip(np.flatnonzero(tree).tolist(), start[tree].tolist(), end[tree].tolist(), strict=True)
    return [gap for gap in found if pages[gap[0], gap[1] : gap[2]].any()]
