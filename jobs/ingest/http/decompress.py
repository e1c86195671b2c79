"""Unpack a body as it comes in: gzip, deflate, br and zstd, never more at once than a slice.

What comes out is counted behind every layer, and what stands behind a layer's end is not read.
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

#: What is unpacked at a time, in bytes, so that a bomb is seen before it is large.
OUTPUT_CHUNK = 256 * 1024
#: What is handed to a layer at a time: what unpacks to nothing takes time too.
INPUT_CHUNK = 16 * 1024
#: Packed in packed, as proxies sometimes do; nobody honest goes further.
MAX_LAYERS = 2
#: Bodies packed one behind the other; thousands of empty ones are an attack.
MAX_MEMBERS = 1000
#: What a zstd frame may make us remember: HTTP's limit, 8 MB (RFC 9659).
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
#: Enough of a body to see how it is packed.
_MAGIC_BYTES = 4
_ERRORS = (zlib.error, brotli.error, zstd.ZstdError, EOFError, ValueError)


class DecompressionFailed(Exception):
    """The body is not packed as its headers say; the message ends a sentence about it."""


class TooLarge(Exception):
    """More came, or is to come, than we take; the message ends a sentence about the answer."""

    def __init__(self, most: int) -> None:
        super().__init__(f"is larger than {most:,} bytes")


class Decompressor:
    """Undoes one body's packing, piece by piece.

    Raises:
        BadPacking: the encoding is unknown, or what comes is broken, or ends too early.
        TooLarge: what came, or what a layer of it unpacks to, has more than `most` bytes.
    """

    def __init__(self, content_encoding: str, most: int) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
        names = [name for name in names if name != "identity"] or ["identity"]
        if len(names) > MAX_LAYERS or not set(names) <= _ENCODINGS:
            raise DecompressionFailed(f"is packed as {content_encoding[:60]!r}, which nobody asked for")
        self._layers: list[_Layer] = [_Layer(name) for name in reversed(names)]
        self._max_bytes = most
        self._input_bytes = 0
        self._finished_layer: int | None = None  # the layer that has ended, with more bytes behind its end

    @property
    def is_finished(self) -> bool:
        """Whether the body is over, although more bytes may come."""
        return self._finished_layer is not None

    def decompress_chunk(self, packed: bytes) -> Iterator[bytes]:
        """What `packed`, the next bytes that came, unpacks to.

        Slices, many of them empty: after each the caller may let others run.
        """
        self._input_bytes = self._check_size(self._input_bytes + len(packed))
        try:
            yield from self._decompress_from(0, packed)
        except _ERRORS as error:
            raise DecompressionFailed("is not packed as its headers say") from error

    def finish(self) -> Iterator[bytes]:
        """What was held back until the end."""
        left = range(self._finished_layer or 0, len(self._layers))
        try:
            for depth in left:
                yield from self._pass_to_next(depth, self._layers[depth].finish())
        except _ERRORS as error:
            raise DecompressionFailed("is not packed as its headers say") from error
        if not all(self._layers[depth].is_complete for depth in left):
            raise DecompressionFailed("ends in the middle")

    def _decompress_from(self, depth: int, packed: bytes) -> Iterator[bytes]:
        """What `packed` unpacks to in the layers from `depth` on."""
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
        """What becomes of the pieces that came out of the layer at `depth`."""
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
    """One packing. What it really is shows in the first bytes: headers are wrong about it at times."""

    def __init__(self, name: str) -> None:
        self.output_bytes = 0  #: bytes that came out of it
        self._name = name
        self._buffer = b""
        self._codec: _Codec | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the packed stream has come to its end; nothing at all is a whole nothing."""
        return self._codec is None or self._codec.is_complete

    @property
    def has_trailing_bytes(self) -> bool:
        """Whether bytes came that stand behind its end."""
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
        """Whether another gzip member begins here; padding behind the last one is none."""
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
        while piece:  # it may take all that came and still have more to give
            piece = self._decoder.process(b"", output_buffer_limit=OUTPUT_CHUNK)
            yield piece
        self.is_complete = self._decoder.is_finished()


class _Zstd:
    """Zstandard, of one frame or more."""

    def __init__(self) -> None:
        self._decoder = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        self._frames = 1
        self.is_complete = False
        self.has_trailing_bytes = False  # what stands behind a frame is the next one, or broken

    def decompress_chunk(self, packed: bytes) -> Iterator[bytes]:
        while packed or not (self._decoder.needs_input or self._decoder.eof):
            if self._decoder.eof:
                self._decoder = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
                self._frames = _count_member(self._frames)
            yield self._decoder.decompress(packed, OUTPUT_CHUNK)
            packed = self._decoder.unused_data if self._decoder.eof else b""
            self.is_complete = self._decoder.eof


def _count_member(members: int) -> int:
    """One more member, unless there were too many."""
    if members >= MAX_MEMBERS:
        raise ValueError("too many members")
    return members + 1


_ENCODINGS = {"identity", "gzip", "x-gzip", "deflate", "br", "zstd"}


def _choose_codec(name: str, start: bytes) -> _Codec:
    """What undoes a body that begins with `start` and is called `name`."""
    if name == "br":
        return _Brotli()
    if name == "deflate":
        wrapped = start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
        return _Zlib(15 if wrapped else -15)
    if start.startswith(b"\x1f\x8b\x08"):  # also unsaid, as `feed.xml.gz` is
        return _Zlib(31)
    if start.startswith(b"\x28\xb5\x2f\xfd") and name == "zstd":
        return _Zstd()
    return _Identity()
