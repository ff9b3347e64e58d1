"""One symbol's candles of one week: each interval divides a week, so nothing outside it matters. Arrow, no Spark.

What comes in is what changed of the week (seconds added up anew from silver) and what gold held; what goes out is every
row that the rewritten files must hold. Sums of decimals are exact, and parts are added up in the order of time, so the
open, the close and the sums of a long window are those of its trades.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import arrow_schema, arrow_type
from tapehouse.intervals import BY_NAME, INTERVALS, MINUTE_US, ORIGIN_US, SECOND_US, WEEK_US, Interval
from tapehouse.tables import ALL_EXCHANGES, EVERYWHERE, GOLD_CANDLES, Column

Micros = npt.NDArray[np.int64]

_FINISHED: Final = frozenset({"window_start", "window_end", "vwap", "complete", "bucket"})
"""What a candle has only when it is whole, and what start_us stands for meanwhile."""
_COLUMNS: Final = {column.name: column for column in GOLD_CANDLES.columns}
_START: Final = Column("start_us", "BIGINT", "window_start, microseconds UTC")
PART_COLUMNS: Final = (
    *(_COLUMNS[name] for name in ("exchange", "interval")),
    _START,
    *(each for name, each in _COLUMNS.items() if name not in _FINISHED | {"exchange", "symbol", "interval"}),
)
PARTS: Final = arrow_schema(PART_COLUMNS)
"""A candle of one symbol while it is added up; start_us is window_start in microseconds."""
ROW_COLUMNS: Final = (_COLUMNS["symbol"], *PART_COLUMNS, _COLUMNS["vwap"], _COLUMNS["complete"])
"""The rows of ``week_candles`` with their symbol."""
_PRICE: Final = arrow_type(_COLUMNS["vwap"].type)
_LEVELS: Final = tuple(
    tuple(interval for interval in INTERVALS if interval.made_of == base) for base in ("1s", "1m", "1h")
)
"""Each level is added up from one interval of the level before; its own longest holds its other windows whole."""
_LAST_DIGIT: Final = Decimal(1).scaleb(-12)
_GREATEST: Final = Decimal("9999999999999999.999999999999")
"""The greatest decimal(28,12), and so the greatest price."""
_EXACT: Final = Context(prec=90, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Span:
    """Part of one exchange's time, [from_us, to_us), µs UTC; to_us None while it goes on."""

    exchange: str
    from_us: int
    to_us: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What gold counts of one market."""

    source: str
    first_us: int
    """Its first trade: from here on it is there, and ALL asks for it."""
    last_us: int


def week_candles(
    week_us: int,
    fresh: pa.Table,
    kept: pa.Table,
    *,
    covered: Sequence[Span],
    gaps: Sequence[Span],
    markets: Mapping[str, Counted],
    now_us: int | None,
    buckets: Mapping[str, frozenset[int]] | None,
) -> pa.Table:
    """Every row of the week that the rewritten files must hold, as ``PARTS`` with ``vwap`` and ``complete``.

    ``fresh``: the one-second parts of the seconds that changed, of every exchange and ALL; ``kept``: what gold holds of
    the week in the files that are rewritten. ``covered``: the spans in which a market was wholly seen; ``gaps``: open
    ones; ``markets``: exchange → what is counted of it; ``now_us``: the newest trade of the lake, to which a gap that
    goes on is known to reach. ``buckets``: interval → the files that are rewritten; None is all.
    """
    kept = kept.filter(pc.greater(kept.column("trade_count"), 0))
    touched = _starts(fresh)
    below = pa.concat_tables([fresh, _without(_of(kept, INTERVALS[:1]), touched, SECOND_US)])
    tables = [below]
    for level in _LEVELS:
        longest_us = level[-1].length_us
        base = BY_NAME[level[0].made_of or ""]
        parts = _within(_of(below, [base]), touched, longest_us).sort_by(
            [("exchange", "ascending"), ("start_us", "ascending")]
        )
        made = [rolled_up(parts, interval) for interval in level]
        below = pa.concat_tables([*made, _without(_of(kept, level), touched, longest_us)])
        tables.append(below)
    rows = pa.concat_tables(tables)
    rows = pa.concat_tables([rows, _silent(week_us, rows, _reaching(gaps, now_us), markets, buckets)])
    rows = rows.append_column("vwap", vwap(rows.column("quote_volume"), rows.column("volume")))
    return rows.append_column("complete", pa.array(_complete(rows, covered, gaps, markets), pa.bool_()))


def rolled_up(parts: pa.Table, interval: Interval) -> pa.Table:
    """Candles of ``interval`` from shorter ones that divide it, sorted by exchange and start."""
    if parts.num_rows == 0:
        return PARTS.empty_table()
    window_us = _floor(_starts(parts), interval.length_us)
    exchange = pc.dictionary_encode(parts.column("exchange").combine_chunks()).indices.to_numpy(zero_copy_only=False)
    is_first = np.r_[True, (window_us[1:] != window_us[:-1]) | (exchange[1:] != exchange[:-1])]
    firsts = np.flatnonzero(is_first)
    lasts = np.r_[firsts[1:] - 1, parts.num_rows - 1]
    group = pa.array(np.cumsum(is_first) - 1)
    sums = ("volume", "quote_volume", "trade_count", "buy_volume", "sell_volume")
    added = (
        parts.append_column("group", group)
        .group_by("group", use_threads=False)
        .aggregate([*((name, "sum") for name in sums), ("high", "max"), ("low", "min")])
    )
    first, last = parts.take(pa.array(firsts)), parts.take(pa.array(lasts))
    columns = {
        "exchange": first.column("exchange"),
        "interval": pa.array([interval.name] * len(firsts), pa.string()),
        "start_us": pa.array(window_us[firsts]),
        "open": first.column("open"),
        "high": added.column("high_max"),
        "low": added.column("low_min"),
        "close": last.column("close"),
        **{name: added.column(f"{name}_sum") for name in sums},
        "source": first.column("source"),
        "open_time_us": first.column("open_time_us"),
        "close_time_us": last.column("close_time_us"),
    }
    return pa.table([pc.cast(columns[field.name], field.type) for field in PARTS], schema=PARTS)


def vwap(quote_volumes: pa.ChunkedArray, volumes: pa.ChunkedArray) -> pa.Array:
    """quote_volume / volume, rounded half up to 12 decimals, once; null without volume.

    Ninety digits tell a quotient of two 38-digit numbers from any tie, so the second rounding never meets one. Where
    quote sizes were rounded up over tiny sizes, the quotient may be above every price: it is kept to the column's end.
    """
    return pa.array(
        [
            min(_EXACT.divide(quote, volume).quantize(_LAST_DIGIT, context=_EXACT), _GREATEST) if volume else None
            for quote, volume in zip(quote_volumes.to_pylist(), volumes.to_pylist(), strict=True)
        ],
        _PRICE,
    )


def _reaching(gaps: Sequence[Span], now_us: int | None) -> list[tuple[str, int, int]]:
    """Exchange, from, to of the gaps of single markets. One that goes on is known to reach to the newest trade."""
    ends = ((gap, now_us if gap.to_us is None else gap.to_us) for gap in gaps if gap.exchange != EVERYWHERE)
    return [(gap.exchange, gap.from_us, to_us) for gap, to_us in ends if to_us is not None]


def _silent(
    week_us: int,
    rows: pa.Table,
    gaps: Sequence[tuple[str, int, int]],
    markets: Mapping[str, Counted],
    buckets: Mapping[str, frozenset[int]] | None,
) -> pa.Table:
    """Rows without prices: windows of a minute and more inside an open gap of a market, where no trade is known."""
    if not gaps:
        return PARTS.empty_table()
    names = (rows.column(name).to_pylist() for name in ("exchange", "interval", "start_us"))
    there = set(zip(*names, strict=True))
    silent: set[tuple[str, str, int]] = set()
    for exchange, from_us, to_us in gaps:
        for interval in INTERVALS:
            if interval.length_us < MINUTE_US:
                continue
            length_us = interval.length_us
            first = -(-(max(from_us, week_us) - ORIGIN_US) // length_us) * length_us + ORIGIN_US
            until = min(to_us, week_us + WEEK_US) - length_us
            for start_us in range(first, until + 1, length_us):
                if buckets is None or interval.bucket_s(start_us) in buckets[interval.name]:
                    silent.add((exchange, interval.name, start_us))
    zero = Decimal(0)
    return pa.Table.from_pylist(
        [
            {
                "exchange": exchange,
                "interval": interval,
                "start_us": start_us,
                "volume": zero,
                "quote_volume": zero,
                "trade_count": 0,
                "buy_volume": zero,
                "sell_volume": zero,
                "source": markets[exchange].source if exchange in markets else None,
            }
            for exchange, interval, start_us in sorted(silent - there)
        ],
        schema=PARTS,
    )


def _complete(
    rows: pa.Table, covered: Sequence[Span], gaps: Sequence[Span], markets: Mapping[str, Counted]
) -> npt.NDArray[np.bool_]:
    """Per row: wholly covered and touched by no open gap. ALL: so is every market of the symbol, quiet ones too.

    A market that had not traded before the window's end need not be covered: it was not there yet.
    """
    starts = _starts(rows)
    interval = rows.column("interval").to_numpy(zero_copy_only=False)
    lengths = np.zeros(len(starts), np.int64)
    for each in INTERVALS:
        lengths[interval == each.name] = each.length_us
    ends = starts + lengths
    exchange = rows.column("exchange").to_numpy(zero_copy_only=False)
    complete = np.ones(len(starts), np.bool_)
    together = exchange == ALL_EXCHANGES
    names = {*exchange, *markets, *(gap.exchange for gap in gaps)} - {ALL_EXCHANGES, EVERYWHERE}
    for name in sorted(names):
        asked = np.flatnonzero((exchange == name) | together)
        whole = _covers([span for span in covered if span.exchange == name], starts[asked], ends[asked])
        there = markets[name].first_us < ends[asked] if name in markets else np.zeros(len(asked), np.bool_)
        whole |= together[asked] & ~there
        for gap in gaps:
            if gap.exchange in (name, EVERYWHERE):
                until = np.iinfo(np.int64).max if gap.to_us is None else gap.to_us
                whole &= (ends[asked] <= gap.from_us) | (starts[asked] >= until)
        complete[asked] &= whole
    return complete


def _covers(spans: Sequence[Span], starts: Micros, ends: Micros) -> npt.NDArray[np.bool_]:
    """Whether each window lies in one of the spans; those that meet or overlap are one."""
    if not spans:
        return np.zeros(len(starts), np.bool_)
    ordered = sorted((span.from_us, span.to_us or 0) for span in spans)
    lows = np.array([low for low, _ in ordered], np.int64)
    highs = np.maximum.accumulate(np.array([high for _, high in ordered], np.int64))
    is_first = np.r_[True, lows[1:] > highs[:-1]]
    lows, highs = lows[is_first], highs[np.r_[is_first[1:], True]]
    at = np.searchsorted(lows, starts, side="right") - 1
    return (at >= 0) & (highs[np.maximum(at, 0)] >= ends)


def _of(table: pa.Table, intervals: Sequence[Interval]) -> pa.Table:
    names = pa.array([interval.name for interval in intervals])
    return table.filter(pc.is_in(table.column("interval"), value_set=names))


def _within(table: pa.Table, touched: Micros, length_us: int) -> pa.Table:
    """The rows in a window of ``length_us`` that a touched second lies in."""
    return table.filter(pa.array(_is_touched(table, touched, length_us)))


def _without(table: pa.Table, touched: Micros, length_us: int) -> pa.Table:
    return table.filter(pa.array(~_is_touched(table, touched, length_us)))


def _is_touched(table: pa.Table, touched: Micros, length_us: int) -> npt.NDArray[np.bool_]:
    return np.isin(_floor(_starts(table), length_us), np.unique(_floor(touched, length_us)))


def _starts(table: pa.Table) -> Micros:
    starts: Micros = table.column("start_us").to_numpy()
    return starts


def _floor(instants: Micros, length_us: int) -> Micros:
    return (instants - ORIGIN_US) // length_us * length_us + ORIGIN_US
