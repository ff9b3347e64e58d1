"""Trades of silver as gold reads them: of some time, of the sources that count, from the files that may hold them."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import MOST_FILE_BYTES, DataFile, TableState, Workspace
from glue_jobs.gold.candles import kernel
from glue_jobs.gold.candles.codes import numbered
from glue_jobs.gold.candles.kernel import PARTS, TRADE_COLUMNS
from glue_jobs.gold.candles.spans import Spans
from tapehouse.intervals import SECOND_US
from tapehouse.market import Market

_LOOKED_AT: Final = 0.02
"""Of a file of which next to nothing is wanted: it is opened all the same."""
_MOST_SYMBOLS: Final = 64
"""More are not asked for by name: the files are read whole, and what is not wanted is left out then."""


def counted_seconds(workspace: Workspace, state: TableState, spans: Spans, sources: Mapping[Market, str]) -> pa.Table:
    """One-second parts of the spans, from every trade of ``state`` that is counted."""
    ends = spans.ends()
    if ends is None:
        return PARTS.empty_table()
    trades = within(read(workspace, state, spans), spans)
    return kernel.seconds(of_sources(trades, sources))


def holding(state: TableState, spans: Spans) -> list[DataFile]:
    """The files that may hold a trade of the spans."""
    return [each for each, _ in _shares(state, spans)]


def rows_within(state: TableState, spans: Spans) -> int:
    """About how many rows have to be looked at for the trades of the spans: by the log's statistics alone."""
    return sum(round((each.rows or 0) * max(share, _LOOKED_AT)) for each, share in _shares(state, spans))


def _shares(state: TableState, spans: Spans) -> list[tuple[DataFile, float]]:
    """The files that may hold a trade of the spans, and how much of each one's time lies in them."""
    if not spans:
        return []
    outline, found = spans.outline(), []
    for file in state.files:
        low, high = file.low.get("event_time_us"), file.high.get("event_time_us")
        if low is None or high is None:
            found.append((file, 1.0))
            continue
        symbols = file.low.get("symbol", ""), file.high.get("symbol", "\U0010ffff")
        from_s, to_s = low // SECOND_US, high // SECOND_US + 1
        if outline.may_meet(symbols, from_s, to_s):
            found.append((file, outline.share(from_s, to_s)))
    return found


def read(workspace: Workspace, state: TableState, spans: Spans) -> pa.Table:
    """``TRADE_COLUMNS`` of the trades of the spans, and perhaps of others."""
    files = holding(state, spans)
    small = [each for each in files if each.size <= MOST_FILE_BYTES]
    large = [each for each in files if each.size > MOST_FILE_BYTES]
    found = [workspace.rows(state, small, TRADE_COLUMNS)]
    if large:
        found.append(workspace.rows(state, large, TRADE_COLUMNS, _where(spans)))
    return pa.concat_tables(found)


def _where(spans: Spans) -> pc.Expression:
    ends = spans.ends() or (0, 0)
    at = pc.field("event_time_us")
    asked = (at >= ends[0] * SECOND_US) & (at < ends[1] * SECOND_US)
    if not spans.is_everywhere and len(spans.symbols) <= _MOST_SYMBOLS:
        asked &= pc.field("symbol").isin(sorted(spans.symbols))
    return asked


def within(trades: pa.Table, spans: Spans) -> pa.Table:
    """The trades that lie in the spans."""
    if not trades.num_rows:
        return trades
    codes, symbols = numbered(trades.column("symbol"))
    seconds = trades.column("event_time_us").to_numpy() // SECOND_US
    return trades.filter(pa.array(spans.index(symbols).hold(codes, seconds)))


def of_sources(trades: pa.Table, sources: Mapping[Market, str]) -> pa.Table:
    """The trades of the one source of each market that is counted."""
    if not trades.num_rows:
        return trades
    exchange, exchanges = numbered(trades.column("exchange"))
    symbol, symbols = numbered(trades.column("symbol"))
    source, names = numbered(trades.column("source"))
    number = {name: at for at, name in enumerate(names)}
    counted = np.array([[number.get(sources.get(Market(e, s), ""), -1) for s in symbols] for e in exchanges], np.int64)
    is_counted = counted[exchange, symbol] == source
    return trades if is_counted.all() else trades.filter(pa.array(is_counted))
