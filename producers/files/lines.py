"""Lines of a byte stream, gzip or plain, in constant memory.

Gzip is known by its magic bytes, not by a name. Reads hand on what has come, so a live pipe is passed on as it flows.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from tapehouse.errors import TerminalError

MAGIC: Final = b"\x1f\x8b"
CHUNK: Final = 1 << 18
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


class Readable(Protocol):
    """An unbuffered byte stream: ``read`` returns what is there, and b"" at the end."""

    def read(self, size: int, /) -> bytes | None:
        """Up to ``size`` bytes."""


class BrokenGzipError(TerminalError):
    """The gzip data ends early or is damaged; the whole lines before that were given."""

    def __init__(self, name: str, lines: int, detail: str) -> None:
        super().__init__(name, lines, detail)
        self.name, self.lines, self.detail = name, lines, detail

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.detail} after {self.lines} whole line(s), which were sent."
            " Get the whole file and send it again: what is there twice does no harm."
        )


def lines(stream: Readable, *, name: str, limit: int) -> Iterator[list[bytes]]:
    """The lines of each chunk read, without their newline; the last one may lack it.

    Of a line longer than ``limit`` bytes, limit + 1 are kept: enough to see that it is too long. Raises
    ``BrokenGzipError`` after all lines before the break.
    """
    splitter = _Splitter(limit)
    try:
        for chunk in _plain(stream):
            whole = splitter.feed(chunk)
            if whole:
                yield whole
    except _CutError as cut:
        raise BrokenGzipError(name, splitter.count, str(cut)) from cut
    last = splitter.end()
    if last:
        yield last


class _CutError(Exception):
    pass


class _Splitter:
    """Cuts chunks into lines and keeps the rest, at most ``limit`` + 1 bytes of it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self.count = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        first, *others = chunk.split(b"\n")
        self._keep(first)
        if not others:
            return []
        whole = [bytes(self._rest), *(line[: self._limit + 1] for line in others[:-1])]
        self._rest.clear()
        self._keep(others[-1])
        self.count += len(whole)
        return whole

    def end(self) -> list[bytes]:
        return [bytes(self._rest)] if self._rest else []

    def _keep(self, part: bytes) -> None:
        self._rest += part[: self._limit + 1 - len(self._rest)]


def _plain(stream: Readable) -> Iterator[bytes]:
    head = b""
    while len(head) < len(MAGIC):
        more = stream.read(CHUNK)
        if not more:
            break
        head += more
        if not head.startswith(MAGIC[: len(head)]):
            break
    if head.startswith(MAGIC):
        yield from _gunzip(head, lambda: stream.read(CHUNK) or b"")
        return
    while head:
        yield head
        head = stream.read(CHUNK) or b""


def _gunzip(data: bytes, read: Callable[[], bytes]) -> Iterator[bytes]:
    """All members of a gzip stream; zero bytes after one are padding. Never more than a chunk is held unpacked."""
    member = zlib.decompressobj(_GZIP_WINDOW)
    while True:
        if member.eof:
            data = member.unused_data.lstrip(b"\0")
            while not data:
                more = read()
                if not more:
                    return
                data = more.lstrip(b"\0")
            member = zlib.decompressobj(_GZIP_WINDOW)
        try:
            out = member.decompress(data, CHUNK)
        except zlib.error as error:
            raise _CutError(f"its gzip data is damaged ({error})") from error
        if out:
            yield out
        data = member.unconsumed_tail
        if not data and not member.eof:
            data = read()
            if not data and not out:
                raise _CutError("its gzip data ends early")
