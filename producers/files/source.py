"""Canonical records as JSON lines from a file or standard input, passed on as they are.

Lines that are not records are sent too: judging is the silver layer's work. Reading happens in a thread of its own, so
a quiet pipe never holds up the loop or the end of the process, and at most a few batches are read ahead.
"""

import asyncio
import hashlib
import io
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final

from producers.files.lines import Readable, lines
from producers.source import Batch, Raw
from tapehouse.errors import TerminalError
from tapehouse.kinesis_limits import KEY_CHARS, RECORD_BYTES

STDIN: Final = "-"
BATCH: Final = 500
READ_AHEAD: Final = 4
"""Batches that may wait between the reading thread and the loop."""
_BARRIERS: Final = frozenset({"coverage", "gap_closed"})


class UnreadableFileError(TerminalError):
    """The file cannot be opened or read."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(path, detail)
        self.path, self.detail = path, detail

    def __str__(self) -> str:
        return f"{self.path} cannot be read: {self.detail}. Give --path a file of JSON lines, or - for standard input."


def raw_line(line: bytes) -> Raw:
    """The line as it is, keyed by its market where it tells one, else by its own hash. Never raises."""
    try:
        body = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        body = None
    key = _partition_key(body) if isinstance(body, dict) else None
    if key is None:
        return Raw(data=line, partition_key=hashlib.sha256(line).hexdigest()[:32])
    kind = body.get("kind")
    return Raw(data=line, partition_key=key, barrier=isinstance(kind, str) and kind in _BARRIERS)


def _partition_key(body: dict[str, Any]) -> str | None:
    exchange, symbol = body.get("exchange"), body.get("symbol")
    if not isinstance(exchange, str) or not exchange or not isinstance(symbol, str | None):
        return None
    key = f"{exchange}:{symbol or ''}"
    return key if len(key) <= KEY_CHARS and key.isascii() and key.isprintable() else None


def raw_batches(stream: Readable, *, name: str, limit: int = RECORD_BYTES) -> Iterator[list[Raw]]:
    """All lines that are not blank, in order. Raises BrokenGzipError after what could be read."""
    for chunk in lines(stream, name=name, limit=limit):
        raws = [raw_line(line) for line in chunk if line and not line.isspace()]
        for at in range(0, len(raws), BATCH):
            yield raws[at : at + BATCH]


class FileSource:
    """The lines of ``path``, or of standard input where it is ``-``, once."""

    name = "file"

    def __init__(self, path: str, *, stdin: Callable[[], Readable] | None = None) -> None:
        self._path = path
        # Unbuffered: a thread that still waits in a buffered read would trouble the interpreter's end.
        self._stdin = stdin or (lambda: io.FileIO(0, closefd=False))

    async def __aiter__(self) -> AsyncIterator[Batch]:
        """Batches as they are read. Raises UnreadableFileError, BrokenGzipError."""
        stream = self._open()
        reading = _Reading(stream, self._path)
        try:
            async for batch in reading:
                yield batch
        finally:
            reading.stop()

    def _open(self) -> Readable:
        if self._path == STDIN:
            return self._stdin()
        try:
            return io.FileIO(Path(self._path))
        except OSError as error:
            raise UnreadableFileError(self._path, error.strerror or str(error)) from error


class _Reading:
    """Reads in a daemon thread, and closes what it read: waiting for a pipe must not keep the process alive."""

    def __init__(self, stream: Readable, path: str) -> None:
        self._stream, self._path = stream, path
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[list[Raw] | Exception | None] = asyncio.Queue()
        self._room = threading.Semaphore(READ_AHEAD)
        self._stopped = False
        threading.Thread(target=self._run, name="file-source", daemon=True).start()

    async def __aiter__(self) -> AsyncIterator[list[Raw]]:
        while (got := await self._queue.get()) is not None:
            if isinstance(got, Exception):
                raise got
            self._room.release()
            yield got

    def stop(self) -> None:
        self._stopped = True
        self._room.release()

    def _run(self) -> None:
        end: Exception | None = None
        try:
            for batch in raw_batches(self._stream, name=self._path):
                self._room.acquire()
                if self._stopped:
                    return
                self._hand(batch)
        except OSError as error:
            end = UnreadableFileError(self._path, error.strerror or str(error))
        except Exception as error:  # noqa: BLE001 - a thread's error belongs to the one who waits for its batches
            end = error
        finally:
            if isinstance(self._stream, io.FileIO) and self._path != STDIN:
                self._stream.close()
        self._hand(end)

    def _hand(self, got: "list[Raw] | Exception | None") -> None:
        if not self._stopped:
            try:
                self._loop.call_soon_threadsafe(self._queue.put_nowait, got)
            except RuntimeError:  # the loop is closed: nobody waits any more
                self._stopped = True
