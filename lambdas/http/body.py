"""A body, read as it comes and unpacked by hand: no more than so many bytes of it are ever held.

What a header says of its length is not believed: a body is too large when its bytes are. A few kilobytes of gzip
unpack to gigabytes, so each piece is unpacked only up to what is still allowed.
"""

import zlib
from collections.abc import Callable
from typing import Final, Protocol

from lambdas.http.errors import Fault, Reason

ENCODINGS: Final = ("gzip", "deflate")
_PIECE: Final = 65_536
_GZIP_BITS: Final = 16 + zlib.MAX_WBITS
_GZIP: Final = b"\x1f\x8b"


class Raw(Protocol):
    """urllib3's response, as far as it is used."""

    def read1(self, amt: int | None = None, decode_content: bool | None = None) -> bytes: ...


class BodyError(Exception):
    """Why no body was read; never leaves this package."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def read(
    raw: Raw, *, encoding: str, most_wire_bytes: int, most_bytes: int, may_go_on: Callable[[], None] = lambda: None
) -> bytes:
    """The whole body, unpacked. ``may_go_on`` is called before each read, and may raise.

    Raises BodyError (too large, cut, an encoding that is not read); errors of ``raw`` pass through.
    """
    unpacker = _unpacker(encoding, most_bytes)
    wire = 0
    while True:
        may_go_on()
        piece = raw.read1(_PIECE, decode_content=False)
        if not piece:
            return unpacker.whole()
        wire += len(piece)
        if wire > most_wire_bytes:
            raise _too_large(most_wire_bytes, "on the wire")
        unpacker.feed(piece)


class _Plain:
    def __init__(self, most_bytes: int) -> None:
        self._most, self._body = most_bytes, bytearray()

    def feed(self, piece: bytes) -> None:
        self._body += piece
        if len(self._body) > self._most:
            raise _too_large(self._most, "unpacked")

    def whole(self) -> bytes:
        return bytes(self._body)


class _Packed(_Plain):
    """gzip, of one member or several, or deflate: with zlib's header as the standard has it, or without as some do."""

    def __init__(self, most_bytes: int, *, gzip: bool) -> None:
        super().__init__(most_bytes)
        self._gzip = gzip
        self._began = self._is_over = False
        self._pending = b""
        self._inflate = zlib.decompressobj(_GZIP_BITS if gzip else zlib.MAX_WBITS)

    def feed(self, piece: bytes) -> None:
        left = self._pending + piece
        self._pending = b""
        if not self._began and not self._gzip:
            if len(left) < 2:
                self._pending = left
                return
            if not _has_zlib_header(left):
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._began = True
        while left and not self._is_over:
            left = self._next(left)

    def whole(self) -> bytes:
        if (self._began or self._pending) and not self._inflate.eof:
            raise BodyError(Fault(reason=Reason.CUT, detail="the packed body ends too soon"))
        return super().whole()

    def _next(self, left: bytes) -> bytes:
        """Unpacks a bounded part of what is left, and says what is left then."""
        if self._inflate.eof:
            if not left.startswith(_GZIP[: len(left)]) or not self._gzip:
                self._is_over = True  # what stands behind the end is nobody's
                return b""
            self._inflate = zlib.decompressobj(_GZIP_BITS)
        room = self._most - len(self._body)
        try:
            found = self._inflate.decompress(left, room + 1)
        except zlib.error as error:
            detail = f"it cannot be unpacked ({error})"
            raise BodyError(Fault(reason=Reason.CUT, detail=detail)) from error
        super().feed(found)
        return self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail


def _unpacker(encoding: str, most_bytes: int) -> _Plain:
    name = encoding.strip().lower().removeprefix("x-")
    if name in ("", "identity"):
        return _Plain(most_bytes)
    if name not in ENCODINGS:
        detail = f"its encoding is {name[:40]!r}, and {' and '.join(ENCODINGS)} are read"
        raise BodyError(Fault(reason=Reason.REFUSED, detail=detail))
    return _Packed(most_bytes, gzip=name == "gzip")


def _has_zlib_header(start: bytes) -> bool:
    """RFC 1950: method 8, and the two bytes are a multiple of 31."""
    return start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0


def _too_large(most: int, where: str) -> BodyError:
    return BodyError(Fault(reason=Reason.TOO_LARGE, detail=f"its body has more than {most:,} bytes {where}"))
