"""The truth beside: what the market was, what was done to it, and the sums, for a lake to be compared with.

- ``trades.jsonl`` (the path given; gzip where it ends in .gz): every trade of the market, the never-sent ones too, each
  a line as ``tapehouse.record.encode`` writes it, in the order of their times. The same with and without faults.
- ``trades.faults.jsonl``: a line a fault as it happened: ``duplicate``, ``late``, ``out_of_order`` (only where a newer
  trade of its market was really sent before), ``malformed`` (its form, its bytes in hex, and the id it followed),
  ``gap`` (its ids).
- ``trades.summary.json``: the sums. It is written last, whole or not at all: without it the run did not end well.

Lines are written just before a batch goes out, and kept nowhere; an earlier run's files of these names are replaced.
After a clean end or a stop all is there. After a kill there is no summary, the last batch may be told and not sent, and
the last line may be cut (of a gzip: its last blocks are missing). Nothing is lost by that: the seed and the start,
which is the first id unless one was given, make the same market again.
"""

import gzip
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

from producers.synthetic.market import MarketRecord
from tapehouse.errors import TerminalError
from tapehouse.record import Trade, encode

_Stream: TypeAlias = BinaryIO | gzip.GzipFile
_FAULTS: Final = ("duplicate", "late", "out_of_order", "malformed", "gap")


def faults_path(truth: Path) -> Path:
    """Where what was done to the trades is, beside where the trades are."""
    return _beside(truth, ".faults.jsonl" + (".gz" if truth.suffix == ".gz" else ""))


def _beside(truth: Path, ending: str) -> Path:
    return truth.with_name(truth.name.removesuffix(".gz").removesuffix(".jsonl") + ending)


class UnwritableTruthError(TerminalError):
    """The truth cannot be written where it should be."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(path, detail)
        self.path, self.detail = path, detail

    def __str__(self) -> str:
        return f"{self.path} cannot be written: {self.detail}. Give the truth a path in a folder that exists."


class Truth:
    """Counts, and writes where a path is given. Raises UnwritableTruthError."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._trades: _Stream | None = None
        self._faults: _Stream | None = None
        self._counts: Counter[str] = Counter()
        self._forms: Counter[str] = Counter()
        self._missing = 0
        self._markets: dict[str, tuple[int, str, str]] = {}
        if path is not None:
            self._open(path)

    @property
    def summary(self) -> dict[str, Any]:
        """The sums so far. ``sent`` counts trades once; ``trades`` = ``sent`` + ``missing``, at the end."""
        made = sum(count for count, _, _ in self._markets.values())
        return {
            "trades": made,
            "sent": made - self._missing,
            "missing": self._missing,
            **{fault: self._counts[fault] for fault in _FAULTS},
            "malformed_forms": dict(sorted(self._forms.items())),
            "markets": {
                symbol: {"trades": count, "first_id": first, "last_id": last}
                for symbol, (count, first, last) in sorted(self._markets.items())
            },
        }

    def trades(self, records: Sequence[MarketRecord]) -> None:
        """Take what the market made."""
        lines: list[bytes] = []
        for record in records:
            if isinstance(record, Trade):
                count, first, _ = self._markets.get(record.symbol, (0, record.trade_id, ""))
                self._markets[record.symbol] = count + 1, first, record.trade_id
                if self._trades is not None:
                    lines.append(encode(record))
        if lines:
            self._write(self._trades, b"\n".join(lines) + b"\n")

    def note(self, fault: str, **detail: Any) -> None:
        """Take one fault."""
        self._counts[fault] += 1
        if fault == "malformed":
            self._forms[detail["form"]] += 1
        elif fault == "gap":
            self._missing += int(detail["to_id"]) - int(detail["from_id"]) + 1
        self._write(self._faults, json.dumps({"fault": fault, **detail}).encode() + b"\n")

    def flush(self) -> None:
        """So that a reader, or who comes after a kill, finds what was written (of a gzip only whole blocks)."""
        for stream in (self._trades, self._faults):
            if stream is not None and not isinstance(stream, gzip.GzipFile):
                stream.flush()

    def finish(self, **about: Any) -> None:
        """The run ended well: close, then write the summary, ``about`` the run first."""
        self.close()
        if self._path is not None:
            name = _beside(self._path, ".summary.json")
            draft = name.with_name(f"{name.name}.{os.getpid()}")
            draft.write_text(json.dumps({**about, **self.summary}, indent=1) + "\n", encoding="utf-8")
            draft.replace(name)

    def close(self) -> None:
        """Write what is not yet written. Closing again does nothing."""
        streams, self._trades, self._faults = (self._trades, self._faults), None, None
        try:
            for stream in streams:
                if stream is not None:
                    stream.close()
        except OSError as error:
            raise UnwritableTruthError(str(self._path), error.strerror or str(error)) from error

    def _open(self, path: Path) -> None:
        try:
            _beside(path, ".summary.json").unlink(missing_ok=True)  # an earlier run's says nothing of this one
            self._trades = self._stream(path)
            self._faults = self._stream(faults_path(path))
        except OSError as error:
            self.close()
            raise UnwritableTruthError(str(path), error.strerror or str(error)) from error

    def _write(self, stream: _Stream | None, data: bytes) -> None:
        if stream is None:
            return
        try:
            stream.write(data)
        except OSError as error:
            raise UnwritableTruthError(str(self._path), error.strerror or str(error)) from error

    @staticmethod
    def _stream(path: Path) -> _Stream:
        if path.suffix == ".gz":  # without the time: the same truth is the same file
            return gzip.GzipFile(path, "wb", compresslevel=3, mtime=0)
        return path.open("wb")
