"""Windows of gold.candles that have trades, read by interval and time: for what is made of them."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, TableState, Workspace, instant_us, ints_of, schema_of
from glue_jobs.gold.candles.codes import numbered
from glue_jobs.gold.candles.spans import Outline, Spans
from tapehouse.intervals import SECOND_US
from tapehouse.tables import GOLD_CANDLES


def traded(candles: pa.Table, interval: str) -> pa.Table:
    """Of rows of gold.candles those of an interval that have trades."""
    is_asked = pc.equal(candles.column("interval"), interval)
    return candles.filter(pc.and_(is_asked, pc.greater(candles.column("trade_count"), 0)))


def traded_in(
    workspace: Workspace, candles: TableState, interval: str, spans: Spans, columns: Sequence[str]
) -> pa.Table:
    """Some columns of an interval's windows with trades that begin in the spans of their symbol, in no order."""
    outline = spans.outline()
    files = [each for each in candles.files if may_hold_interval(each, interval) and _near(each, outline)]
    found = [schema_of(GOLD_CANDLES).empty_table().select(list(columns))]
    for file in files:
        held = traded(workspace.rows(GOLD_CANDLES, [file]), interval)
        codes, symbols = numbered(held.column("symbol"))
        seconds = ints_of(held.column("window_start")) // SECOND_US
        found.append(held.select(list(columns)).filter(pa.array(spans.index(symbols).hold(codes, seconds))))
    return pa.concat_tables(found)


def may_hold_interval(file: DataFile, interval: str) -> bool:
    """Whether a row of the interval may be in the file, by the log's statistics."""
    return file.may_hold("interval", interval, interval)


def _near(file: DataFile, outline: Outline) -> bool:
    """Whether the file may hold a window that begins in the spans."""
    low, high = file.low.get("window_start"), file.high.get("window_start")
    if not isinstance(low, str) or not isinstance(high, str):
        return True
    symbols = file.low.get("symbol", ""), file.high.get("symbol", "\U0010ffff")
    return outline.may_meet(symbols, instant_us(low) // SECOND_US, instant_us(high) // SECOND_US + 1)
