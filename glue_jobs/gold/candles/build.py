"""All candles from all of silver: pieces of time, each by a task of its own, that write files of a table beside the one
that is there, until one commit puts them in its place.

A piece is some whole hours: every window of up to an hour lies in one. The hours, of which longer ones are made, come
back to the driver, which adds them up.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from glue_jobs.engine import DataFile, TableState, read_files
from glue_jobs.gold.candles import kernel
from glue_jobs.gold.candles.kernel import ENCODED, TRADE_COLUMNS
from glue_jobs.gold.candles.known import extents
from glue_jobs.gold.candles.layout import write_cold
from glue_jobs.gold.candles.recompute import Judgement, finished, within_retention
from glue_jobs.gold.candles.trades import of_sources
from tapehouse.intervals import HOUR_US, INTERVALS, floor_us
from tapehouse.market import Market, MarketKey
from tapehouse.tables import SILVER_TRADES

Item = TypeVar("Item")
Made = TypeVar("Made")

PIECE_ROWS: Final = 750_000
"""Trades of one piece: about 300 MB of a task's memory at its peak."""
SMALL_ROWS: Final = 300_000
"""So many trades are not worth a task of Spark."""
_FILES_A_TASK: Final = 32
_HOUR: Final = next(each for each in INTERVALS if each.length_us == HOUR_US)
_LONG: Final = tuple(each for each in INTERVALS if each.length_us > HOUR_US)
_MARKET_COLUMNS: Final = (*MarketKey._fields, "event_time_us")


@dataclass(frozen=True, slots=True)
class Piece:
    """[from_us, to_us) of the trades' time, and the files that may hold them."""

    from_us: int
    to_us: int
    files: Sequence[DataFile]


@dataclass(frozen=True, slots=True)
class Build:
    """What every task is handed."""

    trades_uri: str
    gold_uri: str
    run: int
    known: Judgement
    short_from_us: int | None
    floor_us: int | None
    """Windows that begin before are not made: silver's trades before it may be gone."""

    def made(self, piece: Piece) -> tuple[list[DataFile], pa.Table]:
        """The files of a piece, and the parts of its hours."""
        at = pc.field("event_time_us")
        asked = (at >= piece.from_us) & (at < piece.to_us)
        trades = read_files(self.trades_uri, SILVER_TRADES, piece.files, TRADE_COLUMNS, asked, encoded=ENCODED)
        seconds = kernel.seconds(of_sources(trades, self.known.sources))
        del trades
        parts = list(islice(kernel.ladder(seconds), len(INTERVALS) - len(_LONG)))
        hours = parts[-1]
        rows = pa.concat_tables(parts)
        silent = self._silent(rows, piece.from_us, piece.to_us, long=False)
        return self._written(pa.concat_tables([rows, silent])), hours

    def longer(self, hours: pa.Table, from_us: int, to_us: int) -> list[DataFile]:
        """The files of all windows that are longer than an hour."""
        made, below = [], hours
        for interval in _LONG:
            below = kernel.rolled_up(below, interval)
            made.append(below)
        rows = pa.concat_tables(made)
        return self._written(pa.concat_tables([rows, self._silent(rows, from_us, to_us, long=True)]))

    def _silent(self, rows: pa.Table, from_us: int, to_us: int, *, long: bool) -> pa.Table:
        found = kernel.silent(
            rows, self.known.gaps, self.known.sources, from_us=from_us, to_us=to_us, now_us=self.known.newest_us
        )
        is_long = pc.is_in(found.column("interval"), value_set=pa.array([each.name for each in _LONG]))
        return found.filter(is_long if long else pc.invert(is_long))

    def _written(self, parts: pa.Table) -> list[DataFile]:
        rows = finished(within_retention(parts, self.short_from_us, self.floor_us), self.known)
        return write_cold(self.gold_uri, rows, self.run)


def run_all(
    spark: SparkSession | None, items: Sequence[Item], work: Callable[[Item], Made], *, rows: int
) -> list[Made]:
    """``work`` of each item, by tasks of Spark where there is enough to do."""
    if spark is None or rows <= SMALL_ROWS or len(items) < 2:
        return [work(item) for item in items]
    return spark.sparkContext.parallelize(items, len(items)).map(work).collect()


def extents_of(spark: SparkSession | None, state: TableState) -> dict[Market, dict[str, tuple[int, int]]]:
    """Market → source → first and last event time (µs UTC) of silver.trades, as far as it keeps all of them."""
    groups = [state.files[at : at + _FILES_A_TASK] for at in range(0, len(state.files), _FILES_A_TASK)]
    uri, floor_us = state.uri, state.floor_us

    def look(files: Sequence[DataFile]) -> dict[Market, dict[str, tuple[int, int]]]:
        counts = None if floor_us is None else pc.field("event_time_us") >= floor_us
        trades = read_files(uri, SILVER_TRADES, files, _MARKET_COLUMNS, counts, encoded=MarketKey._fields)
        return extents(trades.unify_dictionaries(), "event_time_us", "event_time_us")

    found: dict[Market, dict[str, tuple[int, int]]] = {}
    for each in run_all(spark, groups, look, rows=state.rows):
        for market, of in each.items():
            there = found.setdefault(market, {})
            for source, (first, last) in of.items():
                low, high = there.get(source, (first, last))
                there[source] = min(low, first), max(high, last)
    return found


def pieces_of(state: TableState, from_us: int, to_us: int, *, most: int = PIECE_ROWS) -> Iterator[Piece]:
    """[from_us, to_us) in pieces of whole hours with about ``most`` trades each, by the log's statistics."""
    first, last = floor_us(from_us, HOUR_US), to_us
    hours = max(-(-(last - first) // HOUR_US), 1)
    counts = np.zeros(hours + 1)
    for file in state.files:
        low, high = _ends(file, from_us, to_us)
        at, end = max((low - first) // HOUR_US, 0), min((high - first) // HOUR_US, hours - 1)
        if end < at:
            continue  # trades of a source that is not counted, older or newer than all that are
        share = (file.rows or 0) / (end - at + 1)
        counts[at] += share
        counts[end + 1] -= share
    reached = np.cumsum(np.cumsum(counts[:-1]))
    begin = 0
    while begin < hours:
        before = reached[begin - 1] if begin else 0.0
        end = max(int(np.searchsorted(reached, before + most, side="right")), begin + 1)
        piece_from, piece_to = first + begin * HOUR_US, min(first + end * HOUR_US, first + hours * HOUR_US)
        files = [each for each in state.files if _meets(_ends(each, from_us, to_us), piece_from, piece_to)]
        yield Piece(piece_from, piece_to, files)
        begin = end


def _ends(file: DataFile, from_us: int, to_us: int) -> tuple[int, int]:
    low, high = file.low.get("event_time_us"), file.high.get("event_time_us")
    return (from_us, to_us - 1) if low is None or high is None else (low, high)


def _meets(ends: tuple[int, int], from_us: int, to_us: int) -> bool:
    return ends[0] < to_us and ends[1] >= from_us
