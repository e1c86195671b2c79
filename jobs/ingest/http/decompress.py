"""Incremental decompression of a body: gzip, deflate, br and zstd, a bounded chunk at a time.

The output of every layer is counted, and bytes after the end of a layer are not read.
"""

import sys
import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: Bytes decompressed at a time, so that a bomb is detected before it is large.
OUTPUT_CHUNK = 256 * 1024
#: Bytes passed to a layer at a time: input without output takes time too.
INPUT_CHUNK = 16 * 1024
#: Nested encodings, as some proxies produce; more are an attack.
MAX_LAYERS = 2
#: Concatenated gzip members or zstd frames; thousands of empty ones are an attack.
MAX_MEMBERS = 1000
#: The largest window of a zstd frame: HTTP's limit, 8 MB (RFC 9659).
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
#: Bytes that show how a body is encoded.
_MAGIC_BYTES = 4
_ERRORS = (zlib.error, brotli.error, zstd.ZstdError, EOFError, ValueError)


class DecompressionFailed(Exception):
    """The body is not encoded as its headers say; the message ends a sentence about it."""


class TooLarge(Exception):
    """The body is larger than the limit; the message ends a sentence about the response."""

    def __init__(self, most: int) -> None:
        super().__init__(f"is larger than {most:,} bytes")


class Decompressor:
    """Decompresses one body, chunk by chunk.

    Raises:
        DecompressionFailed: the encoding is unknown, or the body is corrupt or truncated.
        TooLarge: the body, or the output of one of its layers, has more than `most` bytes.
    """

    def __init__(self, content_encoding: str, most: int) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
        names = [name for name in names if name != "identity"] or ["identity"]
        if len(names) > MAX_LAYERS or not set(names) <= _ENCODINGS:
            raise DecompressionFailed(f"is encoded as {content_encoding[:60]!r}, which was not requested")
        self._layers: list[_Layer] = [_Layer(name) for name in reversed(names)]
        self._max_bytes = most
        self._input_bytes = 0
        self._finished_layer: int | None = None  # the layer that has ended before its input

    @property
    def is_finished(self) -> bool:
        """Whether the body has ended, although more bytes may follow."""
        return self._finished_layer is not None

    def decompress_chunk(self, packed: bytes) -> Iterator[bytes]:
        """Decompress the next bytes.

        Yields pieces, many of them empty: after each, the caller may let other tasks run.
        """
        self._input_bytes = self._check_size(self._input_bytes + len(packed))
        try:
            yield from self._decompress_from(0, packed)
        except _ERRORS as error:
            raise DecompressionFailed("is not encoded as its headers say") from error

    def finish(self) -> Iterator[bytes]:
        """Yield what was held back until the end."""
        left = range(self._finished_layer or 0, len(self._layers))
        try:
            for depth in left:
                yield from self._pass_to_next(depth, self._layers[depth].finish())
        except _ERRORS as error:
            raise DecompressionFailed("is not encoded as its headers say") from error
        if not all(self._layers[depth].is_complete for depth in left):
            raise DecompressionFailed("is incomplete")

    def _decompress_from(self, depth: int, packed: bytes) -> Iterator[bytes]:
        """Decompress `packed` in the layers from `depth` on."""
        if depth == len(self._layers) or not packed:
            yield packed
            return
        for at in range(0, len(packed), INPUT_CHUNK):
            if self.is_finished:
                return
            yield from self._pass_to_next(
                depth, self._layers[depth].decompress_chunk(packed[at : at + INPUT_CHUNK])
            )

    def _pass_to_next(self, depth: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Pass the output of the layer at `depth` to the next one."""
        layer = self._layers[depth]
        for piece in pieces:
            layer.output_bytes = self._check_size(layer.output_bytes + len(piece))
            yield from self._decompress_from(depth + 1, piece)
            if self.is_finished:
                return
        if layer.has_trailing_bytes:
            self._finished_layer = depth

    def _check_size(self, count: int) -> int:
        if count > self._max_bytes:
            raise TooLarge(self._max_bytes)
        return count


class _Layer:
    """One encoding. The codec is chosen by the first bytes, because headers are sometimes wrong."""

    def __init__(self, name: str) -> None:
        self.output_bytes = 0  #: so far
        self._name = name
        self._buffer = b""
        self._codec: _Codec | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the compressed stream has ended; an empty one has."""
        return self._codec is None or self._codec.is_complete

    @property
    def has_trailing_bytes(self) -> bool:
        """Whether there was input after its end."""
        return self._codec is not None and self._codec.has_trailing_bytes

    def decompress_chunk(self, packed: bytes) -> Iterator[bytes]:
        if self._codec is None:
            self._buffer += packed
            if len(self._buffer) < _MAGIC_BYTES:
                return
            self._codec = _choose_codec(self._name, self._buffer)
            packed, self._buffer = self._buffer, b""
        yield from self._codec.decompress_chunk(packed)

    def finish(self) -> Iterator[bytes]:
        if self._buffer:
            self._codec = _choose_codec(self._name, self._buffer)
            yield from self._codec.decompress_chunk(self._buffer)


class _Codec(Protocol):
    is_complete: bool
    has_trailing_bytes: bool

    def decompress_chunk(self, packed: bytes) -> Iterator[bytes]: ...


class _Identity:
    is_complete = True
    has_trailing_bytes = False

    def decompress_chunk(self, packed: bytes) -> Iterator[bytes]:
        yield packed


class _Zlib:
    """Gzip of any number of members (window bits 31), or deflate (15, bare -15)."""

    def __init__(self, window_bits: int) -> None:
        self._bits = window_bits
        self._decoder = zlib.decompressobj(window_bits)
        self._members = 1
        self.is_complete = False
        self.has_trailing_bytes = False

    def decompress_chunk(self, packed: bytes) -> Iterator[bytes]:
        if self.is_complete:
            self._start_member(packed)
        more = not self.is_complete
        while more:
            piece = self._decoder.decompress(packed, OUTPUT_CHUNK)
            yield piece
            self.is_complete = self._decoder.eof
            if self.is_complete:
                packed = self._decoder.unused_data
                more = self._start_member(packed)
            else:
                packed = self._decoder.unconsumed_tail
                more = bool(packed) or len(piece) == OUTPUT_CHUNK

    def _start_member(self, packed: bytes) -> bool:
        """Whether another gzip member starts here; padding after the last one is ignored."""
        if self._bits != 31 or not packed.startswith(b"\x1f"):
            self.has_trailing_bytes = bool(packed)
            return False
        self._decoder = zlib.decompressobj(self._bits)
        self._members = _count_member(self._members)
        self.is_complete = False
        return True


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()
        self.is_complete = False
        self.has_trailing_bytes = False

    def decompress_chunk(self, packed: bytes) -> Iterator[bytes]:
        if self.is_complete:
            self.has_trailing_bytes = bool(packed)
            return
        piece = self._decoder.process(packed, output_buffer_limit=OUTPUT_CHUNK)
        yield piece
        while piece:  # it may consume the whole input and still have output
            piece = self._decoder.process(b"", output_buffer_limit=OUTPUT_CHUNK)
            yield piece
        self.is_complete = self._decoder.is_finished()


class _Zstd:
    """Zstandard, of one frame or more."""

    def __init__(self) -> None:
        self._decoder = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        self._frames = 1
        self.is_complete = False
        self.has_trailing_bytes = False  # after a frame there is another one, or an error

    def decompress_chunk(self, packed: bytes) -> Iterator[bytes]:
        while packed or not (self._decoder.needs_input or self._decoder.eof):
            if self._decoder.eof:
                self._decoder = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
                self._frames = _count_member(self._frames)
            yield self._decoder.decompress(packed, OUTPUT_CHUNK)
            packed = self._decoder.unused_data if self._decoder.eof else b""
            self.is_complete = self._decoder.eof


def _count_member(members: int) -> int:
    """The number of members with one more, if that is allowed."""
    if members >= MAX_MEMBERS:
        raise ValueError("too many members")
    return members + 1


_ENCODINGS = {"identity", "gzip", "x-gzip", "deflate", "br", "zstd"}


def _choose_codec(name: str, start: bytes) -> _Codec:
    """The codec for a body that starts with `start` and is declared as `name`."""
    if name == "br":
        return _Brotli()
    if name == "deflate":
        wrapped = start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
        return _Zlib(15 if wrapped else -15)
    if start.startswith(b"\x1f\x8b\x08"):  # also if undeclared, as `feed.xml.gz` is
        return _Zlib(31)
    if start.startswith(b"\x28\xb5\x2f\xfd") and name == "zstd":
        return _Zstd()
    return _Identity()
