"""Postings: which articles have a term, and how often, in sorted arrays that are merged from time to time.

A posting is one 32-bit word: the article's slot in the upper 24 bits, the count in the lower 8.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: A segment is merged into the one before it as soon as it has a quarter of its postings.
MERGE_RATIO = 4
_NOTHING = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Segment:
    """Some articles' postings: those of `terms[i]` are `postings[starts[i]:starts[i + 1]]`."""

    terms: NDArray[np.int32]
    starts: NDArray[np.int32]
    postings: NDArray[np.uint32]


def build_segment(terms: NDArray[np.int32], postings: NDArray[np.uint32]) -> Segment:
    """A segment of postings that come in the order of their slots, each with its term."""
    order = np.argsort(terms, kind="stable")
    terms, postings = terms[order], postings[order]
    first = np.concatenate(([0], np.flatnonzero(terms[1:] != terms[:-1]) + 1)) if len(terms) else _NOTHING
    starts = np.append(first, len(terms)).astype(np.int32)
    return Segment(terms[first], starts, postings)


def merge_segments(older: Segment, newer: Segment) -> Segment:
    """Both as one; every slot of `newer` is above those of `older`."""
    terms = np.union1d(older.terms, newer.terms)
    counts = np.zeros((2, len(terms)), np.int64)
    for row, part in zip(counts, (older, newer), strict=True):
        row[np.searchsorted(terms, part.terms)] = np.diff(part.starts)
    starts = np.concatenate(([0], np.cumsum(counts.sum(axis=0))))
    postings = np.empty(int(starts[-1]), np.uint32)
    for part, before in ((older, 0), (newer, counts[0])):
        sizes = np.diff(part.starts)
        here = np.searchsorted(terms, part.terms)
        goal = (starts[:-1] + before)[here] - part.starts[:-1]
        postings[np.repeat(goal, sizes) + np.arange(len(part.postings))] = part.postings
    return Segment(terms, starts.astype(np.int32), postings)


def merge_due_segments(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The segments after the merges that are due."""
    kept = list(segments)
    while len(kept) > 1 and len(kept[-1].postings) * MERGE_RATIO >= len(kept[-2].postings):
        newer = kept.pop()
        kept[-1] = merge_segments(kept[-1], newer)
    return tuple(kept)


def posting_slices(
    segments: Sequence[Segment], terms: NDArray[np.int32]
) -> tuple[list[NDArray[np.uint32]], list[int]]:
    """The postings of each term in each segment, and for each slice which of `terms` it belongs to."""
    found: list[NDArray[np.uint32]] = []
    whose: list[int] = []
    for part in segments:
        at = np.minimum(np.searchsorted(part.terms, terms), len(part.terms) - 1)
        hits = np.flatnonzero(part.terms[at] == terms)
        starts = part.starts[at[hits]].tolist()
        ends = part.starts[at[hits] + 1].tolist()
        found.extend(part.postings[start:end] for start, end in zip(starts, ends, strict=True))
        whose.extend(hits.tolist())
    return found, whose


def postings_of_slots(part: NDArray[np.uint32], slots: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Of one term's postings those of some slots (in order), without going through a long list."""
    wanted = slots.astype(np.uint32) << np.uint32(8)
    at = np.minimum(np.searchsorted(part, wanted), len(part) - 1)
    found: NDArray[np.uint32] = part[at]
    there: NDArray[np.uint32] = found[found >> np.uint32(8) == slots]
    return there
