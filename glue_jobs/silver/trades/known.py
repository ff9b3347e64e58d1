"""The look-up of a batch's trades among those that silver.trades holds already.

A batch's trades are islands of time, market by market: what lies within an hour of a trade. Only files whose statistics
meet an island are asked, so a trade of 2009 that comes late asks for 2009 and for now, and for nothing in between. Of
files that were asked before the keys' hashes are remembered: new trades, which nearly all are, read nothing.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, Ints, Workspace, codes_of, ints_of, read_files
from glue_jobs.silver.trades.keyed import KeyedFiles
from glue_jobs.silver.trades.verdicts import IDENTITY, KNOWN_COLUMNS, NEAR_US
from tapehouse.market import Market
from tapehouse.tables import SILVER_TRADES

_MARKET: Final = Market._fields
_LARGE_ROWS: Final = 500_000
"""A file of more rows, sorted as they are, is read for the islands alone: its keys are too many to remember."""
_NAMED: Final = 8
"""Where a file may hold up to so many of the batch's markets, it is asked of each one's own islands."""


@dataclass(frozen=True, slots=True)
class Islands:
    """Spans of time in which a batch has trades, none within an hour of another; µs UTC, widened by an hour."""

    lows: Sequence[int]
    highs: Sequence[int]
    """Inclusive."""

    def meet(self, low: int, high: int) -> bool:
        """Whether one of them has an instant in common with [low, high]."""
        at = bisect_right(self.lows, high) - 1
        return at >= 0 and self.highs[at] >= low


@dataclass(frozen=True, slots=True)
class Sought:
    """What a batch's trades ask silver.trades for."""

    all: Islands
    """Of all its markets together."""
    by_market: Mapping[Market, slice]
    """Which of ``lows`` and ``highs`` are the market's."""
    lows: Ints
    highs: Ints
    exchanges: Sequence[str]
    symbols: Sequence[str]

    @classmethod
    def of(cls, trades: pa.Table) -> "Sought":
        """In: exchange, symbol and event_time_us of one trade at least."""
        times, codes = ints_of(trades.column("event_time_us")), codes_of(trades, _MARKET)
        order = np.lexsort((times, codes))
        begins, lows, highs = _islands(codes[order], times[order])
        markets = np.flatnonzero(np.r_[True, np.diff(codes[order][begins]) != 0])
        names = trades.select(_MARKET).take(pa.array(order[begins][markets])).to_pydict()
        slices = (slice(first, last) for first, last in itertools.pairwise([*markets.tolist(), len(begins)]))
        found = dict(zip(map(Market, names["exchange"], names["symbol"]), slices, strict=True))
        _, all_lows, all_highs = _islands(np.zeros(len(times), np.int64), np.sort(times))
        exchanges, symbols = (sorted({market[at] for market in found}) for at in range(2))
        return cls(Islands(all_lows.tolist(), all_highs.tolist()), found, lows, highs, exchanges, symbols)

    def of_market(self, market: Market) -> Islands:
        """Those of one market; none where the batch has no trade of it."""
        at = self.by_market.get(market, slice(0, 0))
        return Islands(self.lows[at].tolist(), self.highs[at].tolist())

    def asks(self, file: DataFile) -> bool:
        """Whether the statistics of a file of silver.trades leave it possible that it holds one of the trades."""
        low, high = file.low.get("event_time_us"), file.high.get("event_time_us")
        if low is None or high is None:
            return True
        if not self.all.meet(low, high):
            return False
        exchanges = _within(self.exchanges, file, "exchange")
        symbols = _within(self.symbols, file, "symbol")
        if len(exchanges) * len(symbols) > _NAMED:
            return True
        return any(
            self.of_market(Market(exchange, symbol)).meet(low, high) for exchange in exchanges for symbol in symbols
        )

    def condition(self, file: DataFile) -> pc.Expression:
        """What of a large file is read."""
        low, high = file.low.get("event_time_us"), file.high.get("event_time_us")
        found = pc.field("symbol").isin(list(_within(self.symbols, file, "symbol")))
        islands = [
            (least, most)
            for least, most in zip(self.all.lows, self.all.highs, strict=True)
            if low is None or high is None or (least <= high and most >= low)
        ]
        if 0 < len(islands) <= _NAMED:
            spans = [
                (pc.field("event_time_us") >= least) & (pc.field("event_time_us") <= most) for least, most in islands
            ]
            within = spans[0]
            for span in spans[1:]:
                within = within | span
            found = found & within
        return found


def _islands(codes: Ints, times: Ints) -> tuple[Ints, Ints, Ints]:
    """Of rows sorted by code and time: where islands begin, and their bounds, inclusive."""
    begins = np.flatnonzero(np.r_[True, (np.diff(codes) != 0) | (np.diff(times) > 2 * NEAR_US)])
    last = np.r_[begins[1:], len(times)] - 1
    return begins, times[begins] - NEAR_US, times[last] + NEAR_US


def _within(names: Sequence[str], file: DataFile, column: str) -> Sequence[str]:
    low, high = file.low.get(column), file.high.get(column)
    if low is None or high is None:
        return names
    return names[bisect_left(names, low) : bisect_right(names, high)]


class KnownTrades:
    """Looks trades up among files of silver.trades. Remembers keys for the life of the process."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace
        self._keyed = KeyedFiles(workspace, SILVER_TRADES, IDENTITY)

    def among(self, files: Sequence[DataFile], trades: pa.Table) -> pa.Table:
        """The rows of the files (``KNOWN_COLUMNS``) that may be one of the trades.

        In: ``trades``, at least ``IDENTITY`` and event_time_us.
        """
        found = [self._ws.rows(SILVER_TRADES, (), KNOWN_COLUMNS)]
        if trades.num_rows and files:
            self._keyed.keep(files)
            sought = Sought.of(trades)
            asked = [file for file in files if sought.asks(file)]
            ids = pc.unique(trades.column("trade_id"))
            small = [file for file in asked if (file.rows or 0) <= _LARGE_ROWS]
            for file in self._keyed.holding(small, trades):
                found.append(_of_ids(self._ws.rows(SILVER_TRADES, [file], KNOWN_COLUMNS), ids))
            for file in asked:
                if (file.rows or 0) > _LARGE_ROWS:
                    where = sought.condition(file)
                    rows = read_files(self._ws.uri(SILVER_TRADES), SILVER_TRADES, [file], KNOWN_COLUMNS, where)
                    found.append(_of_ids(rows, ids))
        return pa.concat_tables(found)

    def remember(self, file: DataFile, rows: pa.Table) -> None:
        """Learn a file's keys from the rows that were written into it."""
        if rows.num_rows <= _LARGE_ROWS:
            self._keyed.remember(file, rows)


def _of_ids(rows: pa.Table, ids: pa.Array) -> pa.Table:
    return rows.filter(pc.is_in(rows.column("trade_id"), value_set=ids))
