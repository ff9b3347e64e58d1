"""The journal: where a server's streams and records outlive it.

::

    <folder>/lock                                     held while a server runs
    <folder>/catalog.json                             streams and shards; replaced as a whole, atomically
    <folder>/<serial>-<stream>/<shard>/<ordinal>.log  segments of records, append-only

*Promised*: what was acknowledged was handed to the operating system before, so a killed server (SIGKILL at any moment)
started again has every acknowledged record, once, and every stream, shard, sequence number and creation time. A
record whose answer was never sent may be there too, as on AWS.
*Not promised*: records are not synced to the disk one by one, so a power loss or a crash of the operating system may
cost the last seconds of records (the catalog is synced).

A torn last frame is cut off at the start and kept beside the segment as ``<ordinal>.log.torn``. Checksums are verified
in the newest segment of each shard, the only one that a kill can tear; older ones must be whole, else the start is
refused.
"""

import fcntl
import json
import mmap
import os
import shutil
from pathlib import Path
from typing import Any, Final, Protocol

from tapehouse import logs

from . import frame as framing
from .errors import JournalError
from .segment import FileSegment, MemorySegment, OpenFiles, Segment
from .shard import Shard
from .shard_log import ShardLog
from .stream import Stream

log = logs.of(__name__)
CATALOG_VERSION: Final = 1


class Journal(Protocol):
    """Where records and the catalog are kept."""

    def load(self) -> dict[str, Any] | None:
        """The catalog, or None in a new journal. Raises JournalError when it cannot be read."""

    def save(self, catalog: dict[str, Any]) -> None:
        """Replace the catalog. Raises OSError with the old one left in place."""

    def shard_log(self, stream: Stream, index: int) -> ShardLog:
        """The log of one shard, with what is kept of it."""

    def drop_shard(self, stream: Stream, shard: Shard) -> None:
        """Remove a shard's records."""

    def drop_stream(self, stream: Stream) -> None:
        """Remove a stream's records."""

    def close(self) -> None:
        """Let go of the files."""


class MemoryJournal:
    """Nothing outlives the process."""

    def load(self) -> dict[str, Any] | None:
        return None

    def save(self, catalog: dict[str, Any]) -> None:
        del catalog

    def shard_log(self, stream: Stream, index: int) -> ShardLog:
        del stream, index
        return ShardLog(MemorySegment)

    def drop_shard(self, stream: Stream, shard: Shard) -> None:
        del stream
        shard.log.remove()

    def drop_stream(self, stream: Stream) -> None:
        for shard in stream.shards.values():
            shard.log.remove()

    def close(self) -> None:
        pass


class DiskJournal:
    """A journal in a folder, which it makes and locks. Raises JournalError when another server holds it."""

    def __init__(self, folder: Path, *, segment_bytes: int) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._files = OpenFiles()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(f"the journal folder {folder} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise JournalError(f"the journal {folder} is in use by another server; stop that one first") from error

    def load(self) -> dict[str, Any] | None:
        path = self._folder / "catalog.json"
        try:
            catalog = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise JournalError(f"{path} is no JSON; move the journal away to start empty") from error
        if not isinstance(catalog, dict) or catalog.get("version") != CATALOG_VERSION:
            raise JournalError(f"{path} was not written by this version; move the journal away to start empty")
        known = {
            _folder_name(stream["serial"], stream["name"]): {f"{shard['index']:012d}" for shard in stream["shards"]}
            for stream in catalog["streams"]
        }
        self._drop_orphans(known)
        return catalog

    def _drop_orphans(self, known: dict[str, set[str]]) -> None:
        """Remove what a deletion cut short by a kill has left."""
        for folder in [path for path in self._folder.iterdir() if path.is_dir()]:
            shards = [path for path in folder.iterdir() if path.name not in known.get(folder.name, set())]
            for orphan in shards if folder.name in known else [folder]:
                log.info("journal_orphan_removed", folder=orphan.relative_to(self._folder))
                shutil.rmtree(orphan)

    def save(self, catalog: dict[str, Any]) -> None:
        temporary = self._folder / "catalog.json.new"
        with temporary.open("wb") as file:
            file.write(json.dumps(catalog, separators=(",", ":")).encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / "catalog.json")
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def shard_log(self, stream: Stream, index: int) -> ShardLog:
        folder = self._folder / _folder_name(stream.serial, stream.name) / f"{index:012d}"
        found = ShardLog(lambda ordinal: self._new_segment(folder, ordinal), segment_bytes=self._segment_bytes)
        paths = sorted(folder.glob("*.log"), key=lambda path: int(path.stem)) if folder.is_dir() else []
        for path in paths:
            self._restore(found, path, newest=path is paths[-1])
        return found

    def _new_segment(self, folder: Path, ordinal: int) -> Segment:
        return FileSegment(folder / f"{ordinal:020d}.log", ordinal, 0, self._files)

    def _restore(self, shard_log: ShardLog, path: Path, *, newest: bool) -> None:
        size = path.stat().st_size
        if size == 0:
            shard_log.restore(FileSegment(path, int(path.stem), 0, self._files), b"")
            return
        with path.open("r+b") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            view = memoryview(mapped)
            try:
                whole = framing.intact_bytes(view, verify=newest)
                if whole < size and not newest:
                    raise JournalError(f"{path} is damaged at byte {whole} of {size}; move the journal away")
                if whole < size:
                    log.warning("torn_frame_cut", file=path, at=whole, bytes=size - whole)
                    path.with_suffix(".log.torn").write_bytes(view[whole:])
                shard_log.restore(FileSegment(path, int(path.stem), whole, self._files), view[:whole])
            finally:
                view.release()
            if whole < size:
                os.ftruncate(file.fileno(), whole)

    def drop_shard(self, stream: Stream, shard: Shard) -> None:
        shard.log.remove()
        folder = self._folder / _folder_name(stream.serial, stream.name) / f"{shard.index:012d}"
        shutil.rmtree(folder, ignore_errors=True)

    def drop_stream(self, stream: Stream) -> None:
        for shard in stream.shards.values():
            shard.log.remove()
        shutil.rmtree(self._folder / _folder_name(stream.serial, stream.name), ignore_errors=True)

    def close(self) -> None:
        self._files.close()
        os.close(self._lock)


def _folder_name(serial: int, name: str) -> str:
    return f"{serial:06d}-{name}"
