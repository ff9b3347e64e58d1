"""The producers' durable marks: through where each market is confirmed, kept over restarts.

One small JSON file a producer. It belongs to one stream (name and creation time): marks of a stream that was deleted
and made again say nothing about the new one. Written atomically (a kill leaves the old file or the new one), at most
once a second. A mark that is too old costs reading twice, never a loss.

A market that is seen for the first time has nothing confirmed yet, and a kill just then would leave a hole that nobody
knows. ``begin`` remembers it, in memory alone: a thousand markets may be confirmed by one message, and the loop waits
for no disk. Who sends asks ``owes`` before each batch and saves first, so what began is durable before anything of it
is sent.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from producers.sink import Mark
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.market import MarketKey
from tapehouse.record import Gap

log = logs.of(__name__)

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class StreamIdentity:
    """Which stream: its name may come again, its name and creation time may not."""

    name: str
    created_at_us: int


class BrokenStateError(TerminalError):
    """The file of marks cannot be understood. Going on without it could leave a hole that nobody knows."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(path, detail)
        self.path, self.detail = path, detail

    def __str__(self) -> str:
        return (
            f"{self.path}: the producer's marks cannot be read: {self.detail}."
            " Delete the file to start without them; what came since the last run is then not filled."
        )


class MarkStore:
    """Loads and saves marks. Not shared between processes: one file a producer. Threads may save at the same time."""

    def __init__(
        self, path: Path, stream: StreamIdentity, *, every_s: float = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path, self._stream = path, stream
        self._every_s, self._clock = every_s, clock
        self._writing = threading.Lock()
        """Held while the file is written; ``begin`` and ``owes`` never wait for it."""
        self._saved_at: float | None = None
        self._saved: Mapping[MarketKey, Mark] = {}
        self._kept: Mapping[MarketKey, Mark] | None = None
        """What earlier runs left."""
        self._begun: dict[MarketKey, Mark] = {}
        """Markets first seen in this run; it only grows."""
        self._tried = self._durable = 0
        """How many of them the last write held, and the last one that succeeded."""

    def owes(self) -> bool:
        """A market began and no write has been tried since: save before anything of it is sent."""
        return len(self._begun) > self._tried

    def load(self) -> Mapping[MarketKey, Mark]:
        """Each market's mark; none where there is no file or it is another stream's.

        Raises BrokenStateError.
        """
        if self._kept is None:
            try:
                self._kept = self._read(json.loads(self._path.read_bytes()))
            except FileNotFoundError:
                self._kept = {}
            except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
                raise BrokenStateError(str(self._path), f"{type(error).__name__}: {error}") from error
        return self._kept

    def save(self, marks: Mapping[MarketKey, Mark], *, now: bool = False) -> bool:
        """Write the marks, and the markets that began, over those that earlier runs left; True when they were written.

        Does nothing when nothing changed, or within a second of the last time unless ``now``. A mark that lies behind
        one saved already is passed over: of two threads either may come last. A disk that refuses is logged and asked
        again the next time: an old mark loses nothing. Blocks while another thread saves. Raises BrokenStateError.
        """
        with self._writing:
            at = self._clock()
            if not now and self._saved_at is not None and at - self._saved_at < self._every_s:
                return False
            begun = self._begun.copy()  # one step: the loop may add to it meanwhile
            fresh = {**self._saved, **{market: mark for market, mark in marks.items() if self._moves(market, mark)}}
            if fresh == self._saved and len(begun) == self._durable:
                return False
            kept = {**begun, **self.load()}
            self._saved_at = at
            try:
                self._write({**kept, **{market: mark.over(kept.get(market)) for market, mark in fresh.items()}})
            except OSError as error:
                log.warning("marks_not_saved", path=self._path, error=error)
                return False
            finally:
                self._tried = len(begun)
            self._saved, self._durable = fresh, len(begun)
            return True

    def begin(self, market: MarketKey, at_us: int) -> None:
        """Remember that a market is seen from ``at_us`` on: until its first trade is confirmed, that is all.

        Costs no disk: see ``owes``. Does nothing where there is a mark. Raises BrokenStateError.
        """
        if market not in self.load():
            self._begun.setdefault(market, Mark(covered_through_us=at_us))

    def _moves(self, market: MarketKey, mark: Mark) -> bool:
        saved = self._saved.get(market)
        return mark.confirmed > 0 if saved is None else mark.confirmed >= saved.confirmed

    def _read(self, body: Any) -> Mapping[MarketKey, Mark]:
        if body["format"] != FORMAT:
            raise ValueError(f"format {body['format']} is not {FORMAT}")
        stream = StreamIdentity(body["stream"], body["created_at_us"])
        if stream != self._stream:
            log.warning("marks_other_stream", path=self._path, stream=stream.name)
            return {}
        return {MarketKey.parse(name): _mark(mark) for name, mark in body["marks"].items()}

    def _write(self, marks: Mapping[MarketKey, Mark]) -> None:
        body = {
            "format": FORMAT,
            "stream": self._stream.name,
            "created_at_us": self._stream.created_at_us,
            "marks": {str(market): _written(marks[market]) for market in sorted(marks, key=str)},
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        with fresh.open("wb") as file:
            file.write(json.dumps(body, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _mark(body: Mapping[str, Any]) -> Mark:
    gaps = tuple(Gap(**gap) for gap in body.get("gaps", ()))
    return Mark(**{**body, "gaps": gaps})


def _written(mark: Mark) -> dict[str, Any]:
    body = asdict(mark)
    del body["closed"]  # what it says is done: those gaps are not among the mark's any more
    return body
