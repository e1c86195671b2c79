"""Decompression of bodies in chunks of any size."""

import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs.ingest.http.decompress import OUTPUT_CHUNK, DecompressionFailed, Decompressor
from tests.jobs.ingest.packing import zstd

MOST = 25_000_000
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "identity": bytes,
}


def unpacked(coding: str, packed: bytes, step: int) -> bytes:
    one = Decompressor(coding, MOST)
    pieces = [
        piece for at in range(0, len(packed), step) for piece in one.decompress_chunk(packed[at : at + step])
    ]
    return b"".join([*pieces, *one.finish()])


@given(some.sampled_from(sorted(PACKINGS)), some.binary(max_size=300), some.integers(1, 500))
def test_what_was_packed_comes_back(coding: str, body: bytes, step: int) -> None:
    if coding == "identity" and body.startswith(b"\x1f\x8b\x08"):
        return
    assert unpacked(coding, PACKINGS[coding](body), step) == body


@given(some.sampled_from(sorted(PACKINGS)), some.integers(0, 150_000), some.integers(100, 5000))
def test_and_so_does_what_shrank_very_much(coding: str, count: int, step: int) -> None:
    body = b"<rss>" * count
    assert unpacked(coding, PACKINGS[coding](body), step).count(b"<rss>") == count


@given(some.binary(max_size=300), some.binary(max_size=300), some.integers(1, 100))
def test_members_one_behind_the_other_are_one_body(first: bytes, second: bytes, step: int) -> None:
    assert unpacked("gzip", gzip.compress(first) + gzip.compress(second), step) == first + second
    assert unpacked("zstd", zstd.compress(first) + zstd.compress(second), step) == first + second


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_never_more_than_a_slice_comes_at_once(coding: str) -> None:
    packed = PACKINGS[coding](b"0" * 20_000_000)
    sizes = [len(piece) for piece in Decompressor(coding, MOST).decompress_chunk(packed)]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 2 * OUTPUT_CHUNK


@given(
    some.sampled_from(["gzip", "deflate", "br", "zstd"]), some.binary(min_size=1, max_size=200), some.data()
)
def test_a_body_cut_short_is_not_taken_for_whole(coding: str, body: bytes, data: some.DataObject) -> None:
    packed = PACKINGS[coding](body)
    cut = data.draw(some.integers(4, len(packed) - 1))
    with pytest.raises(DecompressionFailed):
        unpacked(coding, packed[:cut], 50)


@given(some.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "", "x"]), some.binary(max_size=500))
def test_any_bytes_end_as_a_body_or_a_reason(coding: str, junk: bytes) -> None:
    with suppress(DecompressionFailed):
        assert isinstance(unpacked(coding, junk, 100), bytes)


def test_a_frame_that_wants_much_memory_is_refused() -> None:
    options: dict[int, int] = {
        zstd.CompressionParameter.window_log: 27,
        zstd.CompressionParameter.checksum_flag: 0,
    }
    packer = zstd.ZstdCompressor(options=options)
    with pytest.raises(DecompressionFailed):
        unpacked("zstd", packer.compress(b"0" * 1000) + packer.flush(), 1000)


def test_padding_behind_the_end_does_no_harm() -> None:
    assert unpacked("gzip", gzip.compress(b"body") + b"\0" * 100, 7) == b"body"
