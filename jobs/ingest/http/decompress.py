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
SLICE = 256 * 1024
#: What is handed to a layer at a time: what unpacks to nothing takes time too.
STEP = 16 * 1024
#: Packed in packed, as proxies sometimes do; nobody honest goes further.
MOST_LAYERS = 2
#: Bodies packed one behind the other; thousands of empty ones are an attack.
MOST_MEMBERS = 1000
#: What a zstd frame may make us remember: HTTP's limit, 8 MB (RFC 9659).
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
#: Enough of a body to see how it is packed.
_MAGIC = 4
_ERRORS = (zlib.error, brotli.error, zstd.ZstdError, EOFError, ValueError)


class BadPacking(Exception):
    """The body is not packed as its headers say; the message ends a sentence about it."""


class TooLarge(Exception):
    """More came, or is to come, than we take; the message ends a sentence about the answer."""

    def __init__(self, most: int) -> None:
        super().__init__(f"is larger than {most:,} bytes")


class Unpacker:
    """Undoes one body's packing, piece by piece.

    Raises:
        BadPacking: the encoding is unknown, or what comes is broken, or ends too early.
        TooLarge: what came, or what a layer of it unpacks to, has more than `most` bytes.
    """

    def __init__(self, content_encoding: str, most: int) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
        names = [name for name in names if name != "identity"] or ["identity"]
        if len(names) > MOST_LAYERS or not set(names) <= _KNOWN:
            raise BadPacking(f"is packed as {content_encoding[:60]!r}, which nobody asked for")
        self._layers: list[_Layer] = [_Layer(name) for name in reversed(names)]
        self._most = most
        self._came = 0
        self._ended: int | None = None  # the layer that has ended, with more bytes behind its end

    @property
    def ended(self) -> bool:
        """Whether the body is over, although more bytes may come."""
        return self._ended is not None

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """What `packed`, the next bytes that came, unpacks to.

        Slices, many of them empty: after each the caller may let others run.
        """
        self._came = self._within(self._came + len(packed))
        try:
            yield from self._through(0, packed)
        except _ERRORS as error:
            raise BadPacking("is not packed as its headers say") from error

    def finish(self) -> Iterator[bytes]:
        """What was held back until the end."""
        left = range(self._ended or 0, len(self._layers))
        try:
            for depth in left:
                yield from self._onwards(depth, self._layers[depth].finish())
        except _ERRORS as error:
            raise BadPacking("is not packed as its headers say") from error
        if not all(self._layers[depth].complete for depth in left):
            raise BadPacking("ends in the middle")

    def _through(self, depth: int, packed: bytes) -> Iterator[bytes]:
        """What `packed` unpacks to in the layers from `depth` on."""
        if depth == len(self._layers) or not packed:
            yield packed
            return
        for at in range(0, len(packed), STEP):
            if self.ended:
                return
            yield from self._onwards(depth, self._layers[depth].unpack(packed[at : at + STEP]))

    def _onwards(self, depth: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """What becomes of the pieces that came out of the layer at `depth`."""
        layer = self._layers[depth]
        for piece in pieces:
            layer.made = self._within(layer.made + len(piece))
            yield from self._through(depth + 1, piece)
            if self.ended:
                return
        if layer.over:
            self._ended = depth

    def _within(self, count: int) -> int:
        if count > self._most:
            raise TooLarge(self._most)
        return count


class _Layer:
    """One packing. What it really is shows in the first bytes: headers are wrong about it at times."""

    def __init__(self, name: str) -> None:
        self.made = 0  #: bytes that came out of it
        self._name = name
        self._held = b""
        self._codec: _Codec | None = None

    @property
    def complete(self) -> bool:
        """Whether the packed stream has come to its end; nothing at all is a whole nothing."""
        return self._codec is None or self._codec.complete

    @property
    def over(self) -> bool:
        """Whether bytes came that stand behind its end."""
        return self._codec is not None and self._codec.over

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        if self._codec is None:
            self._held += packed
            if len(self._held) < _MAGIC:
                return
            self._codec = _codec(self._name, self._held)
            packed, self._held = self._held, b""
        yield from self._codec.unpack(packed)

    def finish(self) -> Iterator[bytes]:
        if self._held:
            self._codec = _codec(self._name, self._held)
            yield from self._codec.unpack(self._held)


class _Codec(Protocol):
    complete: bool
    over: bool

    def unpack(self, packed: bytes) -> Iterator[bytes]: ...


class _Plain:
    complete = True
    over = False

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        yield packed


class _Zlib:
    """Gzip of any number of members (window bits 31), or deflate (15, bare -15)."""

    def __init__(self, window_bits: int) -> None:
        self._bits = window_bits
        self._one = zlib.decompressobj(window_bits)
        self._members = 1
        self.complete = False
        self.over = False

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        if self.complete:
            self._another(packed)
        more = not self.complete
        while more:
            piece = self._one.decompress(packed, SLICE)
            yield piece
            self.complete = self._one.eof
            if self.complete:
                packed = self._one.unused_data
                more = self._another(packed)
            else:
                packed = self._one.unconsumed_tail
                more = bool(packed) or len(piece) == SLICE

    def _another(self, packed: bytes) -> bool:
        """Whether another gzip member begins here; padding behind the last one is none."""
        if self._bits != 31 or not packed.startswith(b"\x1f"):
            self.over = bool(packed)
            return False
        self._one = zlib.decompressobj(self._bits)
        self._members = _counted(self._members)
        self.complete = False
        return True


class _Brotli:
    def __init__(self) -> None:
        self._one = brotli.Decompressor()
        self.complete = False
        self.over = False

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        if self.complete:
            self.over = bool(packed)
            return
        piece = self._one.process(packed, output_buffer_limit=SLICE)
        yield piece
        while piece:  # it may take all that came and still have more to give
            piece = self._one.process(b"", output_buffer_limit=SLICE)
            yield piece
        self.complete = self._one.is_finished()


class _Zstd:
    """Zstandard, of one frame or more."""

    def __init__(self) -> None:
        self._one = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        self._frames = 1
        self.complete = False
        self.over = False  # what stands behind a frame is the next one, or broken

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        while packed or not (self._one.needs_input or self._one.eof):
            if self._one.eof:
                self._one = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
                self._frames = _counted(self._frames)
            yield self._one.decompress(packed, SLICE)
            packed = self._one.unused_data if self._one.eof else b""
            self.complete = self._one.eof


def _counted(members: int) -> int:
    """One more member, unless there were too many."""
    if members >= MOST_MEMBERS:
        raise ValueError("too many members")
    return members + 1


_KNOWN = {"identity", "gzip", "x-gzip", "deflate", "br", "zstd"}


def _codec(name: str, start: bytes) -> _Codec:
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
    return _Plain()
