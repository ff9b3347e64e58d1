"""Candles of many markets at once, in numpy over Arrow: from trades to seconds, from seconds up, and finished rows.

A *part* is a candle while it is added up: a row of ``PARTS``. Sums are exact (``units``), and nothing works row by row
in Python. No order of rows is asked for; rows in the order of time within each market save a sort.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import arrow_type, schema_of
from glue_jobs.gold.candles.parts import PARTS, SUMS, Names, Parts, Vocabulary, floor
from glue_jobs.gold.candles.tape import ENCODED, TRADE_COLUMNS, seconds_of
from glue_jobs.gold.candles.units import Ints
from glue_jobs.gold.candles.vwap import vwap
from glue_jobs.gold.candles.wholeness import PACKED_BITS, Span, Wholeness, numbered, packed, ranges, second_of
from tapehouse.intervals import BY_NAME, INTERVALS, MINUTE_US, ORIGIN_US, SECOND_US, Interval
from tapehouse.market import Market
from tapehouse.tables import EVERYWHERE, GOLD_CANDLES

__all__ = ["ENCODED", "PARTS", "TRADE_COLUMNS", "finished", "ladder", "rolled_up", "seconds", "silent"]

_BY_LENGTH: Final = sorted(INTERVALS, key=lambda interval: interval.length_us)
_INSTANT: Final = arrow_type("TIMESTAMP")
_SILENT: Final = tuple(interval for interval in _BY_LENGTH if interval.length_us >= MINUTE_US)


def seconds(trades: pa.Table) -> pa.Table:
    """One-second parts of each market, and of each symbol over all exchanges (``ALL``).

    In: ``TRADE_COLUMNS`` of silver.trades, of one source a market, in any order; those of ``ENCODED`` as text or as
    dictionaries. Out: ``PARTS``, one row a market or
    symbol and second with a trade, by symbol, exchange and time.

    Raises:
        TerminalError: a sum has more than 38 digits.
    """
    if not trades.num_rows:
        return PARTS.empty_table()
    parts, vocabulary = seconds_of(trades)
    return parts.table(INTERVALS[0], vocabulary)


def rolled_up(parts: pa.Table, interval: Interval) -> pa.Table:
    """Parts of ``interval`` from those of one shorter interval that divides it; in and out: ``PARTS``.

    In: any order. Out: one row a market and window with a trade, by symbol, exchange and time.

    Raises:
        TerminalError: a sum has more than 38 digits.
    """
    vocabulary = Vocabulary(Names(), Names(), Names())
    return Parts.of(parts, vocabulary).rolled_up(interval.length_us).table(interval, vocabulary)


def ladder(parts: pa.Table) -> Iterator[pa.Table]:
    """Parts of every interval, from one-second parts: each interval divides the next, so each is made of the last.

    In and out as in ``rolled_up``; the first that comes out are the one-second parts.
    """
    vocabulary = Vocabulary(Names(), Names(), Names())
    found = Parts.of(parts, vocabulary)
    for interval in _BY_LENGTH:
        found = found.rolled_up(interval.length_us)
        yield found.table(interval, vocabulary)


def finished(parts: pa.Table, wholeness: Wholeness) -> pa.Table:
    """Rows of gold.candles from parts of any intervals, in their order: with vwap, window_end and ``complete``."""
    starts = parts.column("start_us").to_numpy()
    interval = parts.column("interval").combine_chunks().dictionary_encode()
    of = [BY_NAME[name] for name in interval.dictionary.to_pylist()]
    code = interval.indices.to_numpy(zero_copy_only=False)
    ends = starts + np.array([each.length_us for each in of], np.int64)[code]
    made = {
        "window_start": pa.array(starts, _INSTANT),
        "window_end": pa.array(ends, _INSTANT),
        "vwap": vwap(parts.column("quote_volume"), parts.column("volume")),
        "complete": pa.array(wholeness.complete(parts, starts, ends)),
    }
    schema = schema_of(GOLD_CANDLES)
    return pa.table([made[name] if name in made else parts.column(name) for name in schema.names], schema=schema)


def silent(
    rows: pa.Table,
    gaps: Iterable[Span],
    sources: Mapping[Market, str],
    *,
    from_us: int,
    to_us: int,
    now_us: int | None,
) -> pa.Table:
    """Parts without prices: windows of a minute and more, wholly inside an open gap of a market, without a trade.

    ``rows``: what is there, of which exchange, symbol, interval and start_us are asked; ``gaps``: open ones, of which
    those of all markets (exchange ``*``) count for nothing here; ``sources``: what is counted of each market. Windows
    that begin in [``from_us``, ``to_us``) are asked for. ``now_us``: the newest trade of the lake, to which a gap that
    goes on is known to reach. Out: ``PARTS``, without order.
    """
    reached = [
        (Market(gap.exchange, gap.symbol), gap.from_us, now_us if gap.to_us is None else gap.to_us)
        for gap in gaps
        if gap.exchange != EVERYWHERE and not (gap.to_us is None and now_us is None)
    ]
    if not reached:
        return PARTS.empty_table()
    numbers = {market: number for number, market in enumerate(sorted({market for market, _, _ in reached}))}
    spans = np.array([(numbers[market], low, high) for market, low, high in reached], np.int64).reshape(-1, 3)
    known, starts = numbered(rows, numbers), rows.column("start_us").to_numpy() // SECOND_US
    tables = [PARTS.empty_table()]
    for interval in _SILENT:
        length_us = interval.length_us
        firsts = -(floor(-np.maximum(spans[:, 1], from_us) + 2 * ORIGIN_US, length_us) - 2 * ORIGIN_US)
        lasts = floor(np.minimum(spans[:, 2] - length_us, to_us - 1), length_us)
        counts = np.maximum((lasts - firsts) // length_us + 1, 0)
        steps = ranges(np.zeros_like(counts), counts)
        inside = packed(np.repeat(spans[:, 0], counts), (np.repeat(firsts, counts) + steps * length_us) // SECOND_US)
        there = (known >= 0) & pc.equal(rows.column("interval"), interval.name).to_numpy()
        tables.append(
            _empty(np.setdiff1d(inside, packed(known[there], starts[there])), interval, list(numbers), sources)
        )
    return pa.concat_tables(tables)


def _empty(windows: Ints, interval: Interval, markets: Sequence[Market], sources: Mapping[Market, str]) -> pa.Table:
    """Parts of windows without a trade, ``packed``."""
    of = windows >> PACKED_BITS
    text = {
        "symbol": [market.symbol for market in markets],
        "exchange": [market.exchange for market in markets],
        "source": [sources.get(market) for market in markets],
    }
    made = {name: pa.array(values, pa.string()).take(pa.array(of)) for name, values in text.items()}
    made["interval"] = pa.repeat(interval.name, len(of))
    made["start_us"] = pa.array(second_of(windows) * SECOND_US)
    for field in PARTS:
        if field.name not in made:
            is_sum = field.name in SUMS or field.name == "trade_count"
            made[field.name] = pa.repeat(pa.scalar(0 if is_sum else None, field.type), len(of))
    return pa.table([made[name] for name in PARTS.names], schema=PARTS)
