"""Which windows with trades a batch of gold.candles brings, and which it takes away."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Batch, Flags, Ints, codes_of, ints_of
from tapehouse.intervals import HOUR_US, INTERVALS, SECOND_US
from tapehouse.tables import ALL_EXCHANGES, GOLD_CANDLES

SERIES: Final = ("exchange", "symbol", "interval")
_KEY: Final = (*SERIES, "window_start")
_COLUMNS: Final = (*_KEY, "trade_count")
_INTERVALS: Final = pa.array([each.name for each in INTERVALS if each.length_us <= HOUR_US])
"""Those that a forecast can be made of."""
_BITS: Final = 36
"""Seconds since the epoch below a series' number in one key: up to the year 4147."""


@dataclass(frozen=True, slots=True)
class Touched:
    """exchange, symbol, interval and window_start of windows of markets, up to an hour long."""

    added: pa.Table
    """That have trades, new or other ones than before."""
    lost: pa.Table
    """That had trades and are no more: gold turned to another source."""

    @classmethod
    def of(cls, batch: Batch) -> "Touched":
        """What the batch says. What was taken out before a query began anew is not told: a rebuild finds it."""
        added = _windows(batch.read(GOLD_CANDLES, _COLUMNS))
        removed = batch.read_removed(GOLD_CANDLES, _COLUMNS, pc.field("interval").isin(_INTERVALS))
        if removed is None:
            return cls(added, added.slice(0, 0))
        lost = _windows(removed)
        codes = codes_of(pa.concat_tables([added, lost]), _KEY)
        is_lost = ~np.isin(codes[added.num_rows :], codes[: added.num_rows])
        return cls(added, lost.filter(pa.array(is_lost)))

    def of_interval(self, interval: str) -> pa.Table:
        """The windows of an interval that were added."""
        return self.added.filter(pc.equal(self.added.column("interval"), interval))

    def days(self) -> Ints:
        """The UTC days in which windows begin, ascending."""
        both = pa.concat_tables([self.added, self.lost]).column("window_start")
        return np.unique(ints_of(both) // (24 * HOUR_US))

    def lines(self, rows: pa.Table) -> tuple[Ints, "Line", "Line"]:
        """The number of each row's series, and what was added and lost by those numbers."""
        tables = [rows.select(SERIES), self.added.select(SERIES), self.lost.select(SERIES)]
        codes = codes_of(pa.concat_tables(tables), SERIES)
        of, added, lost = np.split(codes, np.cumsum([each.num_rows for each in tables[:2]]))
        return of, Line.of(added, self.added), Line.of(lost, self.lost)


@dataclass(frozen=True, slots=True)
class Line:
    """Windows of numbered series in one order."""

    keys: Ints

    @classmethod
    def of(cls, codes: Ints, windows: pa.Table) -> "Line":
        return cls(np.sort((codes << _BITS) + ints_of(windows.column("window_start")) // SECOND_US))

    def has(self, codes: Ints, from_s: Ints, to_s: Ints) -> Flags:
        """Whether a window of its series begins in each [from_s, to_s)."""
        base = codes << _BITS
        found: Flags = np.searchsorted(self.keys, base + from_s) < np.searchsorted(self.keys, base + to_s)
        return found


def _windows(candles: pa.Table) -> pa.Table:
    is_market = pc.not_equal(candles.column("exchange"), ALL_EXCHANGES)
    is_short = pc.is_in(candles.column("interval"), value_set=_INTERVALS)
    has_trades = pc.greater(candles.column("trade_count"), 0)
    return candles.filter(pc.and_(pc.and_(is_market, is_short), has_trades)).select(list(_KEY))
