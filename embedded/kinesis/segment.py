"""Segments: the pieces that a shard's log is made of, in files or, without a journal, in memory.

A file segment is written with one ``write`` a frame, so that a killed process leaves at most one torn frame at the
end. The open files are few however many shards there are.
"""

import contextlib
import os
from collections import OrderedDict
from pathlib import Path
from typing import Final, Protocol

OPEN_FILES: Final = 128


class Segment(Protocol):
    """An append-only piece of a log; ``first_ordinal`` is the place in the shard of its first record."""

    first_ordinal: int

    @property
    def size(self) -> int:
        """Bytes held."""

    def append(self, frame: bytes) -> None:
        """Hold a frame whole or not at all. Raises OSError when it could not."""

    def read(self, offset: int, length: int) -> bytes:
        """Some bytes of it."""

    def remove(self) -> None:
        """Give its room back."""


class MemorySegment:
    """A segment that is gone with the process."""

    def __init__(self, first_ordinal: int) -> None:
        self.first_ordinal = first_ordinal
        self._held = bytearray()

    @property
    def size(self) -> int:
        return len(self._held)

    def append(self, frame: bytes) -> None:
        self._held += frame

    def read(self, offset: int, length: int) -> bytes:
        return bytes(memoryview(self._held)[offset : offset + length])

    def remove(self) -> None:
        self._held = bytearray()


class OpenFiles:
    """The descriptors in use, least recently used first; at most ``limit`` are kept open."""

    def __init__(self, *, limit: int = OPEN_FILES) -> None:
        self._limit = limit
        self._descriptors: OrderedDict[Path, int] = OrderedDict()

    def descriptor(self, path: Path) -> int:
        """An open descriptor of ``path``, made where it is not there; appends go to its end."""
        known = self._descriptors.get(path)
        if known is not None:
            self._descriptors.move_to_end(path)
            return known
        while len(self._descriptors) >= self._limit:
            os.close(self._descriptors.popitem(last=False)[1])
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._descriptors[path] = opened
        return opened

    def forget(self, path: Path) -> None:
        """Close ``path`` if it is open."""
        known = self._descriptors.pop(path, None)
        if known is not None:
            os.close(known)

    def close(self) -> None:
        """Close all."""
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])


class FileSegment:
    """A segment in one file."""

    def __init__(self, path: Path, first_ordinal: int, size: int, files: OpenFiles) -> None:
        self.path = path
        self.first_ordinal = first_ordinal
        self._size = size
        self._files = files

    @property
    def size(self) -> int:
        return self._size

    def append(self, frame: bytes) -> None:
        """Write a frame; after a failure (a full disk) the file is cut back to what it was."""
        descriptor = self._files.descriptor(self.path)
        try:
            written = os.write(descriptor, frame)
            while written < len(frame):
                written += os.write(descriptor, frame[written:])
        except OSError:
            os.ftruncate(descriptor, self._size)
            raise
        self._size += len(frame)

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self._files.descriptor(self.path), length, offset)

    def remove(self) -> None:
        self._files.forget(self.path)
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
