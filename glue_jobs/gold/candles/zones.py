"""Which files of gold.candles may hold windows of some time: by the log's statistics, and by what was seen of them.

A file of several intervals says little by its statistics: a day's window begins long before a second's of the same
instant. What of each interval a file holds is remembered once it was read or written; files never change.
"""

from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, TableState, instant_us
from glue_jobs.gold.candles.spans import Spans
from tapehouse.intervals import BY_NAME, INTERVALS, SECOND_US

_LENGTH_S: Final = {each.name: each.length_us // SECOND_US for each in INTERVALS}
_FOREVER_S: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class Zone:
    """What a file's rows lie between."""

    symbols: tuple[str, str]
    starts: dict[str, tuple[int, int]]
    """Interval → first and last window_start, seconds UTC."""
    until_s: int
    """No window of it ends later."""

    @classmethod
    def of_rows(cls, rows: pa.Table) -> "Zone":
        """At least one row."""
        seconds = rows.column("window_start").cast(pa.int64()).to_numpy() // SECOND_US
        encoded = pc.dictionary_encode(rows.column("interval").combine_chunks())
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        starts = {}
        for code, name in enumerate(encoded.dictionary.to_pylist()):
            of = seconds[codes == code]
            starts[name] = int(of.min()), int(of.max())
        ends = pc.min_max(rows.column("symbol"))
        return cls((ends["min"].as_py(), ends["max"].as_py()), starts, _until_s(starts))

    @classmethod
    def of_statistics(cls, file: DataFile) -> "Zone":
        """Never narrower than its rows."""
        low, high = file.low, file.high
        first = _second(low.get("window_start"), 0)
        last = _second(high.get("window_start"), _FOREVER_S)
        one = low.get("interval") == high.get("interval") and low.get("interval") in BY_NAME
        names = [low["interval"]] if one else list(BY_NAME)
        starts = dict.fromkeys(names, (first, last))
        return cls((low.get("symbol", ""), high.get("symbol", "\U0010ffff")), starts, _until_s(starts))


class Zones:
    """The zones of one table's files, for the life of a process."""

    def __init__(self) -> None:
        self._known: dict[str, Zone] = {}
        self._told: dict[str, Zone] = {}

    def learn(self, file: DataFile, rows: pa.Table) -> None:
        """``rows``: all of the file."""
        if file.path not in self._known and rows.num_rows:
            self._known[file.path] = Zone.of_rows(rows)

    def of(self, file: DataFile) -> Zone:
        """As narrow as is known without reading."""
        found = self._known.get(file.path) or self._told.get(file.path)
        if found is None:
            found = self._told[file.path] = Zone.of_statistics(file)
        return found

    def meeting(self, state: TableState, spans: Spans) -> list[DataFile]:
        """The files that may hold a window which has a second in common with the spans."""
        self._forget(state)
        ends = spans.ends()
        if ends is None:
            return []
        outline, found = spans.outline(), []
        for file in state.files:
            zone = self.of(file)
            if zone.until_s > ends[0] and any(
                outline.may_meet(zone.symbols, low, high + _LENGTH_S[name]) for name, (low, high) in zone.starts.items()
            ):
                found.append(file)
        return found

    def _forget(self, state: TableState) -> None:
        if len(self._known) + len(self._told) > 2 * len(state.files) + 1000:
            there = {file.path for file in state.files}
            self._known = {path: zone for path, zone in self._known.items() if path in there}
            self._told = {path: zone for path, zone in self._told.items() if path in there}


def _until_s(starts: dict[str, tuple[int, int]]) -> int:
    return max(high + _LENGTH_S[name] for name, (_, high) in starts.items())


def _second(told: object, otherwise: int) -> int:
    return instant_us(told) // SECOND_US if isinstance(told, str) else otherwise
