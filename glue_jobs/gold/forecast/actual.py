"""The price that came: joined to forecasts, and joined anew where candles change.

A row is judged once its market traded again at or after target_time, within two days of as_of. The price that came is
the last one before target_time, if its trade is no older than a window or a tenth of the horizon, whichever is longer:
a market that stood still is neither a hit nor a miss.
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import Flags, Ints, TableState, Workspace, codes_of, ints_of
from glue_jobs.gold.candles import Spans, traded_in
from glue_jobs.gold.forecast.model import rounded
from glue_jobs.gold.forecast.touched import SERIES, Touched
from tapehouse.intervals import BY_NAME, DAY_US, MINUTE_US, SECOND_US
from tapehouse.tables import GOLD_FORECAST

WAITS_US: Final = 2 * DAY_US
"""From as_of on, for the market's next trade."""
ASKED: Final = (*SERIES, "as_of", "horizon_s", "judged")
"""The columns that say whether a row has to be judged."""
_STALE_SHARE: Final = 10
_AT_ONCE_ROWS: Final = 50_000
_MARKET: Final = ("exchange", "symbol")
_COLUMNS: Final = (*_MARKET, "window_start", "close", "close_time_us")


def to_judge(rows: pa.Table, touched: Touched, short_from_us: int | None) -> Flags:
    """Whether what came has to be looked for anew, of rows with the columns ``ASKED``.

    ``short_from_us``: candles of less than a minute are kept from here on; what hung on older ones stays as it is.
    """
    of, added, lost = touched.lines(rows)
    as_of, target = _as_of_us(rows) // SECOND_US, _target_us(rows) // SECOND_US
    first, last = target - _reach_us(rows) // SECOND_US, as_of + WAITS_US // SECOND_US
    is_judged = rows.column("judged").to_numpy()
    found: Flags = ~is_judged & added.has(of, target, last)
    found |= is_judged & (added.has(of, first, target) | lost.has(of, first, last))
    return found & is_kept(rows, short_from_us)


def is_kept(rows: pa.Table, short_from_us: int | None) -> Flags:
    """Whether the candles that a row is judged by are still there."""
    if short_from_us is None:
        return np.ones(rows.num_rows, np.bool_)
    kept: Flags = (_length_us(rows) >= MINUTE_US) | (_target_us(rows) - _reach_us(rows) >= short_from_us)
    return kept


def judged(workspace: Workspace, candles: TableState, rows: pa.Table) -> pa.Table:
    """The rows of gold.forecast with what came as the candles have it now, in no order."""
    found = [rows.slice(0, 0)]
    for interval in rows.column("interval").unique().to_pylist():
        of = rows.filter(pc.equal(rows.column("interval"), interval)).sort_by("symbol")
        for first in range(0, of.num_rows, _AT_ONCE_ROWS):
            piece = of.slice(first, _AT_ONCE_ROWS)
            spans = _spans(piece)
            found.append(with_actuals(piece, traded_in(workspace, candles, interval, spans, _COLUMNS)))
    return pa.concat_tables(found)


def with_actuals(rows: pa.Table, windows: pa.Table) -> pa.Table:
    """The rows of one interval with what came, by that interval's windows with trades.

    *In*: rows of gold.forecast; exchange, symbol, window_start, close, close_time_us. *Out*: the rows, in their order.
    """
    codes = codes_of(pa.concat_tables([rows.select(_MARKET), windows.select(_MARKET)]), _MARKET)
    of, market = codes[: rows.num_rows], codes[rows.num_rows :]
    starts = ints_of(windows.column("window_start"))
    order = np.lexsort((starts, market))
    line = (market[order] << 36) + starts[order] // SECOND_US
    target = _target_us(rows)
    # A window that begins at the target is the next one: horizons are whole windows.
    after = np.searchsorted(line, (of << 36) + target // SECOND_US)
    ends = np.searchsorted(line, (of << 36) + (_as_of_us(rows) + WAITS_US) // SECOND_US)
    is_judged = after < ends
    before = after - 1
    is_there = is_judged & (before >= 0)
    at = np.where(is_there, before, 0)
    if len(line):
        times = ints_of(windows.column("close_time_us"))[order]
        is_there &= (line[at] >> 36 == of) & (times[at] >= target - _age_us(rows))
    place = pa.array(order[at] if len(line) else at, pa.int64(), mask=~is_there)
    price, time = (windows.column(name).take(place) for name in ("close", "close_time_us"))
    inside = [
        None if each is None else rounded(float(low)) <= rounded(float(each)) <= rounded(float(high))
        for each, low, high in zip(
            price.to_pylist(), rows.column("band_low").to_pylist(), rows.column("band_high").to_pylist(), strict=True
        )
    ]
    came = {"judged": pa.array(is_judged), "actual_price": price, "actual_time_us": time}
    for name, column in {**came, "inside_band": pa.array(inside, pa.bool_())}.items():
        number = GOLD_FORECAST.column_names.index(name)
        rows = rows.set_column(number, rows.schema.field(name), pc.cast(column, rows.schema.field(name).type))
    return rows


def _spans(rows: pa.Table) -> Spans:
    """The windows that say what came: those before each target, and those up to the end of the waiting."""
    firsts = (_target_us(rows) - _reach_us(rows)).tolist()
    lasts = (_as_of_us(rows) + WAITS_US).tolist()
    return Spans.of_micros(zip(rows.column("symbol").to_pylist(), firsts, lasts, strict=True))


def _as_of_us(rows: pa.Table) -> Ints:
    return ints_of(rows.column("as_of"))


def _target_us(rows: pa.Table) -> Ints:
    return _as_of_us(rows) + ints_of(rows.column("horizon_s")) * SECOND_US


def _length_us(rows: pa.Table) -> Ints:
    lengths = [BY_NAME[name].length_us for name in rows.column("interval").to_pylist()]
    return np.array(lengths, np.int64)


def _age_us(rows: pa.Table) -> Ints:
    """How old the price that came may be at target_time."""
    horizon = ints_of(rows.column("horizon_s")) * SECOND_US
    return np.maximum(_length_us(rows), horizon // _STALE_SHARE)


def _reach_us(rows: pa.Table) -> Ints:
    """How long before target_time a window begins at the earliest whose close may be the price that came."""
    return _age_us(rows) + _length_us(rows)
